"""Many songs' tokens come from a file as they do from the tokenizer; it is found by content and trusted by hash."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerBase

from lyric_lm.data import encoding, store
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.encoding import EncodedSong, encode_songs
from lyric_lm.data.store import N_KEPT, stored_songs
from lyric_lm.errors import InputError
from lyric_lm.fingerprint import blocks_fingerprint, songs_fingerprint
from lyric_lm.lyrics.song import Song
from lyric_lm.model.tiny import make_tiny

SONGS = [Song(f"Song {n}", "Ada", f"Row on {'o' * n}\n\nrow hé", f"{n}.txt") for n in range(12)]


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerBase:
    return make_tiny()[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files go, and every set of songs large enough for one."""
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(store, "LARGE", 1)
    monkeypatch.setattr(encoding, "CHUNK", 5)
    return tmp_path / "cache" / "tokens"


def told(songs: list[EncodedSong]) -> list[tuple[str, list[int], int]]:
    return [(song.title, [int(token) for token in song.ids], song.n_bytes) for song in songs]


def by_hand(songs: list[Song]) -> list[tuple[str, list[int], int]]:
    """Encode with the tiny model's tokenizer, whose tokens are bytes, in the order of its alphabet."""
    _, tokenizer = make_tiny()
    ids = [[0, *(tokenizer("\n" + song.lyrics)["input_ids"]), 0] for song in songs]
    return [(s.title, own, len(s.lyrics.encode())) for s, own in zip(songs, ids, strict=True)]


def fail(*args: object) -> None:
    raise AssertionError("encoded once more")


def test_from_the_file_as_from_the_tokenizer(
    folder: Path, tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(encode_songs(SONGS, tokenizer)) == by_hand(SONGS)
    assert told(stored_songs(SONGS, tokenizer)) == by_hand(SONGS)
    assert [file.suffix for file in folder.iterdir()] == [".ids"]
    monkeypatch.setattr(store, "encoded_one_by_one", fail)
    again = stored_songs([Song("Other", "Ben", song.lyrics, "elsewhere") for song in SONGS], tokenizer)
    assert [ids for _, ids, _ in told(again)] == [ids for _, ids, _ in by_hand(SONGS)]
    bases = {id(song.ids.base.base) for song in again}  # type: ignore[union-attr]
    assert len(bases) == 1  # views of one row
    assert all(type(song.ids) is np.ndarray for song in again)


def test_few_songs_need_no_file(
    folder: Path, tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_bytes = sum(len(song.lyrics.encode()) for song in SONGS)
    monkeypatch.setattr(store, "LARGE", n_bytes + 1)
    assert told(stored_songs(SONGS, tokenizer)) == by_hand(SONGS)
    assert not folder.exists()
    monkeypatch.setattr(store, "LARGE", n_bytes)
    stored_songs(SONGS, tokenizer)
    assert len(list(folder.iterdir())) == 1


def test_what_is_in_the_file_is_its_name(folder: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    other_tokenizer = make_tiny()[1]
    other_tokenizer.add_tokens(["Row"])
    changed = [*SONGS[:-1], Song("Song 11", "Ada", "Row off", "11.txt")]
    moved = [Song(s.title, s.artist, s.lyrics, s.source) for s in (*SONGS[1:], SONGS[0])]
    # The same characters in all, cut elsewhere.
    cut = [Song("", "", SONGS[0].lyrics + SONGS[1].lyrics[:1], ""), Song("", "", SONGS[1].lyrics[1:], ""), *SONGS[2:]]
    for n_files, songs in enumerate((SONGS, changed, moved, cut, SONGS[:-1]), start=1):
        assert told(stored_songs(songs, tokenizer)) == by_hand(songs)
        assert len(list(folder.iterdir())) == n_files
    assert told(stored_songs(SONGS, other_tokenizer)) == told(encode_songs(SONGS, other_tokenizer)) != by_hand(SONGS)
    assert len(list(folder.iterdir())) == 6
    stored_songs(SONGS, make_tiny()[1])  # the same tokenizer, made anew
    assert len(list(folder.iterdir())) == 6


@pytest.mark.parametrize("damage", ["flipped", "short", "long", "empty", "headless"])
def test_a_damaged_file_is_noticed_and_written_anew(
    damage: str, folder: Path, tokenizer: PreTrainedTokenizerBase, caplog: pytest.LogCaptureFixture
) -> None:
    stored_songs(SONGS, tokenizer)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    flipped = whole[:60] + bytes([whole[60] ^ 1]) + whole[61:]
    variants = {"flipped": flipped, "short": whole[:-4], "long": whole + bytes(4), "empty": b"", "headless": whole[:20]}
    file.write_bytes(variants[damage])
    with caplog.at_level(logging.WARNING):
        assert told(stored_songs(SONGS, tokenizer)) == by_hand(SONGS)
    assert caplog.messages == [f"{file} is damaged and is written anew"]
    assert file.read_bytes() == whole
    assert list(folder.iterdir()) == [file]


def test_nothing_is_left_of_an_encoding_that_fails(
    folder: Path, tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object) -> object:
        yield np.zeros(3, dtype=np.int32)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "encoded_one_by_one", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stored_songs(SONGS, tokenizer)
    assert list(folder.iterdir()) == []
    assert told(stored_songs(SONGS, tokenizer)) == by_hand(SONGS)


def test_a_cache_that_cannot_be_written_is_told_in_one_line(
    tmp_path: Path, folder: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    (tmp_path / "cache").write_text("a file is in its place")
    with pytest.raises(InputError) as error:
        stored_songs(SONGS, tokenizer)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"the tokens of 12 songs are kept in {folder}, which cannot be written: ")
    assert message.endswith("set LYRIC_LM_CACHE to a folder that can")


def test_the_files_used_last_are_kept(folder: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    first = stored_songs(SONGS, tokenizer)
    (oldest,) = folder.iterdir()
    for n in range(1, N_KEPT):
        stored_songs(SONGS[n:], tokenizer)
    assert len(list(folder.iterdir())) == N_KEPT
    stored_songs(SONGS, tokenizer)  # used again, so another is the oldest now
    stored_songs(SONGS[N_KEPT:], tokenizer)
    assert len(list(folder.iterdir())) == N_KEPT
    assert oldest.exists()
    oldest.unlink()
    assert told(first) == by_hand(SONGS)  # in use, and there as long as it is


def test_the_same_training_set_from_memory_and_from_a_file(
    folder: Path, tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches, fingerprints and cuts do not depend on where the tokens lie; songs of 18 to 29 tokens, blocks of 24."""
    splits = {"train": SONGS[:9], "val": SONGS[9:], "test": []}
    mapped = LyricsDataModule(splits, tokenizer, 1024, 24, batch_size=2, seed=1)
    assert len(list(folder.iterdir())) == 2
    monkeypatch.setattr(store, "LARGE", 2**24)
    plain = LyricsDataModule(splits, tokenizer, 1024, 24, batch_size=2, seed=1)
    assert any(part.first_position for part in plain.parts["train"])
    assert songs_fingerprint(mapped) == songs_fingerprint(plain)
    assert blocks_fingerprint(mapped) == blocks_fingerprint(plain)
    for one, other in zip(mapped.train_batches, plain.train_batches, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
