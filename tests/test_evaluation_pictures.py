"""The pictures of an evaluation draw the figures they are given, and take their colours from the page."""

import re

from matplotlib.figure import Figure

from lyric_lm.evaluation import pictures
from tests.figures import realistic, realistic_curves


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
