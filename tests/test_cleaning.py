"""Each cleaning rule on what pages and dumps really leave behind, and on songs that only look like it."""

import pytest
import yaml

from lyric_lm.lyrics.cleaning import ALWAYS, RULES, SECTION_LABELS, clean
from lyric_lm.lyrics.cleaning.characters import usual_apostrophe
from lyric_lm.lyrics.cleaning.recommendations import recommended
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.settings import CONF

V = "Row on, my love, row on\nThe tide is in the bay"
C = "Oh, carry me, carry me home\nOver the water and foam"
PAIRS = "Blue Jar\nThe Kites\nlike that\nAda Lark & Bo\nEmber Days (Remix)\n21 Harbours"
STUB = "******* This Lyrics is NOT for Commercial use *******"

# name of the rule, text with noise, text without, how often the rule took something
NOISE = [
    ("markup", "Row on<br>Row home<BR/>\nRow<br />on", "Row on\nRow home\nRow\non", 3),
    ("markup", "<p>Row on</p>\n<p>Row home</p><!-- advert -->", "Row on\n\nRow home", 4),
    ("markup", "<div class='lyrics'>Row <i>on</i></div><script>row()</script>", "Row on", 5),
    ("markup", '<a href="/12/x">Row on</a>, row', "Row on, row", 2),
    ("markup", "Rock &amp; roll, don&#x27;t go &#8212; stay&hellip;", "Rock & roll, don't go — stay…", 4),
    ("markup", "Salt &amp;amp; pepper", "Salt & pepper", 2),
    ("markup", "<|startoftext|>Row on\nRow home<|endoftext|>", "Row on\nRow home", 2),
    ("mojibake", "Donâ€™t go, cafÃ©\nÃ‰lan\nRow on", "Don’t go, café\nÉlan\nRow on", 2),
    ("mojibake", "Ïðèâåò, ìîÿ äîðîãàÿ", "Привет, моя дорогая", 1),
    ("line_ends", "Row on\r\nRow home\rRow\u2028on\x0bhome", "Row on\nRow home\nRow\non\nhome", 4),
    ("invisible_characters", "\ufeffRow\u200b on, ro\u00adw \u202ahome\u202c\x07", "Row on, row home", 6),
    ("odd_spaces", "my\u00a0love\u2005is\tlike", "my love is like", 3),
    ("unicode_form", "cafe\u0301 E\u0301lan", "café Élan", 1),
    ("double_spacing", "Row\n\non\n\nRow\n\nhome\n\n\nRow\n\non", "Row\non\nRow\nhome\n\nRow\non", 1),
    ("odd_spaces", "Row  on,   row", "Row on, row", 2),
    ("homoglyphs", "Ѕalt uроn the hаrbоur, а sеа", "Salt upon the harbour, a sea", 8),
    ("homoglyphs", "Прив\u0065т, до\u0070огая", "Привет, дорогая", 2),
    ("apostrophes", "Don’t go, I'm here, it’s you're", "Don't go, I'm here, it's you're", 2),
    ("apostrophes", "Don`t go, I´m here", "Don't go, I'm here", 2),
    ("apostrophes", '“Row,” she said, "on"', '"Row," she said, "on"', 2),
    ("time_stamps", "[00:12.00]Row on\n[00:14.1]Row home", "Row on\nRow home", 2),
    ("time_stamps", "0:12 Row on\n0:15 Row home\n1:02 Row", "Row on\nRow home\nRow", 3),
    ("time_stamps", "Row on [1:02]\nRow home <00:14.10>", "Row on\nRow home", 2),
    ("page_header", "12 ContributorsSea Song LyricsRow on", "Row on", 1),
    ("page_header", "1 ContributorSea Song Lyrics\nRow on", "Row on", 1),
    ("page_header", "34 ContributorsTranslationsEspañolDeutschSea Song Lyrics[Verse 1]\nRow on", "Row on", 1),
    ("page_header", "7 ContributorsSea Song Lyrics“Sea Song” is about a boat… Read More\u00a0\nRow on", "Row on", 1),
    ("page_header", "12 Contributors\nTranslations\nDeutsch\nSea Song Lyrics\n[Verse 1]\nRow on", "Row on", 1),
    ("page_header", "1.2K ContributorsLyrics of the Sea LyricsRow on", "Row on", 1),
    ("page_header", "3 ContributorsSea Song LyricsAda Lark wrote it.\nIt is long… Read More Row on", "Row on", 1),
    ("page_header", "Sea Song Lyrics[Verse 1]\nRow on", "Row on", 1),
    ("ticket_adverts", "Row on\nSee Ada Lark LiveGet tickets as low as $49\nRow home", "Row on\nRow home", 1),
    ("ticket_adverts", "Row on\nSee Ada Lark Live\nGet tickets as low as $109\nRow home", "Row on\nRow home", 1),
    ("ticket_adverts", "Row on\nSee Ada LiveGet tickets as low as $4You might also likeRow", "Row on\nRow", 1),
    ("ticket_adverts", "See the sea, homeSee Ada LiveGet tickets as low as £4.50Row", "See the sea, home\nRow", 1),
    ("recommendations", f"Row on\nYou might also like\n{PAIRS}\nRow home", "Row on\n\nRow home", 1),
    ("recommendations", f"Row onYou might also like\n{PAIRS}\n[Chorus]\nRow home", "Row on\n\nRow home", 1),
    ("also_like", "Row on\nYou might also like\nRow home", "Row on\nRow home", 1),
    ("also_like", "Row onYou might also likeOh, row", "Row on\nOh, row", 1),
    ("also_like", "Row on (on)You might also like(Oh) row", "Row on (on)\n(Oh) row", 1),
    ("also_like", 'He said "row"You might also like[Chorus]\nRow', 'He said "row"\n\nRow', 1),
    ("also_like", "Row on You might also like\nRow home", "Row on\nRow home", 1),
    ("embed_tail", "Row home17Embed", "Row home", 1),
    ("embed_tail", "Row homeEmbed", "Row home", 1),
    ("embed_tail", "Row home\n3Embed", "Row home", 1),
    ("embed_tail", "Row home\nEmbed", "Row home", 1),
    ("embed_tail", "Row home.2EmbedShare URLCopyEmbedCopy", "Row home.", 1),
    ("embed_tail", "Row home1EmbedShare Url:CopyEmbed:Copy\n", "Row home", 1),
    ("embed_tail", "Row home1.2KEmbed", "Row home", 1),
    ("embed_tail", "When I was 17Embed", "When I was 17", 1),
    ("embed_tail", f"Chorus:\n{C}\n\n{V}\n\n(Chorus) x2Embed", f"{C}\n\n{V}\n\n{C}\n\n{C}", 1),
    ("embed_tail", "with love, x17Embed", "with love, x", 1),
    ("page_header", "Sea Song Lyrics[Intro]\nRow on", "Row on", 1),
    ("excerpt_stubs", f"Row on\n...\n\n{STUB}\n(1409617829201)", "Row on", 1),
    ("excerpt_stubs", "Row on\n[Lyrics truncated]", "Row on", 1),
    ("credits", "Written by: Ada Lark\nProduced by Bo\n\nRow on\n\nLyrics © Lark Songs Inc.", "Row on", 3),
    ("credits", "Слова: А. Ларк\nМузыка: Б. Ларк\n\nRow on", "Row on", 2),
    ("credits", "作词 : 李某\n作曲 : 王某\nRow on", "Row on", 2),
    (
        "credits",
        "Row on\nThanks to Ada for correcting these lyrics\nwww.lyricsplanet.com\nRow home",
        "Row on\nRow home",
        2,
    ),
    ("credits", "Traditional\nRow on\nAll rights reserved\nSongwriters: Ada / Bo", "Row on", 3),
    ("page_numbers", "Row on\n112\nRow home\n\n- 12 -\n\nRow\nPage 13 of 20", "Row on\nRow home\n\nRow", 3),
    ("page_numbers", "1.\nRow on\n\n2.\nRow home", "Row on\n\nRow home", 2),
    ("separators", "Row on\n* * *\nRow home\n-----", "Row on\n\nRow home", 2),
    ("separators", "♪ Row on ♪\n♪", "Row on", 2),
    ("repeat_markers", f"{V}\n\n[Chorus]\n{C}\n\n(Chorus)\n\n{V}", f"{V}\n\n{C}\n\n{C}\n\n{V}", 1),
    ("repeat_markers", f"[Verse]\n{V}\n\n[Chorus]\n{C}\n\n[Verse]\nSalt\n\n[Chorus]", f"{V}\n\n{C}\n\nSalt\n\n{C}", 1),
    ("repeat_markers", f"CHORUS\n{C}\n\n{V}\n\nRepeat chorus x2", f"{C}\n\n{V}\n\n{C}\n\n{C}", 1),
    ("repeat_markers", f"{C}\n\n{V}\n\n{C}\n\n[Repeat Chorus]", f"{C}\n\n{V}\n\n{C}\n\n{C}", 1),
    ("repeat_markers", f"{V}\n\n(Chorus x2)\n\nSalt", f"{V}\n\nSalt", 1),
    ("repeat_markers", f"[Chorus x2]\n{C}\n\n{V}", f"{C}\n\n{V}", 1),
    ("repeat_markers", f"[Chorus]\n{C}\nx2\n\n{V}", f"{C}\n\n{C}\n\n{V}", 1),
    ("repeat_markers", f"{V}\n(x2)\n\nSalt", f"{V}\n\nSalt", 1),
    ("repeat_markers", "Row on (x3)\nRow home [2x]\nRow x2", "Row on\nRow on\nRow on\nRow home\nRow home\nRow\nRow", 3),
    ("repeat_markers", f"Припев:\n{C}\n\n{V}\n\nПрипев (2 раза)", f"{C}\n\n{V}\n\n{C}\n\n{C}", 1),
    (
        "section_labels",
        "Verse 1 (Ada):\nRow\n\n**Chorus**\nRow\n\n{Bridge}\nRow\n\n## Outro\nRow",
        "Row\n\nRow\n\nRow\n\nRow",
        4,
    ),
    ("section_labels", "[Chorus\nRow\n\nOutro]\nRow\n\nVerse 2: Ada Lark\nRow", "Row\n\nRow\n\nRow", 3),
    (
        "section_labels",
        "[Припев]\nRow\n\nЗвучит\n\n[Куплет 1: А. Ларк]\nRow\n\nNakarat:\nRow",
        "Row\n\nЗвучит\n\nRow\n\nRow",
        3,
    ),
    ("section_labels", "[Verse 1]Row on[Chorus]\nRow home\n[?]\nRow", "Row on\n\nRow home\nRow", 3),
]


