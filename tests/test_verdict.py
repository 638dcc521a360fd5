"""The three answers, of songs whose answer is known without any model: the album's own, copies of it, other people's
prose, and a network that knows its songs by heart."""

import random
import re
from typing import Any

import pytest

from lyric_lm.evaluation.held_out import SongScore, held_out_report
from lyric_lm.evaluation.verdict import in_style, learned, original
from lyric_lm.lyrics.folding import folded_words
from lyric_lm.lyrics.reading import read_songs
from lyric_lm.lyrics.song import Song
from lyric_lm.originality.copies import TrainingLines, copying
from lyric_lm.originality.hashes import hashes_of
from lyric_lm.originality.index import SongIndex
from lyric_lm.sampling import write_songs
from lyric_lm.sampling_settings import Sampling
from lyric_lm.style.nearness import nearer
from lyric_lm.style.profile import features_of
from lyric_lm.style.two_sample import told_apart
from tests.memoriser import Memoriser, overfitted, tokenizer_of

ALBUM = read_songs(None, None).songs
# Neither lines nor rhymes, and nothing that the album sings about.
PROSE = """The committee met on Tuesday and approved the revised budget for the coming financial year.
Please disconnect the appliance from the mains before you remove the rear panel with a flat screwdriver.
Average temperatures in the region are expected to remain slightly above the seasonal norm until the weekend.
According to the report, the number of registered vehicles increased by four per cent between the two surveys.
The museum is closed on public holidays, and tickets purchased online can be exchanged at the information desk.
Investors reacted cautiously to the announcement, although analysts had already predicted a moderate decline.
Dissolve the powder in a litre of distilled water and stir continuously until the solution becomes transparent.
Applicants must submit the completed form, together with two photographs, to the regional office by post.
In its second chapter the author compares several methods of estimating population density in urban areas.
The airport operates a shuttle service that connects the northern terminal with the long-stay parking facilities.
Users who have forgotten their password can request a temporary one from the administrator of the network.
A spokesman for the ministry declined to comment on the negotiations, which are scheduled to resume in October.
The software is distributed under a permissive licence and requires approximately two hundred megabytes of memory.
Because of maintenance work on the electrical system, the reading room is not accessible this week.""".splitlines()


def mixed(seed: int) -> list[Song]:
    return random.Random(seed).sample(ALBUM, len(ALBUM))


def lyrics(songs: list[Song]) -> list[str]:
    return [song.lyrics for song in songs]


def prose(n: int, seed: int) -> list[str]:
    """Return texts of some paragraphs each."""
    rng = random.Random(seed)
    return ["\n\n".join(" ".join(rng.sample(PROSE, 4)) for _ in range(3)) for _ in range(n)]


def copies(
    samples: list[str], train: list[Song], held_out: list[Song], base: list[str] | None = None, seed: int = 1
) -> dict[str, Any]:
    index, lines = SongIndex.of(train), TrainingLines.of(train)
    sets = {"samples": samples, "held_out": lyrics(held_out), "base": base}
    return {name: texts and copying(texts, index, lines, seed) for name, texts in sets.items()}


def apart(
    samples: list[str], train: list[Song], held_out: list[Song], base: list[str] | None = None, seed: int = 1
) -> dict[str, Any]:
    sets = {"samples": samples, "held_out": lyrics(held_out), "base": base, "train": lyrics(train)}
    features = features_of(sets, "en")
    return {
        name: None
        if (texts := sets[name]) is None
        else told_apart(texts, sets["held_out"] or [], features[name] or [], features["held_out"] or [], seed)
        for name in ("samples", "train", "base")
    }


def nearness(samples: list[str], train: list[Song], base: list[str], seed: int = 1) -> dict[str, dict[str, Any]] | None:
    sets: dict[str, Any] = {"samples": samples, "base": base, "train": lyrics(train)}
    features = features_of({**sets, "held_out": None}, "en")
    return nearer(sets, {name: features[name] or [] for name in sets}, "train", "base", seed)


