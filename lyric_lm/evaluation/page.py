"""Show an evaluation as a page to read: one HTML file that needs nothing from anywhere else, without scripts.

The plain data of ``metrics.json`` goes in with the curves and the songs to show, text comes out. The templates
beside this file say what stands where. Whatever came from songs or models is escaped, so that it shows as it is.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lyric_lm.curves import BITS, NATS
from lyric_lm.evaluation import marks, pictures, scales
from lyric_lm.evaluation.marks import SETS
from lyric_lm.evaluation.number_text import between, figure, percent, tick

SIGNS = {"yes": "✓", "partly": "◐", "no": "✗", "unknown": "?"}
MOST_SONGS = 5  # of the hardest, and of the easiest


def report_page(metrics: dict[str, Any], curves: dict[str, Any], songs: list[dict[str, Any]]) -> str:
    """Return the page of one evaluated run.

    Args:
        metrics: the content of ``metrics.json``.
        curves: ``held_out`` and ``originality``, rows by epoch, either may be empty; ``own``, the artist's shares, or
            None; ``best_epoch``, or None.
        songs: the samples to show, in this order, with the ``spans`` that stand in training songs.
    """
    originality = metrics["originality"]["sets"]
    return _render(
        "report.html.j2",
        **metrics,
        curves=curves,
        shown=songs,
        scales={
            "learned": scales.learned(metrics),
            "original": scales.original(metrics),
            "in_style": scales.in_style(metrics),
        },
        pictures=_pictures(metrics, curves),
        features=_features(metrics["style"]["features"]),
        copied=[
            {"name": name, "what": what, "form": form, "strips": marks.strips(_per_song(originality, key))}
            for key, form, name, what in (
                ("longest_run", figure, "longest copied run", "words in a row"),
                ("share_4", percent, "sequences of 4 words", "share of a song’s that stand in training songs"),
                ("share_6", percent, "sequences of 6 words", "share of a song’s that stand in training songs"),
            )
        ],
        words=[
            {"label": row["word"], "values": {name: row.get(name) for name in SETS}}
            for row in metrics["style"]["favourite_words"]
        ],
        schemes=_schemes(metrics["style"]["rhyme_schemes"]),
        hardest=_hardest(metrics["held_out"]["songs"]),
    )


def compare_page(runs: list[dict[str, Any]], same_tokenizer: bool, together: dict[str, Any]) -> str:
    """Return the page of several runs side by side, evaluated or not.

    Args:
        runs: each a ``label``, the ``run`` as it is typed, its ``summary``, ``metrics`` or None, and ``curves`` as for
            ``report_page``, or None; the rows of ``held_out`` have ``bits_per_byte`` too, which may be None.
        same_tokenizer: whether all models cut text into the same tokens; only then are their losses comparable, and
            else the curves are drawn in bits per byte.
        together: what the runs say together (``comparison.findings``).
    """
    evaluated = [one for one in runs if one["metrics"] is not None]
    curves = [one["curves"] or {"held_out": [], "originality": []} for one in runs]
    losses = ("val_loss", "Held-out loss", NATS) if same_tokenizer else ("bits_per_byte", "Held-out loss", BITS)
    drawn: dict[str, Markup | None] = {"held_out": None, "originality": None}
    for part, (key, title, unit) in (
        ("held_out", losses),
        ("originality", ("share_6", "Copied: 6 words in a row", "share of the samples’ sequences")),
    ):
        rows = [one[part] for one in curves]
        if any(rows):
            told = [f"{run['label']}: {_by_epoch(one, key)}" for run, one in zip(runs, rows, strict=True) if one]
            figure = pictures.runs_curve(rows, key, title)
            figure.axes[0].set_ylabel(unit)
            drawn[part] = pictures.inline_svg(figure, f"{title} by epoch, {unit}. {'; '.join(told)}.")
    return _render(
        "compare.html.j2",
        runs=runs,
        same_tokenizer=same_tokenizer,
        together=together,
        scales=[(name, scale) for name, scale in scales.compared(evaluated) if scale],
        pictures=drawn,
        keys=[pictures.inline_svg(pictures.line_key(n), f"line {n + 1}") for n in range(len(runs))],
    )


def marked_text(text: str, spans: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any] | None]]:
    """Cut a text at its spans; return the parts in order, each with its span or None. Of overlaps the first wins.

    >>> two = [{"start": 0, "end": 3}, {"start": 7, "end": 9}]
    >>> [(part, span is not None) for part, span in marked_text("Row on, my lad", two)]
    [('Row', True), (' on,', False), (' m', True), ('y lad', False)]
    """
    parts: list[tuple[str, Mapping[str, Any] | None]] = []
    done = 0
    for span in sorted(spans, key=lambda span: (span["start"], -span["end"])):
        start, end = max(span["start"], done), min(span["end"], len(text))
        if start >= end:
            continue
        if start > done:
            parts.append((text[done:start], None))
        parts.append((text[start:end], span))
        done = end
    return [*parts, (text[done:], None)] if done < len(text) else parts


def _render(template: str, **data: Any) -> str:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("lyric_lm.evaluation", ""), PackageLoader("lyric_lm.lyrics", "")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": percent,
        "figure": figure,
        "words": lambda name: name.replace("_", " "),
        "pick": _pick,
        "any": any,
    }
    environment.globals |= {
        "between": between,
        "percent": percent,
        "figure": figure,
        "marked_text": marked_text,
        "axis": marks.axis,
        "ticks": marks.ticks,
        "tick": tick,
        "SETS": SETS,
        "SIGNS": SIGNS,
    }
    return environment.get_template(template).render(**data)


def _pictures(metrics: dict[str, Any], curves: dict[str, Any]) -> dict[str, Markup | None]:
    drawn: dict[str, Markup | None] = {"loss": None, "originality": None, "guide": None}
    best = curves["best_epoch"]
    if curves["held_out"]:
        alt = f"Held-out loss by epoch, in nats per token: {_by_epoch(curves['held_out'], 'val_loss')}."
        drawn["loss"] = pictures.inline_svg(pictures.loss_curve(curves["held_out"], best), alt)
    if curves["originality"]:
        alt = f"Sequences of 6 words found in training songs, by epoch: {_by_epoch(curves['originality'], 'share_6')}"
        alt += "." if curves["own"] is None else f"; the artist’s own: {percent(curves['own']['share_6'])}."
        picture = pictures.originality_curve(curves["originality"], curves["own"], best)
        drawn["originality"] = pictures.inline_svg(picture, alt)
    if metrics["guide"]:
        alt = "By temperature, copying (4 words in a row), noise, and distance from the artist's style. " + "; ".join(
            f"temperature {row['temperature']:g}, top_k {figure(row.get('top_k'))}, top_p {figure(row['top_p'])}, "
            f"min_p {figure(row['min_p'])}: "
            f"{percent(row.get('share_4'))} copied, {percent(row.get('noise'))} noise, "
            f"distance {figure(row.get('style_distance'))}"
            for row in metrics["guide"]
        )
        distances = [feature["distance"]["train"] for feature in metrics["style"]["features"].values()]
        known = [distance for distance in distances if distance is not None]
        own = {**(curves["own"] or {}), "style_distance": fmean(known) if known else None}
        drawn["guide"] = pictures.inline_svg(pictures.guide_picture(metrics["guide"], own), alt)
    return drawn


def _by_epoch(rows: pictures.Rows, key: str) -> str:
    form = percent if key.startswith("share") else figure
    return ", ".join(f"{form(row[key])} at epoch {row['epoch']}" for row in rows if row[key] is not None)


def _features(features: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the measures of style with their drawings, those first in which the samples are furthest off."""
    drawn = [
        {
            "name": name,
            **one,
            "strips": marks.strips(one["sets"]),
            "form": percent if one["unit"] == "share" else figure,
        }
        for name, one in features.items()
    ]
    return sorted(drawn, key=lambda one: -(one["distance"]["samples"] or 0))


def _pick(values: dict[str, float | None], names: Sequence[str]) -> list[float]:
    return [value for name in names if (value := values.get(name)) is not None]


def _per_song(sets: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: one and marks.spread_of([song[key] for song in one["songs"]]) for name, one in sets.items()}


def _schemes(schemes: dict[str, Any]) -> list[dict[str, Any]]:
    known = {name: one for name, one in schemes.items() if one is not None}
    names = list(dict.fromkeys(scheme for one in known.values() for scheme in one if scheme != "other"))
    if any("other" in one for one in known.values()):
        names.append("other")
    most = sorted(names, key=lambda name: (name == "other", -max(one.get(name, 0) for one in known.values())))
    shown = [*most[:12], *(["other"] if "other" in most[12:] else [])]
    return [{"label": name, "values": {key: one.get(name, 0.0) for key, one in known.items()}} for name in shown]


def _hardest(songs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the ends of a list of songs, hardest first, for a picture of their loss before and after."""
    ends = songs if len(songs) <= 2 * MOST_SONGS else [*songs[:MOST_SONGS], *songs[-MOST_SONGS:]]
    return [{"label": one["title"], "values": {"samples": one["loss"], "base": one["base_loss"]}} for one in ends]
