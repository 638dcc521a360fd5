"""In which language and script songs are, and whether a model knows it."""

from collections import Counter
from pathlib import Path

import pytest

from lyric_lm.checks.recipe import check_language
from lyric_lm.lyrics.languages import language, script
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.model_for_language import ENGLISH_MODELS, model_for
from tests.conftest import ROOT

# Poems whose authors have been dead for more than a century, and lines made for this test.
STANZAS = {
    "en": "O my Luve's like a red, red rose,\nThat's newly sprung in June;",
    "es": "Cultivo una rosa blanca\nen junio como en enero\npara el amigo sincero",
    "fr": "Au clair de la lune,\nMon ami Pierrot,\nPrête-moi ta plume",
    "de": "Sah ein Knab' ein Röslein stehn,\nRöslein auf der Heiden",
    "it": "Nel mezzo del cammin di nostra vita\nmi ritrovai per una selva oscura",
    "pt": "Minha terra tem palmeiras,\nOnde canta o Sabiá",
    "pl": "Litwo! Ojczyzno moja! ty jesteś jak zdrowie;\nIle cię trzeba cenić, ten tylko się dowie",
    "tr": "Uzun ince bir yoldayım\ngidiyorum gündüz gece",
    "sv": "Du gamla, du fria, du fjällhöga nord\ndu tysta, du glädjerika sköna",
    "ru": "Я помню чудное мгновенье:\nПередо мной явилась ты",
    "uk": "Реве та стогне Дніпр широкий,\nСердитий вітер завива",
    "el": "Σε γνωρίζω από την κόψη\nτου σπαθιού την τρομερή",
    "ar": "يا ليل الصب متى غده\nأقيام الساعة موعده",
    "he": "כל עוד בלבב פנימה\nנפש יהודי הומיה",
    "fa": "ای ساربان آهسته ران کارام جانم می‌رود",
    "hi": "सारे जहाँ से अच्छा हिन्दोस्ताँ हमारा\nहम बुलबुलें हैं इसकी ये गुलसिताँ हमारा",
    "ja": "古池や\n蛙飛びこむ\n水の音",
    "zh": "床前明月光\n疑是地上霜\n举头望明月\n低头思故乡",
    "ko": "나 보기가 역겨워\n가실 때에는\n말없이 고이 보내 드리우리다",
    "th": "ลมพัดมาจากทะเล\nพาเรือกลับบ้านเรา",
}
SCRIPTS = {
    **{"ru": "Cyrillic", "uk": "Cyrillic", "el": "Greek", "ar": "Arabic", "he": "Hebrew", "fa": "Arabic"},
    **{"hi": "Devanagari", "ja": "Kana", "zh": "Han", "ko": "Hangul", "th": "Thai"},
}


@pytest.mark.parametrize("code", STANZAS)
def test_a_stanza_is_enough(code: str) -> None:
    assert language(STANZAS[code]) == language(STANZAS[code].upper()) == code
    assert script(STANZAS[code]) == SCRIPTS.get(code, "Latin")


@pytest.mark.parametrize(
    "text", ["", "\n", "...", "12 34", "La la la la\nla la la", "Ooh, yeah, yeah", "Na na hey hey"]
)
def test_humming_is_in_no_language(text: str) -> None:
    assert language(text) == ""


def test_dialects_are_their_language() -> None:
    assert language("Wee, sleekit, cow'rin, tim'rous beastie,\nO, what a panic's in thy breastie!") == "en"
    assert language("Yo I been runnin' round the block wit' my day ones\nAin't nobody finna tell me what it do") == "en"


def test_the_album_is_english() -> None:
    songs = [file.read_text(encoding="utf-8") for file in ALBUM.glob("*.txt")]
    assert {(language(song), script(song)) for song in songs} == {("en", "Latin")}


@pytest.mark.parametrize(
    ("rate", "model", "code", "letters", "status", "meaning"),
    [
        (0.3, "gpt2", "en", "Latin", "pass", ""),
        (1.1, "gpt2", "ru", "Cyrillic", "warn", "(model=rugpt3small)"),
        (0.8, "smollm2", "bg", "Cyrillic", "warn", "(model=rugpt3small)"),
        (0.25, "rugpt3small_based_on_gpt2", "ru", "Cyrillic", "pass", ""),
        (0.45, "gpt2", "de", "Latin", "pass", "model.pretrained=dbmdz/german-gpt2 knows their language"),
        (0.25, "german-gpt2", "de", "Latin", "pass", ""),
        (2.0, "gpt2", "zh", "Han", "warn", "(model.pretrained=Qwen/Qwen2.5-0.5B)"),
        (0.8, "Qwen2.5-0.5B", "ja", "Kana", "pass", ""),  # a character there is a syllable or a word
        (0.9, "distilgpt2", "", "Arabic", "warn", "(model.pretrained=Qwen/Qwen2.5-0.5B)"),
        (0.9, "Qwen2.5-0.5B", "hi", "Devanagari", "warn", "(model.pretrained=ID)"),  # not once more the same
        (0.7, "rugpt3small_based_on_gpt2", "uk", "Cyrillic", "warn", "(model.pretrained=ID)"),
        (0.7, "gpt2-small-italian", "en", "Latin", "warn", "(model=gpt2)"),
        (1.0, "tiny", "ru", "Cyrillic", "pass", ""),
    ],
)
def test_a_model_that_does_not_fit(rate: float, model: str, code: str, letters: str, status: str, meaning: str) -> None:
    check = check_language(
        round(1000 * rate), 1000, model, Counter({code: 9, "xx": 1}), Counter({letters: 9, "Lao": 1})
    )
    assert check.status == status
    assert check.meaning.endswith(meaning) if meaning else not check.meaning
    assert check.figure == f"{rate:.2f} tokens per character"


def test_the_models_named_are_ours_where_they_are_named_as_ours() -> None:
    ours = {file.stem for file in Path(ROOT, "conf", "model").glob("*.yaml")}
    settings = {model_for(code, SCRIPTS.get(code, "Latin")) for code in STANZAS}
    named = {setting.removeprefix("model=") for setting in settings if setting.startswith("model=")}
    assert named == {"gpt2", "rugpt3small"}
    assert named | {name.replace("-", "_") for name in ENGLISH_MODELS} <= ours
