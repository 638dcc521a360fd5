"""From a path to split songs: what is dropped and why, what the report says, and the demo album itself."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lyric_lm.errors import InputError
from lyric_lm.lyrics.cleaning import RULES
from lyric_lm.lyrics.corpus import Corpus, build_corpus, corpus_from
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.lyrics.report import as_data, describe

SWITCHES = dict.fromkeys(RULES, True)
SONGS = {
    "bee": "[Chorus]\nThe bee went out to sea\nin a pot of honey",
    "key": "I lost the key\nunder the stone by the door",
    "sea": "Row on, row on, my love\n\nRow home again3Embed",
    "tea": "Tea for the two of us\nand bread for one",
}


def build(path: Path | None, **settings: Any) -> Corpus:
    defaults = {"section_labels": "drop", "keep_versions": False, "val_fraction": 0.1, "test_fraction": 0.0}
    return corpus_from(
        {"path": path, "artist": None, "block_size": 8, "clean": SWITCHES, **defaults, **settings}, seed=1
    )


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


def test_of_versions_the_most_complete_stays(folder: Path) -> None:
    write(
        folder,
        tea_live="TEA for the two of us!\nAnd bread (for one)",
        zz="[Outro]\ntea for the two of us, and bread for one",
        bee_demo="The bee went out to sea\nin a pot of honey\nand came back with the moon",
    )
    corpus = build(folder)
    assert [song.title for song in corpus.songs] == ["bee demo", "key", "sea", "tea"]
    assert dropped(corpus) == {
        "bee.txt": "bee: version of bee demo (bee_demo.txt), which is more complete",
        "tea_live.txt": "tea live: same words as tea.txt",
        "zz.txt": "zz: same words as tea.txt",
    }
    assert [[song.source for song in group] for group in corpus.versions] == [
        ["bee_demo.txt", "bee.txt"],
        ["tea.txt", "zz.txt", "tea_live.txt"],
    ]


def test_versions_can_stay_and_share_a_split(folder: Path) -> None:
    write(folder, tea_live="TEA for the two of us!\nAnd bread (for one)\nand two", sea_remix=SONGS["sea"] + "\nOh oh")
    for val_fraction in (1e-9, 0.3, 0.5, 0.7):
        corpus = build(folder, keep_versions=True, val_fraction=val_fraction)
        assert corpus.dropped == []
        for names in ({"tea", "tea live"}, {"sea", "sea remix"}):
            assert [names <= set(titles) for titles in corpus.titles_by_split().values()].count(True) == 1


def test_rules_can_be_switched_off(folder: Path) -> None:
    corpus = build(folder, clean=SWITCHES | {"embed_tail": False})
    assert corpus.songs[2].lyrics == "Row on, row on, my love\n\nRow home again3Embed"
    assert corpus.cleaned == Counter(section_labels=1)


def test_each_rule_shows_what_it_did(folder: Path) -> None:
    (example,) = build(folder).examples["embed_tail"]
    assert (example.source, example.title) == ("sea.txt", "sea")
    assert (example.before, example.after) == ("\nRow home again3Embed", "\nRow home again")
    write(folder, **{f"zz{n}": f"{'la' * n} {text}3Embed" for n, text in enumerate(SONGS.values(), start=1)})
    assert len(build(folder).examples["embed_tail"]) == 2


def test_an_excerpt_is_flagged(folder: Path) -> None:
    write(folder, half="Salt upon the wall\nand gulls above\n...\n*** This Lyrics is NOT for Commercial use ***")
    (suspicion,) = (one for one in build(folder).to_look_at if one.source == "half.txt")
    assert any("excerpt" in reason for reason in suspicion.reasons)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(Instrumental)", "instrumental"),
        ("[Instrumental]", "instrumental"),
        ("This song is an instrumental.", "instrumental"),
        ("Lyrics for this song have yet to be released. Please check back once the song has been.", "not released yet"),
        ("Row on", "2 words, too short to be a song"),
        ("12 ContributorsSea Lyrics3Embed", "nothing but labels and credits"),
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
    report = as_data(corpus)
    assert {key: report[key] for key in report if key not in ("examples", "to_look_at", "versions", "lengths")} == {
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
        "skipped_files": [
            {"source": "cover.png", "reason": "not a song format: .png; save the lyrics as plain text (.txt)"}
        ],
        "skipped_by_reason": {"not a song format": 1},
        "dropped_songs": [{"source": "tea_live.txt", "reason": "tea live: same words as tea.txt"}],
        "dropped_by_reason": {"same words": 1},
        "languages": {"en": 4, "unsure": 1},
        "scripts": {"Latin": 5},
        "titles": ["bee", "café", "key", "sea", "tea"],
    }


def test_no_report_holds_lyrics() -> None:
    corpus = build(None)
    told = json.dumps(as_data(corpus)) + json.dumps(corpus.titles_by_split()) + describe(corpus)
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


def test_the_demo_album() -> None:
    corpus = build_corpus(None, None, "drop", False, 0.1, 0.0, 1)
    report = as_data(corpus)
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