@pytest.mark.parametrize(("rule", "noisy", "song", "count"), NOISE)
def test_noise_is_taken_out_and_counted(rule: str, noisy: str, song: str, count: int) -> None:
    cleaned = clean(noisy)
    assert cleaned.text == song
    assert cleaned.counts[rule] == count
    assert rule in {step.rule for step in cleaned.steps}


@pytest.mark.parametrize("rule", [name for name in RULES if name not in ALWAYS])
def test_a_rule_can_be_switched_off(rule: str) -> None:
    noisy = next(noisy for name, noisy, *_ in NOISE if name == rule)
    others = [name for name in RULES if name != rule]
    assert clean(noisy, rules=others).counts[rule] == 0
    assert clean(noisy, rules=others).text != clean(noisy).text
    assert clean(noisy, rules=[rule]).counts.keys() <= {rule, *ALWAYS}


def test_the_rules_are_the_configs() -> None:
    switches = yaml.safe_load((CONF / "data" / "lyrics.yaml").read_text(encoding="utf-8"))["clean"]
    assert switches == dict.fromkeys((name for name in RULES if name not in ALWAYS), True)


def test_an_unknown_rule() -> None:
    with pytest.raises(ValueError, match=r"data\.clean\.polish is not a rule; the rules are mojibake, "):
        clean("Row on", rules=["polish"])


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, *_ in NOISE} == set(RULES)


