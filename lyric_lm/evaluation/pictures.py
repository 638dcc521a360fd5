"""Draw what an evaluation measured: loss and copying by epoch, the trade-off of sampling, runs over each other.

Rows of plain data go in, matplotlib figures come out; ``inline_svg`` turns one into markup that takes its colours
from the page it stands in. No display is needed.
"""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lyric_lm.curves import BLUE, GREY, NATS, ORANGE

Rows = Sequence[Mapping[str, Any]]

LINES = (BLUE, ORANGE, "#2f855a", "#805ad5", "#b83280", "#b7791f", "#0987a0", "#4a5568")
MARKERS = "osD^vPX*"  # as many as LINES, so that no line is told by its colour alone

# What the colours are called on a page; it has two sets of them, light and dark.
_ON_PAGE = {colour: f"var(--line-{n})" for n, colour in enumerate(LINES)}
_ON_PAGE |= {GREY: "var(--quiet)", "#b0b0b0": "var(--line)", "#000000": "var(--ink)"}

# Key of a row of the guide, and the title of its panel.
_TRADE_OFF = {
    "share_4": "Copied: 4 words in a row",
    "noise": "Noise: songs that are no language",
    "style_distance": "Distance from the artist's style",
}


def loss_curve(held_out: Rows, best_epoch: int | None) -> Figure:
    """Draw the held-out loss by epoch from the untrained model on, with the training loss where it is known."""
    figure = _figure(1)
    _losses(figure.axes[0], held_out, best_epoch)
    return figure


def originality_curve(
    rows: Rows, own: Mapping[str, float] | None, best_epoch: int | None, held_out: Rows = ()
) -> Figure:
    """Draw how much of the samples stands in training songs, by epoch, above the held-out loss where it is given.

    Args:
        rows: ``epoch``, ``share_4`` and ``share_6`` (0-1) of the samples after each epoch.
        own: the same shares of the artist's held-out songs, as a dashed line: that much a song shares by itself.
        best_epoch: marked; None where there is none.
        held_out: ``epoch``, ``val_loss`` and ``train_loss`` (nats per token, may be None).
    """
    figure = _figure(2 if held_out else 1)
    axes = figure.axes[0]
    epochs = [row["epoch"] for row in rows]
    for key, how in (("share_6", "o-"), ("share_4", "s:")):
        axes.plot(epochs, [row[key] for row in rows], how, color=ORANGE, label=f"samples, {key[-1]} words in a row")
        if own is not None and own[key] is not None:
            dashes = "--" if key == "share_6" else ":"
            axes.axhline(own[key], color=BLUE, ls=dashes, lw=1.2, label=f"the artist's own, {key[-1]} words")
    _mark_epoch(axes, best_epoch)
    axes.set_title("Word sequences found in training songs", loc="left", fontsize=11)
    _percent(axes)
    axes.legend(frameon=False, fontsize=8.5)
    if held_out:
        _losses(figure.axes[1], held_out, best_epoch)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.axes[-1].set_xlabel("epoch (0: untrained)")
    return figure


def guide_picture(rows: Rows, own: Mapping[str, float] | None = None) -> Figure:
    """Draw copying, noise and style over the temperature, a line for each way to cut the distribution.

    Args:
        rows: ``temperature``, ``top_k``, ``top_p``, ``min_p`` (None: not set), and any of ``share_4``, ``noise``,
            ``style_distance`` (0-1).
        own: the artist's own figures under the same names, as dashed lines.
    """
    panels = [key for key in _TRADE_OFF if any(row.get(key) is not None for row in rows)]
    figure = Figure(figsize=(3.1 * len(panels), 3.3), layout="constrained")
    for place, key in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place)
        for n, (cut, lines) in enumerate(_by_cut(rows).items()):
            points = sorted((row["temperature"], row[key]) for row in lines if row.get(key) is not None)
            colour, marker = LINES[n % len(LINES)], MARKERS[n % len(MARKERS)]
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, ms=5, label=cut if place == 1 else None)
        if own is not None and own.get(key) is not None:
            axes.axhline(own[key], color=GREY, ls="--", lw=1.2, label="the artist's own" if place == 1 else None)
        axes.set_title(_TRADE_OFF[key], loc="left", fontsize=10)
        axes.set_xlabel("temperature")
        axes.set_xticks(sorted({row["temperature"] for row in rows}))
        if key == "style_distance":
            axes.set_ylim(0, 1)
        else:
            _percent(axes)
        _plain(axes)
    figure.legend(loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    return figure


def runs_curve(runs: Sequence[Rows], key: str, title: str) -> Figure:
    """Draw one figure of several runs by epoch, the n-th in colour and marker n; the page has to name them."""
    figure = _figure(1)
    axes = figure.axes[0]
    for n, rows in enumerate(runs):
        points = [(row["epoch"], row[key]) for row in rows if row[key] is not None]
        if points:
            colour, marker = LINES[n % len(LINES)], MARKERS[n % len(MARKERS)]
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, ms=5)
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel("epoch (0: untrained)")
    if key.startswith("share"):
        _percent(axes)
    else:
        axes.set_ylabel(NATS)
    return figure


