"""A text that noise is put on, line by line: each line knows whether it is sung, so that noise is put in the
right places and only sung lines get their letters changed."""

from random import Random
from typing import NamedTuple

from tests.noise.songs import Clean


class Line(NamedTuple):
    """A line of an export. An empty one that is not sung is a break between stanzas."""

    text: str
    sung: bool = False


Lines = list[Line]
BREAK = Line("")

# People, places and songs that do not exist.
PEOPLE = ("Tilda Marrow", "Amos Varley", "Bette Prout", "J. R. Tanner", "Zoë Lindqvist", "O. Carne & W. Dunn")


def lines_of(song: Clean) -> Lines:
    """Take a clean song apart."""
    return [Line(text, sung=True) if text else BREAK for text in song.lyrics.split("\n")]


def text_of(lines: Lines) -> str:
    """Put the lines together again."""
    return "\n".join(line.text for line in lines)


def breaks(lines: Lines) -> list[int]:
    """Return where sung stanzas meet: the places of empty lines with sung ones on both sides."""
    inside = range(1, len(lines) - 1)
    return [i for i in inside if lines[i] == BREAK and lines[i - 1].sung and lines[i + 1].sung]


def joints(lines: Lines) -> list[int]:
    """Return the places before which something can be put inside a stanza: between two sung lines."""
    return [i for i in range(1, len(lines)) if lines[i - 1].sung and lines[i].sung]


def pick(places: list[int], rng: Random, most: int) -> list[int]:
    """Choose one to ``most`` places, last first, so that putting something in does not move the others."""
    return sorted(rng.sample(places, min(len(places), rng.randint(1, most))), reverse=True)


def put(lines: Lines, start: int, end: int, new: Lines) -> Lines:
    """Return the lines with ``new`` in the place of those from ``start`` to before ``end``."""
    return lines[:start] + new + lines[end:]


def put_at_break(lines: Lines, place: int, noise: list[str], rng: Random) -> Lines:
    """Put lines where two stanzas meet: below the first, above the second, or alone between two empty lines."""
    new = [Line(text) for text in noise]
    both = rng.choice(([*new, BREAK], [BREAK, *new], [BREAK, *new, BREAK]))
    return put(lines, place, place + 1, both)


def put_at_end(lines: Lines, noise: list[str], rng: Random) -> Lines:
    """Put lines below the last one, mostly after an empty line."""
    gap = [BREAK] * rng.choice((0, 1, 1, 2))
    return [*lines, *gap, *(Line(text) for text in noise)]


def put_at_start(lines: Lines, noise: list[str], rng: Random) -> Lines:
    """Put lines above the first one, mostly before an empty line."""
    gap = [BREAK] * rng.choice((0, 1, 1))
    return [*(Line(text) for text in noise), *gap, *lines]


def glue(line: Line, before: str = "", after: str = "") -> Line:
    """Write noise on to a line without a space."""
    return Line(before + line.text + after, line.sung)
