"""The promise of ``originality=N``: however it is drawn, no run of more than N words of a training song is written.

Held against a model that knows its songs by heart in several printings, and checked by a search of its own.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from lyric_lm.errors import InputError
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.originality.guard import Guard, GuardedSong
from lyric_lm.originality.hashes import FILE, LEAST, MOST, hashes_for, hashes_of, save_hashes
from lyric_lm.sampling import Sample, write_songs
from lyric_lm.sampling_settings import Sampling
from tests.memoriser import KINDS, Memoriser, overfitted, tokenizer_of

SONGS = [file.read_text(encoding="utf-8").strip() for file in sorted(ALBUM.glob("*.txt"))[:4]]
SONGS.append("Élan, élan, mon cœur s’en va — там, где чайки, где чайки кричат над водой,\nи ты не придёшь, не придёшь")


def printings(song: str) -> list[str]:
    """The same words as they may be printed otherwise."""
    return [
        song,
        song.upper(),
        song.lower().replace("'", "’"),
        song.title(),
        re.sub(r"[^\w\s']", "", song).replace("\n", " "),
        re.sub(r"[ \n]+", ", ", song),
        re.sub(r" ", "\n", song),
        re.sub(r"[ \n]+", "... ", song.replace("'", "")),
        unicodedata.normalize("NFD", song),
    ]


def words(text: str) -> list[str]:
    """Words by a definition of the test's own: letters and digits, without accents and apostrophes, in lower case."""
    whole = re.sub("['’‘ʼ`´′＇]", "", text.casefold())  # all that is typed for an apostrophe
    plain = "".join(c for c in unicodedata.normalize("NFKD", whole) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", plain)


def runs(text: str, n: int) -> Iterator[tuple[str, ...]]:
    found = words(text)
    yield from (tuple(found[i : i + n]) for i in range(len(found) - n + 1))


TAKEN = {n: {run for song in SONGS for run in runs(song, n)} for n in range(2, MOST + 2)}


def copied(sample: Sample, allowed: int) -> list[tuple[str, ...]]:
    """Runs of a training song, too long, that the model had a part in."""
    n_theirs = len(words(sample.prompt)) - allowed  # so many runs lie within the prompt
    if words(sample.text)[: len(words(sample.prompt))] != words(sample.prompt):
        n_theirs -= 1  # the model went on with the prompt's last word
    return [run for i, run in enumerate(runs(sample.text, allowed + 1)) if i >= n_theirs and run in TAKEN[allowed + 1]]


def choice(**changes: Any) -> Sampling:
    plain = {"max_new_tokens": 70, "temperature": 1.0, "top_k": 0, "top_p": None, "min_p": None}
    return Sampling(**{**plain, "repetition_penalty": 1.0, "originality": None, **changes})


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest) -> tuple[Memoriser, PreTrainedTokenizerFast]:
    texts = [text for song in SONGS for text in printings(song)]
    tokenizer = tokenizer_of(request.param, texts)
    return Memoriser(tokenizer, texts), tokenizer


LINE = " ".join(SONGS[0].split()[:9])
SETTINGS = [
    {"temperature": 0},
    {"temperature": 0.7, "top_k": 50, "top_p": 0.95},
    {"temperature": 1.0},
    {"temperature": 1.5, "top_k": 5},
    {"temperature": 0.8, "min_p": 0.05, "repetition_penalty": 1.3},
    {"temperature": 1.0, "top_p": 0.5},
]
HASHES = hashes_of(SONGS)