def by_heart(train: list[Song], n: int, seed: int) -> list[str]:
    """Return what a memorising model writes: stanzas of several songs, cut, a word in twelve another one."""
    rng = random.Random(seed)
    stanzas = [stanza for song in train for stanza in song.lyrics.split("\n\n")]
    words = [word for stanza in stanzas for word in stanza.split()]
    texts = []
    for _ in range(n):
        text = "\n\n".join(rng.sample(stanzas, 5))
        changed = re.sub(r"\S+", lambda match: rng.choice(words) if rng.random() < 1 / 12 else match[0], text)
        texts.append(changed[: rng.randrange(len(changed) // 2, len(changed))])
    return texts


# Original, and in style


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_model_is_original_and_in_style(seed: int) -> None:
    """A third of the album as the samples: the same author's other songs are what a perfect model would write."""
    songs = mixed(seed)
    samples, held_out, train = lyrics(songs[:28]), songs[28:40], songs[40:]
    verdict = original(copies(samples, train, held_out, None, seed))
    assert verdict["answer"] == "yes", verdict
    verdict = in_style(apart(samples, train, held_out, None, seed), None)
    assert verdict["answer"] == "yes", verdict


@pytest.mark.parametrize("seed", range(5))
def test_a_memorising_model_copies(seed: int) -> None:
    songs = mixed(seed)
    held_out, train = songs[:10], songs[10:]
    found = copies(by_heart(train, 30, seed), train, held_out, None, seed)
    assert 0.2 < found["samples"]["share_6"] < 0.8  # (11/12)^6 = 0.59 of six words in a row have none changed
    verdict = original(found)
    assert verdict["answer"] == "no", verdict
    assert verdict["sentence"].startswith("It copies: ")


def test_a_network_trained_to_zero_loss_copies() -> None:
    train = [Song(song.title, "", song.lyrics[:360].rpartition("\n")[0], "") for song in ALBUM[:4]]
    network, tokenizer = overfitted(lyrics(train))
    sampling = Sampling(400, 1.0, 0, 0.9, None, 1.0, None)
    samples = [song.text for song in write_songs(network, tokenizer, "", list(range(12)), sampling)]
    verdict = original(copies(samples, train, ALBUM[10:20]))
    assert verdict["answer"] == "no", verdict


@pytest.mark.parametrize("seed", range(3))
def test_one_song_in_forty_is_a_copy(seed: int) -> None:
    songs = mixed(seed)
    honest, held_out, train = songs[:39], songs[39:49], songs[49:]
    verdict = original(copies([*lyrics(honest), train[0].lyrics], train, held_out, None, seed))
    assert verdict["answer"] == "partly", verdict
    assert verdict["sentence"].startswith("It is original but for 1 of 40 songs, which have 10 words or more in a row ")


@pytest.mark.parametrize("seed", range(2))
def test_a_model_that_learned_nothing_is_original_but_not_in_style(seed: int) -> None:
    songs = mixed(seed)
    held_out, train = songs[:10], songs[10:]
    samples, base = prose(16, seed), prose(12, seed + 100)
    verdict = original(copies(samples, train, held_out, base, seed))
    assert verdict["answer"] == "yes", verdict
    found = apart(samples, train, held_out, base, seed)
    assert in_style(found, nearness(samples, train, base, seed))["answer"] == "no"
    assert in_style({**found, "base": None}, None)["answer"] == "no"


AUCS = {
    "low": {"auc": 0.5, "interval": [0.35, 0.65]},
    "middling": {"auc": 0.7, "interval": [0.6, 0.8]},
    "high": {"auc": 0.9, "interval": [0.85, 0.95]},
    "higher": {"auc": 0.96, "interval": [0.94, 1.0]},
    "highest": {"auc": 0.99, "interval": [0.97, 1.0]},
}


@pytest.mark.parametrize(
    ("samples", "train", "near", "answer"),
    [
        ("low", "low", None, "yes"),
        ("middling", "low", None, "yes"),  # from 0.6, and training songs up to 0.65
        ("low", None, None, "yes"),
        ("low", "low", [0.1, 0.3], "yes"),  # what cannot be told from the artist's is in style
        ("high", "low", [0.6, 0.8], "partly"),
        ("highest", "low", [0.9, 1.0], "partly"),
        ("high", "low", [0.4, 0.8], "no"),
        ("highest", "low", [0.0, 0.1], "no"),
        ("high", "low", None, "partly"),  # without an untrained model, by the AUC alone
        ("middling", None, None, "partly"),
        ("higher", "low", None, "no"),
    ],
)
def test_in_style_is_as_hard_to_tell_as_training_songs_or_nearer_to_the_artist(
    samples: str, train: str | None, near: list[float] | None, answer: str
) -> None:
    told = {"samples": AUCS[samples], "train": train and AUCS[train], "base": near and AUCS["highest"]}
    nearer = near and {"samples": {"share": sum(near) / 2, "interval": near, "n_songs": 50}}
    verdict = in_style(told, nearer)
    assert verdict["answer"] == answer
    assert ("the untrained model's 0.99" in verdict["sentence"]) == (near is not None)


def test_too_little_to_tell() -> None:
    songs = mixed(1)
    assert in_style(apart(lyrics(songs[:3]), songs[20:], songs[3:13]), None)["answer"] == "unknown"
    assert in_style(apart(lyrics(songs[:10]), songs[20:], songs[10:13]), None)["answer"] == "unknown"
    short = original(copies(["Row on", "Row home, then"], songs[20:], songs[:10]))
    assert (short["answer"], short["sentence"]) == (
        "unknown",
        "It cannot be said: the songs are too short to hold six words in a row.",
    )
    assert original(copies(lyrics(songs[:10]), songs[20:], [Song("", "", "Row on", "")]))["answer"] == "unknown"


def test_what_the_artist_repeats_is_not_held_against_the_model() -> None:
    """Held-out songs that share a refrain with the training songs: as much of it in the samples is the style."""
    refrain = "Row her over, row her under, row her home before the thunder"
    rng = random.Random(1)
    sung = [Song(song.title, "", f"{song.lyrics}\n\n{refrain}", song.source) for song in rng.sample(ALBUM, len(ALBUM))]
    samples, held_out, train = lyrics(sung[:20]), sung[20:32], sung[32:]
    assert original(copies(samples, train, held_out))["answer"] == "yes"
    plain = [Song(song.title, "", song.lyrics.removesuffix(refrain), song.source) for song in held_out]
    assert original(copies(samples, train, plain))["answer"] == "no"


# A network that knows its songs by heart


@pytest.fixture(scope="module")
def memoriser() -> tuple[Any, Any, list[Song], list[Song]]:
    """It and its tokenizer, its songs, and songs that it has not seen."""
    songs = mixed(1)
    train, held_out = songs[:12], songs[12:24]
    tokenizer = tokenizer_of("byte-level BPE", lyrics(train))
    return Memoriser(tokenizer, lyrics(train), most=5), tokenizer, train, held_out


def written_by(memoriser: tuple[Any, Any, list[Song], list[Song]], originality: int | None) -> list[str]:
    network, tokenizer, train, _ = memoriser
    sampling = Sampling(150, 1.0, 0, None, None, 1.0, originality)
    hashes = hashes_of(lyrics(train))[originality] if originality else None
    return [song.text for song in write_songs(network, tokenizer, "", list(range(16)), sampling, hashes=hashes)]


def test_a_model_that_knows_its_songs_by_heart_copies(memoriser: Any) -> None:
    found = copies(written_by(memoriser, None), memoriser[2], memoriser[3])
    assert original(found)["answer"] == "no"
    assert found["samples"]["longest_run"] > 20


def test_the_guard_keeps_it_from_any_longer_run(memoriser: Any) -> None:
    _, _, train, held_out = memoriser
    songs = written_by(memoriser, 6)
    assert sum(len(list(folded_words(song))) for song in songs) > 500
    found = copies(songs, train, held_out)
    assert found["samples"]["longest_run"] <= 6
    assert found["samples"]["share_8"] == 0
    # Six words in a row are allowed, and from such a model every row that is has six; with five there is none of six.
    assert original(found)["answer"] == "no"
    found = copies(written_by(memoriser, 5), train, held_out)
    assert found["samples"]["longest_run"] <= 5
    assert found["samples"]["share_6"] == 0
    assert original(found)["answer"] == "yes"


# Learned: two songs and more, scores by hand


def scores(*losses: float) -> list[SongScore]:
    """Return scores of songs of 100 tokens each, with these nats per token."""
    return [SongScore(f"Song {i}", "", 100, 400, 100 * loss) for i, loss in enumerate(losses)]


BASE = (4.0, 3.8, 4.2, 3.9, 4.1)


@pytest.mark.parametrize(
    ("tuned", "base", "answer", "sentence"),
    [
        (
            (3.5, 3.3, 3.7, 3.4, 3.6),
            BASE,
            "yes",
            "It has learned: held-out songs cost it 3.500 nats per token, the untrained model 4.000 "
            "(-0.500, 95 % interval -0.500 to -0.500).",
        ),
        ((4.5, 4.3, 4.7, 4.4, 4.6), BASE, "no", "It has become worse: held-out songs cost it 4.500 "),
        ((3.0, 4.8, 4.4, 3.5, 4.2), BASE, "no", "It has learned nothing that shows: held-out songs cost it 3.980 "),
        (BASE, BASE, "no", "It has learned nothing that shows: "),
        ((3.5,), (4.0,), "unknown", "It cannot be said: held-out songs cost it 3.500 nats per token, the untrained "),
        ((3.5, 3.3), None, "unknown", "It cannot be said: held-out songs cost it 3.400 nats per token, and there "),
    ],
)
def test_learned(tuned: tuple[float, ...], base: tuple[float, ...] | None, answer: str, sentence: str) -> None:
    verdict = learned(held_out_report(scores(*tuned), scores(*base) if base else None, seed=1))
    assert verdict["answer"] == answer
    assert verdict["sentence"].startswith(sentence)
    assert "nan" not in verdict["sentence"]
