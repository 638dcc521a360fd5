"""Place the marks of the small pictures that the templates draw: scales, rows of marks, strips of dots.

Figures of the sets go in, plain data with coordinates comes out. Coordinates are those of the drawings'
view box, in which ``LEFT`` to ``RIGHT`` is the width of the axis.
"""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.ticker import MaxNLocator

# The sets in the order they are shown, and what a reader calls them.
SETS = {
    "samples": "samples",
    "held_out": "held-out songs",
    "base": "untrained model",
    "train": "training songs",
}
MOST_DOTS = 150  # of one strip; more are thinned to as many evenly spaced quantiles
_COLUMN, _APART, _TALLEST = 4.0, 3.0, 7.0  # of a strip: width of a column of dots, between dots, half its height


class Axis(NamedTuple):
    """A range of values and where it is drawn."""

    low: float
    high: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """Return where a value is drawn; what lies beyond the range is drawn at its end.

        >>> axis = Axis(0.5, 1.0, 10, 110)
        >>> [axis.at(value) for value in (0.5, 0.75, 1.0, 2.0)]
        [10.0, 60.0, 110.0, 110.0]
        """
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.left + share * (self.right - self.left), 1)


def axis(
    values: Sequence[float], left: float, right: float, low: float | None = None, high: float | None = None
) -> Axis:
    """Return the axis that holds all values with some room, or ends where it is told to."""
    least, most = min(values), max(values)
    room = 0.08 * (most - least) or 0.08 * abs(most) or 0.01
    return Axis(least - room if low is None else low, most + room if high is None else high, left, right)


def ticks(axis: Axis, n: int = 3) -> list[float]:
    """Return round values inside the axis, about ``n``.

    >>> ticks(Axis(0.0, 10.0, 0, 100))
    [0.0, 5.0, 10.0]
    """
    values = MaxNLocator(nbins=n, steps=[1, 2, 2.5, 5, 10]).tick_values(axis.low, axis.high)
    return [round(float(value), 10) for value in values if axis.low <= value <= axis.high]


def swarm(places: Sequence[float]) -> list[tuple[float, float]]:
    """Return where to draw dots at the given x: side by side in columns, so that none hides all others.

    >>> swarm([1.0, 1.2, 9.0, 1.4])
    [(1.0, 0.0), (1.2, 3.0), (1.4, -3.0), (9.0, 0.0)]
    """
    columns: dict[int, list[float]] = {}
    for x in sorted(places):
        columns.setdefault(round(x / _COLUMN), []).append(x)
    dots = []
    for column in columns.values():
        apart = min(_APART, 2 * _TALLEST / max(1, len(column) - 1))
        for n, x in enumerate(column):
            dots.append((x, round((n + 1) // 2 * apart * (1 if n % 2 else -1), 1) + 0.0))
    return dots


def thinned(values: Sequence[float]) -> list[float]:
    """Return at most ``MOST_DOTS`` values that are spread as all of them are, in order."""
    ordered = sorted(values)
    if len(ordered) <= MOST_DOTS:
        return ordered
    return [ordered[round(n * (len(ordered) - 1) / (MOST_DOTS - 1))] for n in range(MOST_DOTS)]


def strips(sets: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Place one measure of several sets: a strip of dots each, 10th to 90th percentile, and median.

    The axis holds the sets' percentiles and the dots near them; dots far out are drawn at its ends.

    Args:
        sets: by name of the set its ``values`` (one per song, may be None), ``median``, ``p10`` and ``p90``.

    Returns:
        ``axis``; ``rows`` with the ``path`` of dots and the places of the percentiles. None where no set
        has a value.
    """
    told = {name: one for name in SETS if (one := sets.get(name)) is not None and one["median"] is not None}
    if not told:
        return None
    values = {name: [value for value in one["values"] if value is not None] for name, one in told.items()}
    everything = [value for one in values.values() for value in one] + [one["median"] for one in told.values()]
    reach = max(max(one["p90"] - one["p10"] for one in told.values()), 1e-9)
    low = max(min(everything), min(one["p10"] for one in told.values()) - 0.5 * reach)
    high = min(max(everything), max(one["p90"] for one in told.values()) + 0.5 * reach)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    scale = Axis(low, high, 72, 236)
    rows = [
        {
            "set": name,
            "path": "".join(f"M{x:g} {y:g}h0" for x, y in swarm([scale.at(v) for v in thinned(values[name])])),
            "p10": scale.at(one["p10"]),
            "median": scale.at(one["median"]),
            "p90": scale.at(one["p90"]),
            "value": one["median"],
            "n": one["n"],
        }
        for name, one in told.items()
    ]
    return {"axis": scale, "rows": rows}


def spread_of(values: Sequence[float | None]) -> dict[str, Any]:
    """Return what ``strips`` needs to know of some values.

    >>> spread_of([4, None, 2, 3])["median"], spread_of([])["median"]
    (3, None)
    """
    known = sorted(value for value in values if value is not None)
    if not known:
        return {"n": 0, "median": None, "p10": None, "p90": None, "values": []}
    tenths = statistics.quantiles(known, n=10, method="inclusive") if len(known) > 1 else known * 9
    return {"n": len(known), "median": statistics.median(known), "p10": tenths[0], "p90": tenths[-1], "values": known}