def line_key(n: int) -> Figure:
    """Draw how run n looks in ``runs_curve``, for the page to name it."""
    figure = Figure(figsize=(0.48, 0.2))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.plot([0, 1, 2], [0, 0, 0], color=LINES[n % len(LINES)], marker=MARKERS[n % len(MARKERS)], ms=6, markevery=[1])
    return figure


def inline_svg(figure: Figure, alt: str) -> Markup:
    """Return a figure as an ``<svg>`` to stand in a page: text as text, colours from the page, no clashing ids.

    Args:
        figure: drawn in ``LINES``, grey and black only.
        alt: what the picture says, with its figures; also makes the ids differ between pictures.
    """
    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": alt}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    svg = file.getvalue()
    view = re.search(r'viewBox="[^"]*"', svg)
    assert view is not None  # matplotlib always writes it
    svg = svg[svg.index(">", svg.index("<svg")) + 1 :]
    svg = re.sub(r"<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    used = set(re.findall(r"(?:href=\"|url\()#([\w.-]+)", svg))
    svg = re.sub(r' id="([\w.-]+)"', lambda match: match[0] if match[1] in used else "", svg)
    svg = re.sub(r"(font: [\d.]+px) [^;\"]*", r"\1 system-ui, sans-serif", svg)
    svg = re.sub(r"#[0-9a-f]{6}\b", lambda match: _ON_PAGE.get(match[0], match[0]), svg.replace("xlink:href", "href"))
    return Markup(f'<svg class="plot" {view[0]} role="img" aria-label="{escape(alt)}">{svg}')


def _figure(n_panels: int) -> Figure:
    figure = Figure(figsize=(5.0, 3.3 if n_panels == 1 else 5.6), layout="constrained")
    first = None
    for place in range(n_panels):
        first = figure.add_subplot(n_panels, 1, place + 1, sharex=first)
        _plain(first)
        first.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure


def _plain(axes: Axes) -> None:
    axes.grid(alpha=0.4)
    axes.spines[["top", "right"]].set_visible(False)


def _losses(axes: Axes, held_out: Rows, best_epoch: int | None) -> None:
    for key, how, colour, name in (
        ("train_loss", "s--", GREY, "training songs"),
        ("val_loss", "o-", BLUE, "held-out songs"),
    ):
        points = [(row["epoch"], row[key]) for row in held_out if row.get(key) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), how, color=colour, ms=5, label=name)
    _mark_epoch(axes, best_epoch)
    axes.set_title("Loss", loc="left", fontsize=11)
    axes.set_xlabel("epoch (0: untrained)")
    axes.set_ylabel(NATS)
    axes.legend(frameon=False, fontsize=8.5)


def _mark_epoch(axes: Axes, best_epoch: int | None) -> None:
    if best_epoch is not None:
        axes.axvline(best_epoch, color=GREY, lw=6, alpha=0.25, label=f"the model kept: epoch {best_epoch}")


def _percent(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    axes.set_ylim(bottom=0)


def _by_cut(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of each way to cut the distribution, as a reader types it."""
    cuts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        # top_k=0 and top_p=1 cut nothing off
        set_ones = [f"{key}={row[key]:g}" for key in ("top_k", "top_p", "min_p") if row.get(key) not in (None, 0, 1)]
        cuts.setdefault(" ".join(set_ones) or "uncut", []).append(row)
    return cuts
