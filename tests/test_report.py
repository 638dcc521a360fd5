"""The account of a corpus: what the screen, the data and the pages say, and that files come whole or not at all."""

import dataclasses
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.errors import InputError
from lyric_lm.lyrics import page
from lyric_lm.lyrics.corpus import Corpus, Example
from lyric_lm.lyrics.inspection import Suspicion
from lyric_lm.lyrics.page import escape_markdown, html_page, markdown_page
from lyric_lm.lyrics.reading import Skipped
from lyric_lm.lyrics.report import FILES, as_data, describe, histogram, write_corpus
from lyric_lm.lyrics.song import Song

SEA = Song("Sea", "Ada Lark", "Row on, row on\n\nRow home", "sea.txt")
TEA = Song("Tea", "Ada Lark", "Tea for two\nand bread", "more.csv:1")
MAR = Song("Mar", "Ada Lark", "Ça va, la mer", "mar.txt")
LIVE = Song("Sea (Live)", "Ada Lark", "Row on, row on", "live.txt")
CORPUS = Corpus(
    path="my songs",
    artist="Ada Lark",
    splits={"train": [TEA, SEA], "val": [MAR], "test": []},
    n_files=7,
    n_read=6,
    skipped=[Skipped("cover.png", "binary file"), Skipped("more.csv", "line 9: more fields than the header's 2")],
    dropped=[
        Skipped("dusk.txt", "Dusk: Part 2: instrumental"),
        Skipped("stub.txt", "Stub: 2 words, too short to be a song"),
        Skipped("live.txt", "Sea (Live): version of Sea (sea.txt), which is more complete"),
    ],
    cleaned=Counter(embed_tail=1, odd_spaces=12),
    examples={"embed_tail": [Example("sea.txt", "Sea", "Row on\nRow home3Embed", "Row on\nRow home")]},
    versions=[[SEA, LIVE]],
    to_look_at=[Suspicion("mar.txt", "Mar", 4.5, ["its language seems to be fr", "very short"])],
    languages=Counter({"en": 2, "": 1}),
    scripts=Counter(Latin=3),
)
NOTHING = dataclasses.replace(
    CORPUS,
    **{"skipped": [], "dropped": [], "cleaned": Counter(), "examples": {}, "versions": [], "to_look_at": []},
)


def report_of(corpus: Corpus) -> dict[str, Any]:
    return as_data(corpus) | {"titles_by_split": corpus.titles_by_split()}


def test_the_screen() -> None:
    assert describe(CORPUS).split("\n") == [
        "Ada Lark: 3 songs from my songs",
        "   found: 6 in 7 files; 2 skipped (binary file 1, more fields than the header's n 1)",
        "left out: 3 (instrumental 1, too short to be a song 1, version 1)",
        "versions: 1 other version of 1 song",
        " cleaned: odd spaces 12, embed tail 1",
        "   words: 15 in 5 lines; a song has 4 to 6, half of them 5 or more",
        "   split: 2 to train on, 1 held out",
        "language: en 2, unsure 1; letters: Latin 3",
        " look at: Mar (mar.txt): its language seems to be fr; very short",
        "",
    ]
    assert "left out: none\n cleaned: nothing to clean\n" in describe(NOTHING)


def test_the_screen_is_narrow_and_short() -> None:
    many = [Skipped(f"{n}.txt", f"song {n}: {'abcdefgh'[n % 8] * 20}") for n in range(1000)]
    odd = [Suspicion(f"{n}.txt", "A long title of a song", 1.0, ["a long reason to look at it"] * 5) for n in range(9)]
    told = describe(dataclasses.replace(CORPUS, dropped=many, to_look_at=odd))
    assert max(map(len, told.split("\n"))) <= 100
    assert told.count("\n") < 25
    assert "others 375)" in told  # of eight reasons, the three that are not among the five named
    assert "and 6 more in the report" in told


