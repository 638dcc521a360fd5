"""From a path to split songs: what is dropped and why, what the report says, and the demo album itself."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import Corpus, build_corpus, corpus_from
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.lyrics.report import describe

SONGS = {
    "bee": "[Chorus]\nThe bee went out to sea\nin a pot of honey",
    "key": "I lost the key\nunder the stone by the door",
    "sea": "Row on, row on, my love\n\nRow home again3Embed",
    "tea": "Tea for the two of us\nand bread for one",
}


def build(path: Path | None, **settings: Any) -> Corpus:
    defaults = {"section_labels": "drop", "keep_versions": False, "val_fraction": 0.1, "test_fraction": 0.0}
    return corpus_from({"path": path, "artist": None, "block_size": 8, **defaults, **settings}, seed=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ada_lark", **SONGS)


def write(folder: Path, **songs: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in songs.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def dropped(corpus: Corpus) -> dict[str, str]:
    return {entry.source: entry.reason for entry in corpus.dropped}


def test_songs_are_cleaned_and_counted(folder: Path) -> None:
    corpus = build(folder)
    assert [(song.title, song.artist, song.source) for song in corpus.songs] == [
        (name, "Ada Lark", f"{name}.txt") for name in ("bee", "key", "sea", "tea")
    ]
    assert corpus.songs[2].lyrics == "Row on, row on, my love\n\nRow home again"
    assert corpus.cleaned == Counter(section_labels=1, embed_tail=1)
    assert corpus.dropped == []


def test_the_same_words_stay_once(folder: Path) -> None:
    write(
        folder,
        tea_live="TEA for the two of us!\nAnd bread (for one)",
        zz="[Outro]\ntea for the two of us, and bread for one",
    )
    corpus = build(folder)
    assert [song.title for song in corpus.songs] == ["bee", "key", "sea", "tea"]
    assert dropped(corpus) == {
        "tea_live.txt": "tea live: same words as tea.txt",
        "zz.txt": "zz: same words as tea.txt",
    }


def test_versions_can_stay_and_share_a_split(folder: Path) -> None:
    write(folder, tea_live="TEA for the two of us!\nAnd bread (for one)")
    for val_fraction in (1e-9, 0.3, 0.5, 0.7):
        corpus = build(folder, keep_versions=True, val_fraction=val_fraction)
        assert corpus.dropped == []
        (home,) = (titles for titles in corpus.titles_by_split().values() if "tea" in titles)
        assert "tea live" in home


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(Instrumental)", "instrumental"),
        ("[Instrumental]", "empty"),
        ("This song is an instrumental.", "instrumental"),
        ("Lyrics for this song have yet to be released. Please check back once the song has been.", "not released yet"),
        ("Row on", "2 words, too short to be a song"),
        ("12 ContributorsSea Lyrics3Embed", "empty"),
        ("… ♪ …", "empty"),
    ],
)
def test_what_is_not_a_song_is_dropped(folder: Path, text: str, reason: str) -> None:
    corpus = build(write(folder, stub=text))
    assert dropped(corpus) == {"stub.txt": f"stub: {reason}"}
    assert len(corpus.songs) == 4


def test_when_nothing_is_a_song(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of the 2 texts found is a song; a: 2 words"):
        build(write(tmp_path / "ada", a="Row on", b="(Instrumental)"))


def test_unknown_section_labels(folder: Path) -> None:
    with pytest.raises(InputError, match=r"data\.section_labels=off is not one of drop, keep, plain"):
        build(folder, section_labels="off")


@pytest.mark.parametrize(
    ("section_labels", "first_line"),
    [("drop", "The bee went out to sea"), ("keep", "[Chorus]"), ("plain", "Chorus:")],
)
def test_section_labels_are_passed_on(folder: Path, section_labels: str, first_line: str) -> None:
    assert build(folder, section_labels=section_labels).songs[0].lyrics.split("\n")[0] == first_line


def test_the_report(folder: Path) -> None:
    write(folder, tea_live=SONGS["tea"], café="Ça va, ça va, mon amour\nça va")
    (folder / "cover.png").write_bytes(b"\x89PNG\0")
    corpus = build(folder)
    n_val = len(corpus.splits["val"])
    report = corpus.report()
    assert report == {
        "path": str(folder),
        "artist": "Ada Lark",
        "n_files": 7,
        "n_songs_read": 6,
        "n_songs": 5,
        "n_songs_by_split": {"train": 5 - n_val, "val": n_val, "test": 0},
        "n_lines": 10,
        "n_words": 11 + 10 + 9 + 10 + 8,
        "n_bytes": 41 + 42 + 39 + 39 + 32,
        "cleaned": {"section_labels": 1, "embed_tail": 1},
        "skipped_files": [{"source": "cover.png", "reason": "binary file"}],
        "dropped_songs": [{"source": "tea_live.txt", "reason": "tea live: same words as tea.txt"}],
        "titles": ["bee", "café", "key", "sea", "tea"],
    }


def test_no_report_holds_lyrics() -> None:
    corpus = build(None)
    told = json.dumps(corpus.report()) + json.dumps(corpus.titles_by_split()) + describe(corpus, in_full=True)
    titles = " ".join(song.title.lower() for song in corpus.songs)
    lines = {line for song in corpus.songs for line in song.lyrics.split("\n") if len(line) > 15}
    assert len(lines) > 1000
    assert [line for line in lines if line in told and line.lower().strip(".,!?") not in titles] == []


def test_titles_by_split_hold_every_song_once() -> None:
    corpus = build(None, val_fraction=0.2, test_fraction=0.1)
    by_split = corpus.titles_by_split()
    assert list(by_split) == ["train", "val", "test"]
    assert all(by_split.values())
    assert sorted(title for titles in by_split.values() for title in titles) == sorted(s.title for s in corpus.songs)


def test_what_the_screen_says(folder: Path) -> None:
    write(folder, **{f"zz{n}": "Row on" for n in range(7)})
    told = describe(build(folder))
    assert f"Ada Lark: 4 songs from {folder}" in told
    assert "- cleaned: section labels 1, embed tail 1" in told
    assert "- songs left out: 7\n  - zz0.txt: zz0: 2 words, too short to be a song" in told
    assert "  - … and 2 more" in told
    assert "zz6.txt" in describe(build(folder), in_full=True)


def test_the_demo_album() -> None:
    corpus = build_corpus(None, None, "drop", False, 0.1, 0.0, 1)
    report = corpus.report()
    assert report["n_songs"] >= 80
    assert report["n_words"] >= 12_000
    assert (corpus.artist, corpus.path) == ("Tilda Marrow", "demo album")
    assert (report["cleaned"], report["dropped_songs"], report["skipped_files"]) == ({}, [], [])
    assert report["n_files"] == report["n_songs"] == len(list(ALBUM.glob("*.txt")))
    assert len(set(report["titles"])) == len(report["titles"])
    assert report["n_songs_by_split"]["val"] >= 3
    for song in corpus.songs:
        assert song.lyrics.isascii(), song.source
        assert "[" not in song.lyrics, song.source
        assert not song.lyrics.startswith(song.title), f"{song.source} begins with its title"
    assert "CC0" in (ALBUM / "LICENSE").read_text(encoding="utf-8")
