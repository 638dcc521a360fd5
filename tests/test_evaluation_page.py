"""The pages of an evaluation: whole, on their own, safe with any text, and showing what the figures say."""

import copy
import json
import random
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

import lyric_lm
from lyric_lm.evaluation import marks, pictures
from lyric_lm.evaluation.page import compare_page, marked_text, report_page
from lyric_lm.lyrics.folding import folded_words

HOSTILE = "</script><img src=x onerror=alert(1)> \"quoted\" 'h' & {{ 7 * 7 }} </mark></title> שיר 海"
TEXT = (
    "It came overnight without knocking\nAnd stood by the rail in the rain,\n\n"
    "The salt and the coal-hole spade,\nAnd nobody asked it again"
)
COPIED = ("It came overnight without knocking", "The salt and the coal-hole spade,")
SETTINGS = {"num_samples": 100, "num_base_samples": 40, "prompt": "", "max_new_tokens": 400, "temperature": 0.8}
SETTINGS |= {"top_k": 50, "top_p": 0.95, "min_p": None, "repetition_penalty": 1.0, "originality": None, "seed": 1}
SETS = {"samples": 100, "held_out": 12, "base": 40, "train": 75}  # songs in each

# Name, what, unit, typical value of the artist's songs, and how far off the samples and the untrained model are.
FEATURES = (
    ("words_per_line", "words per line", "words", 6.4, 0.2, 2.5),
    ("lines_per_stanza", "lines per stanza", "lines", 4.1, 0.1, -1.2),
    ("stanzas", "stanzas", "stanzas", 7.2, -1.5, -4.0),
    ("rhyme_density", "mean length of the longest rhyme that a word ends", "vowels", 0.71, -0.2, -0.4),
    ("rhymed_lines", "lines that rhyme with one of the three before or after", "share", 0.71, -0.26, -0.55),
    ("refrain_lines", "lines that repeat an earlier line of the song", "share", 0.22, 0.07, 0.3),
    ("distinct_1", "different words among the first hundred", "share", 0.63, -0.04, -0.18),
    ("end_punctuation", "lines that end in punctuation", "share", 0.6, -0.05, -0.3),
    ("commas_per_line", "commas per line", "commas", 0.41, 0.02, -0.2),
)