SONGS = [
    "Don't go, 'cause I ain't goin', rock 'n' roll",
    "’Twas o’er the sea — “row on,” she said…",
    "Row on (row on, row on)\n(Ooh-ooh) *whispered*",
    "You embed me in amber\nIn amber we Embed",
    "...You might also like tea\nTea, you might also like the sea\nYou might also like tea",
    "“You might also like it,” she said, (You might also like it) “You might also like this”",
    "See the band live, get tickets as low as you can go\nSee Ada Live on Sunday",
    "Three contributors wrote this, the Lyrics are mine\n12 Contributors to the fund",
    "I wrote it [in pencil] down, she said [sic]\nand [then] we left",
    "I <3 you, 2 < 3 and 3 > 2, <never> mind",
    "R&B; rock & roll; AT&T; this &that; you &me;",
    "Il était déjà là, señor, ça va, Ελλάδα, Москва, 東京",
    "100 miles\n99",
    "Clap 👏🏽 clap 🎉",
    "One.\n\nTwo.\nThree.\n\nFour.",
    "1\n2\n3\nRow!\n\n100 ships\n99\n98 ships",
    "Chorus of gulls above\nBridge over the bay\nVerse after verse\nSolo\nHook\nDrop it all: now",
    "Written by hand\nSung by the sea\nProduced by the sun\nText: me now or never",
    "I said: hello\nShe said: goodbye\nAir: that is all I need",
    "Meet me at 4:20\n4:20 in the park\nJohn 3:16",
    "In The Morning Light I Rise\nOver Every Mountain High",
    "می\u200cخواهم بروم\nخانه\u200cی من",
    "हिन्दी में गीत\nक्\u200dया बात",
    "\U0001f469\u200d\U0001f680 up there\n❤\ufe0f down here",
    "¡Ay, mi amor!\n¿Dónde estás?",
    "春の\u3000海\nひねもすのたり",
    "Прощай, love\nМоя Москва",
    "Don’t go\nI’m here, ‘row’",
    "X marks the spot\nx on the map, 4x4\nRepeat after me\nI told you (twice)",
    "Row on...\n...\nRow home —\n--",
]