@pytest.mark.parametrize("allowed", [3, *(pytest.param(n, marks=pytest.mark.long) for n in (4, 6)), 9])
def test_no_run_is_written_whatever_the_settings(model: Any, allowed: int) -> None:
    n_written, n_copied_without = 0, 0
    max_new_tokens = 160 if len(model[1]) < 300 else 60  # bytes, or pieces of words
    for how in SETTINGS:
        for prompt in ("", LINE, LINE[:-2], "girl, you"):
            seeds = list(range(1 if how["temperature"] == 0 else 4))
            how = {**how, "max_new_tokens": max_new_tokens}
            sampling = choice(**how, originality=allowed)
            for sample in write_songs(*model, prompt, seeds, sampling, hashes=HASHES[allowed], batch_size=4):
                assert copied(sample, allowed) == [], sample.text
                n_written += 1
            n_copied_without += sum(
                bool(copied(sample, allowed)) for sample in write_songs(*model, prompt, seeds[:1], choice(**how))
            )
    assert n_written == 4 * 21
    assert n_copied_without >= 6  # of 24 songs; others are too short, or drawn too wildly


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_streamed_songs_of_any_settings(model: Any, data: st.DataObject) -> None:
    allowed = data.draw(st.integers(LEAST, MOST))
    sampling = choice(
        temperature=data.draw(st.sampled_from([0, 0.3, 0.8, 1.2, 2.0])),
        top_k=data.draw(st.sampled_from([0, 1, 2, 40])),
        top_p=data.draw(st.sampled_from([None, 0.3, 0.9])),
        min_p=data.draw(st.sampled_from([None, 0.1])),
        repetition_penalty=data.draw(st.sampled_from([1.0, 1.5])),
        originality=allowed,
    )
    n_words = data.draw(st.integers(0, 14))
    song = data.draw(st.sampled_from(SONGS)).split()
    prompt = " ".join(song[:n_words])[: data.draw(st.sampled_from([None, -1]))]
    pieces: list[str] = []
    seed = data.draw(st.integers(0, 9))
    (sample,) = write_songs(*model, prompt, [seed], sampling, on_text=pieces.append, hashes=HASHES[allowed])
    assert copied(sample, allowed) == []
    assert "".join(pieces) == sample.text
    for end in range(1, len(pieces)):  # what was on the screen at any moment was clean too
        shown = Sample(sample.prompt, "".join(pieces[:end]), False, seed)
        assert copied(shown, allowed) == []


def test_a_network_trained_to_zero_loss() -> None:
    """Not a stand-in: weights that know the songs by heart, drawn in all the usual ways."""
    songs = [song[:360].rpartition("\n")[0] for song in SONGS[:4]]
    network, tokenizer = overfitted(songs)
    hashes = hashes_of(songs)
    taken = {allowed: {run for song in songs for run in runs(song, allowed + 1)} for allowed in (3, 6)}

    def n_that_copy(allowed: int, originality: int | None, settings: dict[str, Any]) -> int:
        sampling = choice(**settings, max_new_tokens=200, originality=originality)
        seeds = list(range(1 if settings["temperature"] == 0 else 16))
        written = write_songs(network, tokenizer, "", seeds, sampling, hashes=hashes[allowed], batch_size=16)
        return sum(any(run in taken[allowed] for run in runs(sample.text, allowed + 1)) for sample in written)

    for how in ({"temperature": 0}, {"temperature": 0.8, "top_k": 50}, {"temperature": 1.5, "top_p": 0.9}):
        for allowed in (3, 6):
            assert n_that_copy(allowed, allowed, how) == 0
    assert n_that_copy(6, None, {"temperature": 0.8, "top_k": 50}) == 16


def test_where_nothing_is_copied_nothing_changes(model: Any) -> None:
    """The guard draws no random number of its own, so a song that it had no objection to is the same song."""
    _, tokenizer = model
    own = "a lantern by the water and a letter on the shelf\n" * 3
    by_heart = Memoriser(tokenizer, [own], sureness=30)
    plain = list(write_songs(by_heart, tokenizer, "", [1, 2], choice()))
    guarded = list(write_songs(by_heart, tokenizer, "", [1, 2], choice(originality=3), hashes=HASHES[3]))
    assert guarded == plain
    assert words(plain[0].text)[:4] == ["a", "lantern", "by", "the"]


def test_a_new_songs_own_refrain_stays_possible() -> None:
    refrain = "the kettle sings to nobody at seven in the dark\n"
    tokenizer = tokenizer_of("byte-level BPE", [*SONGS, refrain])
    song = f"{refrain}one for the road\n{refrain}two for the sea\n{refrain}"
    (sample,) = write_songs(
        *(Memoriser(tokenizer, [song], sureness=30, most=40), tokenizer, "", [1]),
        *(choice(originality=3, max_new_tokens=200, temperature=0),),
        hashes=HASHES[3],
    )
    assert sample.text.count(refrain.strip()) >= 2


