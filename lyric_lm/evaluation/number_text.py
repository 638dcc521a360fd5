"""Write numbers for a reader: shares, figures, intervals, the values on an axis. Numbers go in, text comes out."""

from collections.abc import Callable, Sequence

NOTHING = "–"


def percent(share: float | None) -> str:
    """Write a share with two digits that say something.

    >>> [percent(share) for share in (0.5, 0.0312, 0.00042, 0.0, 1.0, None)]
    ['50\xa0%', '3.1\xa0%', '0.042\xa0%', '0\xa0%', '100\xa0%', '–']
    """
    if share is None:
        return NOTHING
    digits = 0 if share == 0 or share >= 0.0995 else 1 if share >= 0.000995 else 3
    return f"{100 * share:.{digits}f}\xa0%"


def figure(value: float | None) -> str:
    """Write a number with about three digits.

    >>> [figure(value) for value in (3.14159, 0.0421, 12, 12345.6, -0.5, None)]
    ['3.14', '0.042', '12', '12,346', '−0.50', '–']
    """
    if value is None:
        return NOTHING
    size = abs(value)
    whole = size >= 100 or float(value).is_integer()
    written = f"{value:,.0f}" if whole else f"{value:.{1 if size >= 10 else 2 if size >= 0.1 else 3}f}"
    return written.replace("-", "−")


def tick(value: float, form: Callable[[float | None], str]) -> str:
    """Write a round value on an axis, without the zeros that figures in a column share."""
    return f"{100 * value:g}\xa0%" if form is percent else f"{value:,g}".replace("-", "−")


def between(interval: Sequence[float] | None, form: Callable[[float | None], str] = figure) -> str:
    """Write an interval, nothing where there is none."""
    return "" if interval is None else f"{form(interval[0])} to {form(interval[1])}"