@pytest.mark.parametrize("song", SONGS)
@pytest.mark.parametrize("section_labels", SECTION_LABELS)
def test_a_song_is_left_alone(song: str, section_labels: str) -> None:
    cleaned = clean(song, section_labels)
    assert (cleaned.text, cleaned.counts, cleaned.steps) == (song, {}, [])


def test_a_header_is_told_by_the_title() -> None:
    assert clean("Sea Song Lyrics\nRow on", title="Sea Song").text == "Row on"
    assert clean("Sea Song LyricsRow on", title="Sea song").text == "Row on"
    assert clean("Sea Lyrics\nRow on", title="Sea Song").text == "Sea Lyrics\nRow on"


def test_what_several_songs_tell_of_one() -> None:
    verse = "In The Morning Light I Rise\nOver Every Mountain High\nYou Are The One For Me\nAnd I Am Yours Alone"
    assert "Blue Jar" in clean(f"{verse}\nYou might also like\n{PAIRS}\n{verse}").text  # it may be verse here
    pairs = recommended((text, f"{text}\nYou might also like\n{PAIRS}\nRow") for text in (V, C))
    assert clean(f"{verse}\nYou might also like\n{PAIRS}\n{verse}", recommended=pairs).text == f"{verse}\n\n{verse}"
    assert usual_apostrophe([V, "it’s", "don’t", "can't"]) == "’"
    assert clean("Don't go, it’s late", apostrophe="’").text == "Don’t go, it’s late"


def test_layout_keeps_stanzas_and_drops_the_rest() -> None:
    assert clean("\n\n  Row on \n \n\t\n\nRow home\n\n").text == "Row on\n\nRow home"


def test_a_whole_page() -> None:
    page = (
        "\ufeff8 ContributorsSea Song Lyrics[Verse 1]\r\nRow on, my&nbsp;love\r\n\r\n[Chorus]\r\n"
        "Don&#39;t go (no, no)\r\n"
        "See Ada Lark LiveGet tickets as low as $49You might also like[Verse 2]\r\nRow home\u200b12Embed"
    )
    cleaned = clean(page)
    assert (cleaned.text, cleaned.counts) == (
        "Row on, my love\n\nDon't go (no, no)\n\nRow home",
        {
            "page_header": 1, "line_ends": 6, "markup": 2, "odd_spaces": 1, "invisible_characters": 2,
            "ticket_adverts": 1, "also_like": 1, "section_labels": 3, "embed_tail": 1,
        },
    )  # fmt: skip


@pytest.mark.parametrize("section_labels", SECTION_LABELS)
def test_the_demo_album_passes_through(section_labels: str) -> None:
    files = sorted(ALBUM.glob("*.txt"))
    assert files
    for file in files:
        _, _, body = file.read_text(encoding="utf-8").partition("\n")
        body = body.strip("\n")
        cleaned = clean(body, section_labels)
        assert (cleaned.text, cleaned.counts) == (body, {}), file.name
