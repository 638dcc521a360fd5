"""The pages of an evaluation: whole, on their own, safe with any text, and showing what the figures say."""

import copy
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import lyric_lm
from lyric_lm.evaluation import marks
from lyric_lm.evaluation.page import compare_page, marked_text, report_page
from lyric_lm.lyrics.folding import folded_words
from tests.figures import (
    COPIED,
    HOSTILE,
    NO_CURVES,
    NOTHING_SHARED,
    SETS,
    TEXT,
    bare,
    hostile,
    realistic,
    realistic_curves,
    sample,
    tiny,
)
from tests.page_reader import Reader


def run_of(label: str, metrics: dict[str, Any] | None, curves: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    summary = {"artist": "The Saltby Ferry Band", "model": "gpt2", "bits_per_byte": 1.5}
    summary |= {"best_val_loss": 3.5, "baseline_val_loss": 3.9}
    return {"label": label, "run": f"outputs/{label}", "summary": summary, "metrics": metrics, "curves": curves} | more


ALONE: dict[str, Any] = {"importances": None, "spreads": {}, "ranking": "", "command": ""}
TOGETHER = {
    "importances": {"optim.lr": 0.75, "seed": 0.25},
    "spreads": {"lr=1": "3.2000 ± 0.0100 (2 seeds, 3.1900 to 3.2100)"},
    "ranking": "lr=1 is better than the others with every seed",
    "command": "python -m lyric_lm.train optim.lr=1",
}
ODD_TOGETHER = {"importances": {HOSTILE: 1.0}, "spreads": {HOSTILE: HOSTILE}, "ranking": HOSTILE, "command": HOSTILE}


def pages() -> dict[str, str]:
    metrics, songs = hostile()
    summary = {"artist": HOSTILE, "model": HOSTILE, "bits_per_byte": None, "best_val_loss": None}
    odd = run_of(HOSTILE, metrics, None, run=HOSTILE, summary=summary | {"baseline_val_loss": None})
    usual = run_of("lr=1", realistic(), realistic_curves())
    return {
        "usual": report_page(realistic(), realistic_curves(), [sample(1), sample(2)]),
        "bare": report_page(bare(), NO_CURVES, []),
        "tiny": report_page(
            tiny(), {**realistic_curves(), **NOTHING_SHARED}, [sample() | {"spans": [], "measures": {}}]
        ),
        "hostile": report_page(metrics, realistic_curves(), songs),
        "compared": compare_page(
            [usual, run_of("lr=2", tiny(), NO_CURVES), run_of("lr=3", None, NO_CURVES)], True, TOGETHER
        ),
        "compared hostile": compare_page([odd, odd | {"metrics": None}], False, ODD_TOGETHER),
    }


PAGES = pages()


def test_the_figures_are_plain_data() -> None:
    for metrics in (realistic(), bare(), tiny(), hostile()[0]):
        assert json.loads(json.dumps(metrics)) == metrics


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_on_its_own(name: str) -> None:
    reader = Reader(PAGES[name])
    tags = {tag for tag, _ in reader.elements}
    assert {"script", "link", "img", "image", "iframe", "object", "embed", "base"} & tags == set()
    attributes = [pair for _, one in reader.elements for pair in one.items()]
    assert not [key for key, _ in attributes if key.startswith("on") or key in ("src", "srcset", "data")]
    ids = [value for key, value in attributes if key == "id"]
    assert len(set(ids)) == len(ids)
    links = [value for key, value in attributes if key in ("href", "xlink:href")]
    assert {link[1:] for link in links if link} <= set(ids)
    assert all(link and link.startswith("#") for link in links)
    styles = [value or "" for key, value in attributes if key in ("style", "clip-path")] + reader.told("style")
    assert not re.search(r"url\((?!#)|@import|http", "".join(styles))
    assert not re.search(r"\b49\b", "".join(reader.told("bdi")))  # no text was taken for a template
    assert len(PAGES[name].encode()) < 400_000


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_says_in_words_what_it_shows(name: str) -> None:
    pictured = [attributes for tag, attributes in Reader(PAGES[name]).elements if tag == "svg"]
    assert pictured
    for attributes in pictured:
        if attributes.get("aria-hidden") != "true":
            assert attributes["role"] == "img"
            assert re.search(r"\d", attributes["aria-label"] or "")


def test_pictures_name_their_figures() -> None:
    labels = [attributes.get("aria-label") or "" for tag, attributes in Reader(PAGES["usual"]).elements if tag == "svg"]
    for wanted in (
        "untrained model 3.74; this model 3.27",
        "artist’s own rate 0.2\xa0% (0.1\xa0% to 0.3\xa0%); the samples 0.4\xa0%",
        "training songs (floor) 0.53 (0.42 to 0.64); the samples 0.71 (0.62 to 0.79); untrained model (ceiling) 0.97",
        "3.74 at epoch 0, 3.41 at epoch 1, 3.27 at epoch 2, 3.29 at epoch 3",
        "0.2\xa0% at epoch 1",
        "ABCD samples 31\xa0%, held-out songs 4.0\xa0%, untrained model 81\xa0%, training songs 5.0\xa0%",
        "temperature 0.6, top_k –, top_p 0.95, min_p –",
    ):
        assert sum(wanted in label for label in labels) == 1, wanted


def test_the_verdict_has_a_word_and_a_sign() -> None:
    reader = Reader(PAGES["usual"])
    assert reader.told("span", class_="badge") == ["✓ yes", "◐ partly", "✗ no"]
    for one, section in zip(realistic()["verdict"].values(), reader.told("section")[:3], strict=True):
        assert one["sentence"] in section
    unknown = {"answer": "unknown", "sentence": "Too few songs."}
    metrics = realistic() | {"verdict": {"learned": unknown, "original": unknown, "in_style": unknown}}
    assert Reader(report_page(metrics, NO_CURVES, [])).told("span", class_="badge") == ["? unknown"] * 3


def test_hostile_text_shows_as_it_is() -> None:
    reader = Reader(PAGES["hostile"])
    assert reader.told("title")[0] == f"{HOSTILE}: is it any good, and is it new?"
    assert reader.told("h1") == [f"{HOSTILE}: is it any good, and is it new?"]
    assert reader.told("code") == [HOSTILE]
    assert reader.told("div", class_="lyrics") == [f"{HOSTILE}\n{TEXT}\n{HOSTILE}"]
    titles = [attributes["title"] for tag, attributes in reader.elements if tag == "mark" and "title" in attributes]
    assert titles == [f"{n} words in a row stand in “{HOSTILE}”" for n in (5, 7)]
    assert Reader(PAGES["compared hostile"]).told("code") == [f"python -m lyric_lm.evaluate run={HOSTILE}", HOSTILE]


def test_marks_hold_exactly_the_copied_words() -> None:
    reader = Reader(report_page(realistic(), NO_CURVES, [sample()]))
    assert reader.told("div", class_="lyrics", dir="auto") == [TEXT]
    copied = [
        (text, attributes)
        for (tag, attributes), text in zip(reader.elements, reader.texts, strict=True)
        if tag == "mark" and "tabindex" in attributes
    ]
    assert tuple(text for text, _ in copied) == COPIED
    for text, attributes in copied:
        n_words = len(list(folded_words(text)))
        assert attributes["tabindex"] == "0"
        assert (
            attributes["title"] == attributes["data-from"] == f"{n_words} words in a row stand in “Snow on the Slipway”"
        )
        assert (attributes.get("class") == "long") == (n_words >= 6)
    assert "mark:focus::after { content: attr(data-from)" in "".join(reader.told("style"))


def test_spans_that_overlap_or_run_over_lose_no_text() -> None:
    rng = random.Random(3)
    for _ in range(200):
        spans = [{"start": (start := rng.randrange(20)), "end": start + rng.randrange(12)} for _ in range(4)]
        parts = marked_text("abcdefghijklmnopqrst", spans)
        assert "".join(part for part, _ in parts) == "abcdefghijklmnopqrst"
        inside = {n for span in spans for n in range(span["start"], span["end"]) if n < 20}
        assert sum(len(part) for part, span in parts if span is not None) == len(inside)


@pytest.mark.parametrize(
    ("told", "in_usual", "in_bare"),
    [
        ("What to try next", 1, 0),
        ("What training did", 1, 0),
        ("How to sample", 1, 0),
        ("Rhyme schemes", 1, 0),
        ("The artist’s favourite words", 1, 0),
        ("Told apart", 1, 0),
        ("MAUVE", 1, 0),
        ("The copied passages", 1, 0),
        ("Lines that are nearly", 1, 0),
        ("Songs to read", 1, 0),
        ("Loss changed by", 1, 0),
        ("rhyme density", 1, 0),
        ("words per line", 1, 1),
        ("Held-out songs, hardest first", 1, 1),
        ("How to read this page", 1, 1),
        ("Settings", 1, 1),
    ],
)
def test_sections_without_data_vanish(told: str, in_usual: int, in_bare: int) -> None:
    headings = "h2", "h3", "summary", "p"
    for name, wanted in (("usual", in_usual), ("bare", in_bare)):
        texts = [text for tag in headings for text in Reader(PAGES[name]).told(tag)]
        assert sum(text.startswith(told) for text in texts) == wanted
    assert "untrained" not in "".join(Reader(PAGES["bare"]).told("main")).split("How to read")[0]


def test_no_link_leads_to_a_section_that_is_not_there() -> None:
    without = realistic() | {"advice": []}
    assert 'href="#next"' not in report_page(without, NO_CURVES, [])
    assert 'href="#next"' in PAGES["usual"]


def test_tables_hold_the_figures() -> None:
    rows = [re.sub(r"\s+", " ", row).strip() for row in Reader(PAGES["usual"]).told("tr")]
    assert "longest copied run, words 9 6 5" in rows
    together = PAGES["usual"].partition("All of them together")[2].partition("</table>")[0]
    assert re.findall(r'"number">([^<]+)</td>', together) == [
        *("3.27", "3.74", "26.3", "42.1", "1.29", "1.47", "3,612", "3,612", "13,240", "13,240")
    ]
    assert sum("The salt and the coal-hole spade," in row for row in rows) == 12 + 1  # 24 passages, one line nearly so
    hardest = [song["title"] for song in realistic()["held_out"]["songs"]]
    shown = [text.split(":")[0].strip() for text in Reader(PAGES["usual"]).told("title")]
    assert [title for title in shown if title in hardest] == hardest[:5] + hardest[-5:]


def test_a_big_evaluation_is_no_big_page() -> None:
    metrics = realistic()
    rng = random.Random(1)
    features = {}
    for n in range(25):
        sets = {key: marks.spread_of([rng.gauss(5, 1) for _ in range(2000)]) | {"mean": 5.0} for key in SETS}
        features[f"f{n}"] = {"what": "w", "unit": "u", "sets": sets, "distance": dict.fromkeys(SETS, 0.1)}
    metrics["style"]["features"] = features
    songs = [sample(n, text=TEXT + "\nla la la la la la" * 100) for n in range(30)]
    assert len(report_page(metrics, realistic_curves(), songs).encode()) < 1_500_000


def test_runs_side_by_side() -> None:
    better = copy.deepcopy(realistic())
    better["held_out"]["tuned"]["bits_per_byte"] = 1.1
    runs = [
        run_of("lr=1", realistic(), realistic_curves()),
        run_of("lr=2", better, realistic_curves()),
        run_of("lr=3", None, None),
    ]
    same, other = (Reader(compare_page(runs, is_same, ALONE)) for is_same in (True, False))
    text = "".join(same.told("main"))
    assert same.told("code") == ["python -m lyric_lm.evaluate run=outputs/lr=3"]
    assert Counter(same.told("span", class_="badge")) == {"✓ yes": 2, "◐ partly": 2, "✗ no": 2}
    assert "so their losses compare" in text
    assert "their losses do not compare" in "".join(other.told("main"))
    figures = [" ".join(re.sub(r"\s+", " ", cell).strip() for cell in row.split("\n")) for row in same.told("tr")]
    assert sum("1.293.27" in row.replace(" ", "") for row in figures) == 1
    assert sum("1.103.27" in row.replace(" ", "") for row in figures) == 1
    assert sum("1.503.503.90––––" in row.replace(" ", "") for row in figures) == 1
    assert len([1 for tag, attributes in same.elements if attributes.get("class") == "plot"]) == 2 + 3  # curves, keys
    elsewhere = run_of("lr=4", None, None)
    elsewhere["summary"] = elsewhere["summary"] | {"artist": "Ada Lark"}
    assert "different artists" not in text
    assert "different artists" in compare_page([runs[0], elsewhere], True, ALONE)


def test_the_songs_page_has_the_same_look() -> None:
    folder = Path(lyric_lm.__file__).parent
    for template in ("lyrics/report.html.j2", "evaluation/report.html.j2", "evaluation/compare.html.j2"):
        assert '{% include "page.css.j2" %}' in (folder / template).read_text(encoding="utf-8")
