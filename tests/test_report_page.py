"""The pages of a corpus's report, HTML and Markdown: whole, on their own, and safe from what is in the files."""

import dataclasses
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.lyrics import page
from lyric_lm.lyrics.corpus import Corpus, Example
from lyric_lm.lyrics.inspection import Suspicion
from lyric_lm.lyrics.page import escape_markdown, html_page, markdown_page
from lyric_lm.lyrics.reading import Skipped
from tests.reported import CORPUS, LIVE, MAR, NOTHING, SEA, TEA, report_of

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