def test_the_data() -> None:
    data = as_data(CORPUS)
    assert json.loads(json.dumps(data)) == data
    assert data == {
        "path": "my songs",
        "artist": "Ada Lark",
        "n_files": 7,
        "n_songs_read": 6,
        "n_songs": 3,
        "n_songs_by_split": {"train": 2, "val": 1, "test": 0},
        "n_lines": 5,
        "n_words": 15,
        "n_bytes": 24 + 21 + 14,
        "lengths": {
            "words_per_song": {"min": 4, "median": 5, "max": 6},
            "histogram": [{"from": 0, "to": 10, "n_songs": 3}],
        },
        "languages": {"en": 2, "unsure": 1},
        "scripts": {"Latin": 3},
        "cleaned": {"odd_spaces": 12, "embed_tail": 1},
        "examples": {
            "embed_tail": [
                {"source": "sea.txt", "title": "Sea", "before": "Row on\nRow home3Embed", "after": "Row on\nRow home"}
            ]
        },
        "versions": [
            [
                {"title": "Sea", "source": "sea.txt", "is_kept": True},
                {"title": "Sea (Live)", "source": "live.txt", "is_kept": False},
            ]
        ],
        "to_look_at": [
            {
                "source": "mar.txt",
                "title": "Mar",
                "score": 4.5,
                "reasons": ["its language seems to be fr", "very short"],
            }
        ],
        "skipped_by_reason": {"binary file": 1, "more fields than the header's n": 1},
        "skipped_files": [
            {"source": "cover.png", "reason": "binary file"},
            {"source": "more.csv", "reason": "line 9: more fields than the header's 2"},
        ],
        "dropped_by_reason": {"instrumental": 1, "too short to be a song": 1, "version": 1},
        "dropped_songs": [
            {"source": "dusk.txt", "reason": "Dusk: Part 2: instrumental"},
            {"source": "stub.txt", "reason": "Stub: 2 words, too short to be a song"},
            {"source": "live.txt", "reason": "Sea (Live): version of Sea (sea.txt), which is more complete"},
        ],
        "titles": ["Mar", "Tea", "Sea"],  # in order of source
    }


@given(st.lists(st.one_of(st.integers(0, 500), st.integers(0, 10**6)), min_size=1, max_size=60))
def test_a_histogram_counts_every_song_once(values: list[int]) -> None:
    steps = histogram(values)
    assert sum(step["n_songs"] or 0 for step in steps) == len(values)
    assert len(steps) <= 13
    for step in steps:
        inside = [value for value in values if value >= step["from"] and (step["to"] is None or value < step["to"])]
        assert len(inside) == step["n_songs"]


def test_four_files_are_written(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    write_corpus(CORPUS, out)
    assert {file.name for file in out.iterdir()} == {"songs.jsonl", "report.json", "report.md", "report.html"}
    lines = (out / "songs.jsonl").read_text(encoding="utf-8").splitlines()
    assert [Song(**json.loads(line)) for line in lines] == [MAR, TEA, SEA]
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report == as_data(CORPUS) | {"titles_by_split": {"train": ["Tea", "Sea"], "val": ["Mar"], "test": []}}


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=rf"{re.escape(name)} exists and is not overwritten; choose another data\.out"):
        write_corpus(CORPUS, tmp_path)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "mine")]


