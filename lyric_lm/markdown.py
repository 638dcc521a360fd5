"""Tables as Markdown that can be read as they are."""

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells, the first with the headings, in columns of even width.

    >>> print(table([["model", "loss"], ["gpt2", "3.2"]]))
    | model | loss |
    |-------|------|
    | gpt2  | 3.2  |
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