def test_the_prompts_words_are_the_users(model: Any) -> None:
    prompt = " ".join(SONGS[0].split()[:20])
    (sample,) = write_songs(*model, prompt, [1], choice(originality=6), hashes=HASHES[6])
    assert sample.text.startswith(prompt)
    assert len(sample.text) > len(prompt)
    assert copied(sample, 6) == []


def test_the_song_is_the_same_in_any_company(model: Any) -> None:
    sampling = choice(originality=4, top_k=20)
    together = list(write_songs(*model, "", list(range(7)), sampling, hashes=HASHES[4], batch_size=3))
    alone = [next(write_songs(*model, "", [seed], sampling, hashes=HASHES[4])) for seed in range(7)]
    assert together == alone


def test_up_to_n_words_are_allowed() -> None:
    """A song that goes its own way after six words of a training song is written as it is."""
    first = SONGS[0].split()
    mixed = " ".join([*first[:6], "marzipan", *first[6:12], "marzipan"])
    tokenizer = tokenizer_of("byte-level BPE", [*SONGS, mixed])
    network = Memoriser(tokenizer, [mixed], sureness=30)
    (free,) = write_songs(network, tokenizer, "", [1], choice(originality=6, temperature=0), hashes=HASHES[6])
    (barred,) = write_songs(network, tokenizer, "", [1], choice(originality=5, temperature=0), hashes=HASHES[5])
    assert words(free.text)[: len(words(mixed))] == words(mixed)
    assert words(barred.text)[:5] == words(mixed)[:5]
    assert words(barred.text)[:6] != words(mixed)[:6]


def test_what_is_asked_of_the_text_is_all_runs_of_the_words() -> None:
    hashes = hashes_of(["one two three four five six seven eight"])
    guard = Guard(6, hashes[6])
    assert guard.forbids(words("two three four five six seven eight"))
    assert not guard.forbids(words("two three four five six seven nine"))
    assert {allowed: len(found) for allowed, found in hashes.items()} == {
        allowed: max(0, 8 - allowed) for allowed in range(LEAST, MOST + 1)
    }


def test_a_long_song_is_watched_as_well_as_a_short_one() -> None:
    """Older tokens are let go; the answer is the same as with all of them."""
    tokenizer = tokenizer_of("byte-level BPE", SONGS)
    text = "a lantern by the water " * 40 + SONGS[1]
    guard = Guard(6, HASHES[6])
    watched = GuardedSong(guard, tokenizer, "", [])
    refused = []
    for number, token in enumerate(tokenizer(text)["input_ids"]):
        if watched.forbids(token):
            refused.append(number)
        watched.add(token)
    assert len(watched.ids) < 200
    ids = tokenizer(text)["input_ids"]
    expected = []
    for number in range(len(ids)):
        before, after = words(tokenizer.decode(ids[:number])), words(tokenizer.decode(ids[: number + 1]))
        new = [tuple(after[end - 7 : end]) for end in range(7, len(after) + 1) if after[:end] != before[:end]]
        if any(run in TAKEN[7] for run in new):
            expected.append(number)
    assert refused == expected
    assert len(expected) > 50


def test_hashes_are_kept_in_a_file_without_the_songs(tmp_path: Path) -> None:
    save_hashes(HASHES, tmp_path)
    content = (tmp_path / FILE).read_bytes()
    for word in set(words("\n".join(SONGS))):
        assert len(word) < 5 or word.encode() not in content.lower(), word
    for allowed in range(LEAST, MOST + 1):
        loaded = hashes_for(tmp_path, allowed)
        assert loaded is not None
        assert np.array_equal(loaded, HASHES[allowed])
    assert hashes_for(tmp_path, None) is None


@pytest.mark.parametrize("allowed", [0, 2, 13, 6.0, "six", True])
def test_numbers_that_cannot_work(allowed: Any) -> None:
    with pytest.raises(InputError, match=f"originality={allowed} cannot work; it .*whole number"):
        choice(originality=allowed)


def test_models_without_hashes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="an untrained model has not seen the songs"):
        hashes_for(None, 6)
    with pytest.raises(InputError, match=rf"has no {FILE}, .*train it again"):
        hashes_for(tmp_path, 6)
    (tmp_path / FILE).write_bytes(b"\x00" * 40)
    with pytest.raises(InputError, match="is damaged"):
        hashes_for(tmp_path, 6)