def realistic() -> dict[str, Any]:
    """Return figures as a run of some epochs on the demo album might have them."""
    rng = random.Random(7)
    titles = ["Snow on the Slipway", "All in Favour", "Four Coins", "Knee Deep", "Two Chairs", "The Orrin Bell"]
    titles += ["One Tune", "Seat Eleven", "Just a Trim", "Left Beyond the Church", "Who's Awake in Saltby", "Up Anyway"]
    losses = sorted((3.27 + rng.gauss(0, 0.22) for _ in titles), reverse=True)
    songs = [
        {"title": title, "source": f"{title}.txt", "n_tokens": 300, "n_bytes": 1100, "loss": loss, "perplexity": 26.0}
        | {"bits_per_byte": loss / 2.54, "base_loss": loss + rng.uniform(0.25, 0.7)}
        for title, loss in zip(titles, losses, strict=True)
    ]

    def copying(name: str, share: float, longest: int) -> dict[str, Any]:
        shares = {"verbatim_lines": share * 1.5, "near_lines": share * 2, "share_4": share * 9, "share_6": share}
        shares["share_8"] = share / 4
        each = [
            {"n_words": 180, "longest_run": max(2, min(longest, round(rng.gauss(longest * 0.55, 1.2))))}
            | {key: max(0.0, rng.gauss(value, value)) for key, value in shares.items()}
            for _ in range(SETS[name])
        ]
        intervals = {key: [value * 0.6, value * 1.5] for key, value in shares.items()}
        counts = {"n_songs": len(each), "n_lines": 24 * len(each), "n_words": 180 * len(each)}
        return {**counts, **shares, "longest_run": longest, "intervals": intervals, "songs": each}

    def spread(centre: float, width: float, n: int) -> dict[str, Any]:
        values = [round(max(0.0, rng.gauss(centre, width)), 4) for _ in range(n)]
        return marks.spread_of(values) | {"mean": sum(values) / n}

    features = {}
    for name, what, unit, typical, off, base_off in FEATURES:
        sets = {"samples": typical + off, "held_out": typical, "base": typical + base_off, "train": typical}
        far = {"samples": min(0.9, 3 * abs(off / typical)), "base": min(1, abs(base_off / typical) * 2), "train": 0.12}
        features[name] = {"what": what, "unit": unit, "distance": far} | {
            "sets": {key: spread(centre, 0.12 * typical, SETS[key]) for key, centre in sets.items()}
        }
    words = [
        "tide",
        "slipway",
        "gull",
        "bell",
        "lamp",
        "harbour",
        "kettle",
        "chapel",
        "rope",
        "butter",
        "said",
        "never",
    ]
    apart = {"interval": [0.5, 0.5], "on_characters": 0.61, "on_features": 0.58, "n_held_out": 12}
    return {
        "version": 1,
        "lyric_lm": "0.1.0",
        "run": "outputs/train/smollm2/2025-11-20_10-15-00",
        "model": "smollm2",
        "artist": "The Saltby Ferry Band",
        "split": "val",
        "n_train_songs": 75,
        "n_held_out_songs": 12,
        "settings": dict(SETTINGS),
        "noise": 0.01,
        "held_out": {
            "tuned": {"loss": 3.27, "perplexity": 26.3, "bits_per_byte": 1.287, "n_tokens": 3612, "n_bytes": 13240},
            "base": {"loss": 3.74, "perplexity": 42.1, "bits_per_byte": 1.472, "n_tokens": 3612, "n_bytes": 13240},
            "difference": {"loss": -0.47, "loss_interval": [-0.55, -0.39]}
            | {"bits_per_byte": -0.185, "bits_per_byte_interval": [-0.217, -0.154]},
            "songs": songs,
        },
        "originality": {
            "sets": {
                "samples": copying("samples", 0.0042, 9),
                "held_out": copying("held_out", 0.0021, 6),
                "base": copying("base", 0.0004, 5),
            },
            "passages": [
                {"sample": 3 * n + 1, "text": f"{COPIED[n % 2]}\n", "n_words": 9 - n // 4, "title": titles[n % 9]}
                | {"source": f"{titles[n % 9]}.txt", "n_songs": 1 + n % 3}
                for n in range(24)
            ],
            "near": [
                {"sample": 4, "line": "The salt and the coal-hole shade", "of": COPIED[1]}
                | {"title": titles[0], "similarity": 96.9}
            ],
        },
        "style": {
            "features": features,
            "rhyme_schemes": {
                "samples": {"ABCB": 0.28, "ABCD": 0.31, "AABB": 0.14, "ABAB": 0.12, "other": 0.15},
                "held_out": {"ABAB": 0.41, "ABCB": 0.35, "AABB": 0.13, "ABCD": 0.04, "other": 0.07},
                "base": {"ABCD": 0.81, "AAAA": 0.07, "ABCB": 0.05, "other": 0.07},
                "train": {"ABAB": 0.38, "ABCB": 0.36, "AABB": 0.15, "ABCD": 0.05, "other": 0.06},
            },
            "favourite_words": [
                {"word": word, "train": 9 - n / 2, "held_out": max(0.0, 8.5 - n / 2 + rng.gauss(0, 1)), "base": 0.3}
                | {"samples": max(0.0, 7 - n / 2 + rng.gauss(0, 1.2))}
                for n, word in enumerate(words)
            ],
            "told_apart": {
                "samples": apart | {"auc": 0.71, "interval": [0.62, 0.79], "n_songs": 100},
                "train": apart | {"auc": 0.53, "interval": [0.42, 0.64], "n_songs": 75},
                "base": apart | {"auc": 0.97, "interval": [0.93, 1.0], "n_songs": 40},
            },
            "ended": {"samples": 0.93, "base": 0.02},
            "nearer": {
                "samples": {"share": 0.83, "interval": [0.75, 0.9], "n_songs": 100},
                "held_out": {"share": 1.0, "interval": [1.0, 1.0], "n_songs": 12},
            },
            "mauve": {"samples": 0.61, "base": 0.07, "train": 0.9, "n": 40, "caveat": "Few texts: read the order."},
        },
        "verdict": {
            "learned": {"answer": "yes", "sentence": "It expects held-out songs better: loss 3.27 instead of 3.74."},
            "original": {"answer": "partly", "sentence": "0.4 % of its sequences of 6 words stand in training songs."},
            "in_style": {"answer": "no", "sentence": "It rhymes too little: it is told apart 71 times of 100."},
        },
        "advice": [
            {"do": "Train for two epochs more.", "why": "The held-out loss was still falling at the end."}
            | {"command": "python -m lyric_lm.train model=smollm2 trainer.max_epochs=5"},
            {"do": "Keep samples from copying.", "why": "The longest copied run has 9 words; the artist's own has 6."}
            | {"command": "python -m lyric_lm.generate run=latest originality=6"},
            {"do": "Add more songs.", "command": None, "why": "75 songs are few for a style to settle."},
        ],
        "guide": [
            {"temperature": t, "top_p": top_p, "min_p": min_p, "share_4": 0.02 / (1 + 6 * t) + cut}
            | {"noise": 0.08 * t**4 + 9 * cut, "style_distance": 0.36 + 0.3 * (t - 0.8) ** 2 + cut * 4}
            for top_p, min_p, cut in ((0.95, None, 0.003), (1.0, None, 0.001), (1.0, 0.05, 0.002))
            for t in (0.6, 0.8, 1.0, 1.2)
        ],
    }


def realistic_curves() -> dict[str, Any]:
    losses = [(0, 3.74, None), (1, 3.41, 3.52), (2, 3.27, 3.1), (3, 3.29, 2.8)]
    return {
        "held_out": [
            {"epoch": n, "val_loss": held_out, "train_loss": train, "bits_per_byte": held_out / 2.54}
            for n, held_out, train in losses
        ],
        "originality": [
            {"epoch": n, "share_6": 0.0004 + 0.0016 * n, "share_4": 0.012 + 0.011 * n, "longest_run": 4 + 2 * n}
            for n in range(4)
        ],
        "own": {"share_4": 0.019, "share_6": 0.0021},
        "best_epoch": 2,
    }


def sample(number: int = 3, title: str = "Snow on the Slipway", text: str = TEXT) -> dict[str, Any]:
    spans = [
        {"start": text.index(part), "end": text.index(part) + len(part), "title": title, "n_words": n}
        for part, n in zip(COPIED, (5, 7), strict=True)
    ]
    measures = {"longest_run": 7, "share_6": 0.031, "style": 0.61}
    return {"number": number, "seed": 7, "prompt": "", "text": text, "ended": True, "spans": spans} | {
        "picked_for": ["longest copied run"],
        "measures": measures,
    }


def bare() -> dict[str, Any]:
    """Return figures with nothing that may be missing: no untrained model, no classifier, nothing copied."""
    metrics = realistic()
    metrics["held_out"] |= {"base": None, "difference": None}
    metrics["held_out"]["songs"] = [song | {"base_loss": None} for song in metrics["held_out"]["songs"]]
    metrics["originality"] |= {"passages": [], "near": []}
    metrics["originality"]["sets"]["base"] = None
    style = metrics["style"]
    for feature in style["features"].values():
        feature["sets"]["base"] = feature["distance"]["base"] = None
    nothing = marks.spread_of([None, None]) | {"mean": None}
    style["features"]["rhyme_density"]["sets"] |= {"samples": nothing, "held_out": nothing, "train": nothing}
    style["features"]["rhyme_density"]["distance"] |= {"samples": None, "train": None}
    style |= {"rhyme_schemes": {"samples": {}, "held_out": {}, "base": None, "train": {}}, "favourite_words": []}
    style |= {"told_apart": {"samples": None, "train": None, "base": None}, "mauve": None}
    style |= {"ended": {"samples": None, "base": None}, "nearer": None}
    return metrics | {"advice": [], "guide": None, "noise": None}


def tiny() -> dict[str, Any]:
    """Return figures of songs so few and short that shares and intervals are of nothing."""
    metrics = bare()
    metrics["held_out"]["base"] = metrics["held_out"]["tuned"]
    metrics["held_out"]["difference"] = {"loss": 0.0, "loss_interval": None, "bits_per_byte": 0.0}
    metrics["held_out"]["difference"]["bits_per_byte_interval"] = None
    metrics["held_out"]["songs"] = metrics["held_out"]["songs"][:1]
    for one in filter(None, metrics["originality"]["sets"].values()):
        nothing = dict.fromkeys(("verbatim_lines", "near_lines", "share_4", "share_6", "share_8"))
        one |= {
            **nothing,
            "intervals": nothing,
            "longest_run": 0,
            "songs": [{"n_words": 0, "longest_run": 0} | nothing],
        }
    return metrics


NO_CURVES: dict[str, Any] = {"held_out": [], "originality": [], "own": None, "best_epoch": None}
NOTHING_SHARED = {
    "originality": [{"epoch": 0, "share_6": None, "share_4": None, "longest_run": 0}],
    "own": {"share_4": None, "share_6": None},
}


def hostile() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return figures and songs in which every text is hostile."""
    metrics = realistic()
    metrics |= {"artist": HOSTILE, "model": HOSTILE, "run": HOSTILE, "lyric_lm": HOSTILE}
    metrics["settings"] |= {"prompt": HOSTILE}
    for song in metrics["held_out"]["songs"]:
        song |= {"title": HOSTILE, "source": HOSTILE}
    for one in (*metrics["originality"]["passages"], *metrics["originality"]["near"]):
        one |= {key: HOSTILE for key in ("text", "title", "source", "line", "of") if key in one}
    for feature in metrics["style"]["features"].values():
        feature |= {"what": HOSTILE, "unit": HOSTILE}
    for word in metrics["style"]["favourite_words"]:
        word["word"] = HOSTILE
    metrics["style"]["mauve"]["caveat"] = HOSTILE
    for one in metrics["verdict"].values():
        one["sentence"] = HOSTILE
    metrics["advice"] = [{"do": HOSTILE, "command": HOSTILE, "why": HOSTILE}]
    song = sample(title=HOSTILE, text=f"{HOSTILE}\n{TEXT}\n{HOSTILE}")
    song |= {"prompt": HOSTILE, "picked_for": [HOSTILE], "measures": {HOSTILE: 1.0}}
    return metrics, [song]


def run_of(label: str, metrics: dict[str, Any] | None, curves: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    summary = {"artist": "The Saltby Ferry Band", "model": "gpt2", "bits_per_byte": 1.5}
    summary |= {"best_val_loss": 3.5, "baseline_val_loss": 3.9}
    return {"label": label, "run": f"outputs/{label}", "summary": summary, "metrics": metrics, "curves": curves} | more


VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Read a page's elements with their attributes and whole text; fails where tags do not pair up."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[int] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for place in self.open:
            self.texts[place] += data

    def told(self, tag: str, **having: str) -> list[str]:
        """Return the texts of the elements of a tag that have these attributes."""
        wanted = {key.rstrip("_"): value for key, value in having.items()}
        return [
            text
            for (name, attributes), text in zip(self.elements, self.texts, strict=True)
            if name == tag and wanted.items() <= attributes.items()
        ]


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


def test_strips_place_what_they_show() -> None:
    spread = marks.spread_of([1, 2, 3, 4, 5])
    told = marks.strips({"samples": spread, "held_out": None, "train": marks.spread_of([3, 3, None])})
    assert told is not None
    samples, train = told["rows"]
    assert (samples["set"], train["set"], train["n"]) == ("samples", "train", 2)
    # From 1 to 5 the axis has 164 units and begins at 72; percentiles 10 and 90 of 1 to 5 are 1.4 and 4.6.
    assert (samples["p10"], samples["median"], samples["p90"]) == (72 + 16.4, 72 + 82, 72 + 147.6)
    assert samples["path"].count("M") == 5
    assert train["path"] == "M154 0h0M154 3h0"
    assert marks.strips({"samples": marks.spread_of([None])}) is None


def test_dots_do_not_hide_each_other_until_they_are_many() -> None:
    dots = marks.swarm([7.0] * 5)
    assert sorted(y for _, y in dots) == [-6.0, -3.0, 0.0, 3.0, 6.0]
    assert max(abs(y) for _, y in marks.swarm([7.0] * 99)) <= 7.5


def test_thinned_values_keep_their_spread() -> None:
    values = [n / 7 for n in range(1000)]
    thin = marks.thinned(values)
    assert (len(thin), thin[0], thin[-1]) == (150, values[0], values[-1])
    assert abs(thin[75] - values[500]) < 1
    assert marks.thinned([2.0, 1.0]) == [1.0, 2.0]


def data_of(figure: Figure, panel: int) -> list[tuple[list[float], list[float]]]:
    return [([*map(float, line.get_xdata())], [*map(float, line.get_ydata())]) for line in figure.axes[panel].lines]


def test_the_curve_of_originality() -> None:
    curves = realistic_curves()
    drawn = pictures.originality_curve(curves["originality"], curves["own"], 2, curves["held_out"])
    copying, losses = data_of(drawn, 0), data_of(drawn, 1)
    epochs = [0.0, 1.0, 2.0, 3.0]
    assert (epochs, [row["share_6"] for row in curves["originality"]]) in copying
    assert (epochs, [row["share_4"] for row in curves["originality"]]) in copying
    assert [y for x, y in copying if x == [0.0, 1.0]] == [[0.0021] * 2, [0.019] * 2]  # the artist's own rates
    assert ([2.0, 2.0], [0.0, 1.0]) in copying  # the best epoch
    assert (epochs, [3.74, 3.41, 3.27, 3.29]) in losses
    assert (epochs[1:], [3.52, 3.1, 2.8]) in losses
    alone = pictures.originality_curve(curves["originality"], None, None)
    assert len(alone.axes) == 1
    assert len(alone.axes[0].lines) == 2


def test_the_picture_of_the_guide() -> None:
    rows = realistic()["guide"]
    drawn = pictures.guide_picture(rows, {"share_4": 0.02})
    assert [len(axes.lines) for axes in drawn.axes] == [4, 3, 3]  # three ways to cut; own rate where it is given
    temperatures = [0.6, 0.8, 1.0, 1.2]
    assert data_of(drawn, 1)[1] == (temperatures, [row["noise"] for row in rows[4:8]])
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == [
        "top_p=0.95", "uncut", "min_p=0.05", "the artist's own",
    ]  # fmt: skip
    without = [{key: value for key, value in row.items() if key != "style_distance"} for row in reversed(rows)]
    assert len(pictures.guide_picture(without).axes) == 2
    assert data_of(pictures.guide_picture(without), 0)[0][0] == temperatures


def test_an_inline_picture_takes_its_colours_from_the_page() -> None:
    def drawn(alt: str) -> str:
        return pictures.inline_svg(pictures.loss_curve(realistic_curves()["held_out"], 2), alt)

    svg = drawn('loss "3 < 4"')
    assert svg == drawn('loss "3 < 4"')
    assert svg.startswith('<svg class="plot" viewBox="0 0 ')
    assert 'aria-label="loss &#34;3 &lt; 4&#34;"' in svg
    assert not re.search(r"#[0-9a-fA-F]{6}\b|<style|<\?xml|DOCTYPE|metadata", svg)
    assert {"var(--line-0)", "var(--quiet)", "var(--ink)", "var(--line)"} <= set(re.findall(r"var\([\w-]+\)", svg))
    assert ">held-out songs</text>" in svg
    ids = [set(re.findall(r' id="(.*?)"', text)) for text in (svg, drawn("another"))]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_runs_differ_by_more_than_colour() -> None:
    assert len(set(pictures.LINES)) == len(set(pictures.MARKERS)) == len(pictures.LINES)
    rows = [[{"epoch": 0, "val_loss": 4.0}, {"epoch": 1, "val_loss": None}], [], [{"epoch": 0, "val_loss": 3.0}]]
    drawn = pictures.runs_curve(rows, "val_loss", "Loss")
    assert data_of(drawn, 0) == [([0.0], [4.0]), ([0.0], [3.0])]
    assert drawn.axes[0].lines[1].get_color() == pictures.LINES[2]


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