def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    unwritable = dataclasses.replace(SEA, lyrics="Row \ud83d on")  # half an emoji
    with pytest.raises(UnicodeEncodeError):
        write_corpus(dataclasses.replace(CORPUS, splits={"train": [unwritable, TEA], "val": [MAR]}), tmp_path)
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        write_corpus(CORPUS, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_half_a_character_in_an_example_is_no_hindrance(tmp_path: Path) -> None:
    example = Example("a.txt", "A", "Row \ud83d on", "Row on")
    write_corpus(dataclasses.replace(CORPUS, examples={"embed_tail": [example]}), tmp_path)
    assert all((tmp_path / name).read_text(encoding="utf-8") for name in FILES)


# Whatever is in a file may be in a title, a path, a reason or a line.
HOSTILE = "*a* _b_ `c` ~~d~~ <script>alert(1)</script> | [e](http://f.example) # 1. &amp; $g$ \"h' שיר 海 {{ 7 * 7 }}"
HOSTILE_CORPUS = dataclasses.replace(
    CORPUS,
    **{
        "path": HOSTILE,
        "artist": HOSTILE,
        "splits": {"train": [dataclasses.replace(SEA, title=HOSTILE), TEA], "val": [MAR], "test": []},
        "skipped": [Skipped(HOSTILE, HOSTILE)],
        "dropped": [Skipped(HOSTILE, HOSTILE)],
        "examples": {"embed_tail": [Example(HOSTILE, HOSTILE, f"{HOSTILE}3Embed", HOSTILE)]},
        "versions": [[dataclasses.replace(SEA, title=HOSTILE, source=HOSTILE), LIVE]],
        "to_look_at": [Suspicion(HOSTILE, HOSTILE, 1.0, [HOSTILE])],
    },
)


class Reader(HTMLParser):
    """Read a page's elements, and the text of some of them; fails where tags do not pair up."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        self.texts.setdefault(tag, []).append("")
        if tag not in ("meta", "rect", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data


@pytest.mark.parametrize("corpus", [CORPUS, NOTHING, HOSTILE_CORPUS], ids=["usual", "nothing", "hostile"])
def test_the_page_is_whole_and_on_its_own(corpus: Corpus) -> None:
    text = html_page(report_of(corpus))
    reader = Reader(text)
    assert {"script", "link", "img", "iframe", "object"} & set(reader.tags) == set()
    assert {"src", "href", "onload", "onclick"} & {name for name, _ in reader.attributes} == set()
    assert not re.search(r"url\(|@import|\b49\b", text)


def test_hostile_text_shows_as_it_is() -> None:
    reader = Reader(html_page(report_of(HOSTILE_CORPUS)))
    assert reader.texts["h1"] == [""]
    assert reader.texts["bdi"].count(HOSTILE) >= 10
    assert reader.texts["title"][0] == f"{HOSTILE}: 3 songs"


def test_the_page_marks_exactly_what_changed() -> None:
    reader = Reader(html_page(report_of(CORPUS)))
    assert reader.texts["del"] == ["3Embed"]
    assert "ins" not in reader.texts
    assert {"Row on", "Row home"} <= set(reader.texts["span"])
    assert reader.tags["svg"] == 4  # words, languages, scripts, rules
    assert ("dir", "auto") in reader.attributes


def test_markdown_tells_all() -> None:
    told = markdown_page(report_of(CORPUS))
    change = "```diff\n  Row on\n- Row home3Embed\n?         ^^^^^^\n+ Row home\n```\n"
    assert f"### embed tail: 1\n\nSea (sea.txt):\n\n{change}" in told
    for line in (
        "# Ada Lark: 3 songs",
        "| languages | en 2, unsure 1 |",
        "- **Mar** (mar.txt), 4.5: its language seems to be fr; very short",
        "- **Sea** (sea.txt), the most complete",
        "  - left out: Sea (Live) (live.txt)",
        "- dusk.txt: Dusk: Part 2: instrumental",
        "- cover.png: binary file",
        "| 0 to 9 | 3 |",
        "### val: 1",
    ):
        assert line in told.split("\n"), line
    assert "\n\n\n" not in told
    assert markdown_page(report_of(NOTHING)).count("None.") == 2


def test_markdown_of_hostile_text() -> None:
    told = markdown_page(report_of(HOSTILE_CORPUS))
    outside, *_ = re.subn(r"(?ms)^(`{3,})diff\n.*?^\1$", "", told)
    assert not re.search(r"(?<!\\)(?:<script|`c`|\[e\]|\$g|~~d)", outside)
    assert not re.search(r"\b49\b", told)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_escaping_loses_nothing_and_leaves_nothing_that_means_something(text: str) -> None:
    escaped = escape_markdown(text)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped) == " ".join(text.split())
    bare = re.sub(r"\\.", "", escaped)
    assert not set(bare) & set("`*_[]<>#|~&!$\\{}")
    assert not re.match(r"[-+=]|\d+[.)]", bare if escaped == bare else escaped)


def test_long_lists_are_cut_in_pages_but_not_in_the_data() -> None:
    many = [Skipped(f"file {n}.txt", "empty file") for n in range(1234)]
    report = report_of(dataclasses.replace(CORPUS, skipped=many, dropped=many))
    assert len(report["skipped_files"]) == len(report["dropped_songs"]) == 1234
    for text in (html_page(report), markdown_page(report)):
        assert text.count("file 199.txt") == 2
        assert "file 200.txt" not in text
        assert text.count("… and 1,034 more (all in report.json)") == 2
    assert page.MOST == 200
