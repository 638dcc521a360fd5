r"""Show what cleaning changed in a text, line by line, with the changed characters marked.

Two texts in, marked lines out, as data (``marked_lines``) for the pages of the report or as text for the screen
(``difference``). Characters that print nothing are written by their number, since they are often all that changed.
"""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from itertools import groupby
from typing import NamedTuple

from lyric_lm.errors import InputError
from lyric_lm.lyrics.song import Song, fold

_PRINTS_NOTHING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
_JOINERS = "\u200c\u200d"
_RED, _GREEN, _REVERSED, _END = "\x1b[31m", "\x1b[32m", "\x1b[7m", "\x1b[0m"
_MOST_TOKENS = 5_000  # of two texts without a line in common; comparing them word by word takes the square of that


class Part(NamedTuple):
    """A stretch of a line that is all changed or all the same."""

    text: str
    is_changed: bool


class MarkedLine(NamedTuple):
    """A line of a text before (``-``), after (``+``) or both (space)."""

    sign: str
    parts: list[Part]


def marked_lines(before: str, after: str) -> list[MarkedLine]:
    r"""Return the lines of two texts in reading order, old ones before the new ones that take their place.

    >>> for line in marked_lines("Row on\nRow home3Embed", "Row on\nRow home"):
    ...     print(line.sign, *line.parts)
      Part(text='Row on', is_changed=False)
    - Part(text='Row home', is_changed=False) Part(text='3Embed', is_changed=True)
    + Part(text='Row home', is_changed=False)
    """
    old, new = before.split("\n"), after.split("\n")
    lines: list[MarkedLine] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [MarkedLine(" ", [Part(line, False)]) for line in old[i:j]]
        elif tag == "replace":
            # Of as many lines as before, each stands beside its own successor.
            blocks = (
                zip(old[i:j], new[k:m], strict=True) if j - i == m - k else [("\n".join(old[i:j]), "\n".join(new[k:m]))]
            )
            for here, there in blocks:
                removed, added = _changed_characters(here, there)
                lines += _as_lines("-", removed) + _as_lines("+", added)
        else:
            lines += [MarkedLine("-", [Part(line, True)]) for line in old[i:j]]
            lines += [MarkedLine("+", [Part(line, True)]) for line in new[k:m]]
    return lines


def visible(part: Part) -> str:
    r"""Return a part's text with characters that print nothing, or like a plain space, as their numbers.

    Joiners inside words and emoji, which Persian and Hindi are spelt with, are so written only where they changed,
    accents apart from their letters only where that is the change.

    >>> visible(Part("lo\u200bve\u00a0me", False)), visible(Part("\u200c", True)), visible(Part("\u200c", False))
    ('lo‹U+200B›ve‹U+00A0›me', '‹U+200C›', '\u200c')
    >>> visible(Part("e\u0301", True))
    'e‹U+0301›'
    """
    is_apart = part.is_changed and unicodedata.normalize("NFC", part.text) != part.text
    plain = " " if part.is_changed else " " + _JOINERS
    kinds = _PRINTS_NOTHING | {"Mn"} if is_apart else _PRINTS_NOTHING
    return "".join(
        f"‹U+{ord(char):04X}›" if char not in plain and unicodedata.category(char) in kinds else char
        for char in part.text
    )


def difference(
    before: str, after: str, title: str, counts: Mapping[str, int] | None = None, colour: bool = False
) -> str:
    r"""Return one song before and after cleaning as text for the screen.

    Args:
        before: the song as it was read.
        after: the song as it was kept.
        title: what to write on top.
        counts: how often each rule changed something.
        colour: mark by colours of a terminal instead of by ``^``.

    >>> print(difference("Row on\nRow home3Embed", "Row on\nRow home", "Sea Song", {"embed_tail": 1}))
    Sea Song
    embed tail 1
    <BLANKLINE>
      Row on
    - Row home3Embed
    ?         ^^^^^^
    + Row home
    """
    told = ", ".join(f"{rule.replace('_', ' ')} {count}" for rule, count in (counts or {}).items())
    head = [title, told or ("nothing to clean" if before == after else "only empty lines and spaces changed"), ""]
    return "\n".join(head + difference_lines(before, after, colour))


def difference_lines(before: str, after: str, colour: bool = False) -> list[str]:
    r"""Return the lines of two texts led by ``-``, ``+`` or a space, what changed within a line marked below it.

    >>> difference_lines("Row on<br>", "Row on")
    ['- Row on<br>', '?       ^^^^', '+ Row on']
    """
    lines: list[str] = []
    for sign, parts in marked_lines(before, after):
        shown = [Part(visible(part), part.is_changed) for part in parts]
        if colour and sign != " ":
            tint = _RED if sign == "-" else _GREEN
            marked = "".join(f"{_REVERSED}{text}{_END}{tint}" if changed else text for text, changed in shown)
            lines.append(f"{tint}{sign} {marked}{_END}")
            continue
        lines.append(f"{sign} {''.join(part.text for part in shown)}".rstrip())
        if len({part.is_changed for part in shown if part.text}) == 2:  # a line that is all new needs no marks
            marks = "".join(("^" if part.is_changed else " ") * _width(part.text) for part in shown)
            lines.append(f"? {marks}".rstrip())
    return lines


def find_song(songs: list[Song], query: str) -> Song:
    """Return the one song that a query means: its source, its title, or a part of its title.

    >>> sea, shore = Song("The Sea", "Ada", "", "sea.txt"), Song("Shore", "Ada", "", "shore.txt")
    >>> find_song([sea, shore], "the sea") == find_song([sea, shore], "SEA") == find_song([shore, sea], "sea.txt")
    True

    Raises:
        InputError: no song is meant, or several are; names them, or those with the nearest titles.
    """
    wanted = _key(query)
    ways = (
        [song for song in songs if song.source == query],
        [song for song in songs if _key(song.title) == wanted],
        [song for song in songs if wanted and wanted in _key(song.title)],
    )
    found = next(filter(None, ways), [])
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"diff={query} means {len(found)} songs: {_listed(found)}; give diff=SOURCE, as in brackets")
    titles = {_key(song.title): song for song in reversed(songs)}
    near = difflib.get_close_matches(wanted, titles, n=5, cutoff=0.5)
    nearest = f"; the nearest: {_listed([titles[title] for title in near])}" if near else ""
    raise InputError(f"diff={query} is not among the {len(songs)} songs, by title or by source{nearest}")


def _changed_characters(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """Split two texts into parts that they share and parts that they do not.

    Words are compared whole, and a space alone is nothing in common, so that unlike lines are not cut to shreds;
    of words that differ only the letters between a common beginning and a common end are marked.
    """
    old, new = (re.findall(r"\w+|\W", text) for text in (before, after))
    if len(old) + len(new) > _MOST_TOKENS:
        return [Part(before, True)], [Part(after, True)]
    removed: list[Part] = []
    added: list[Part] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(str.isspace, old, new, autojunk=False).get_opcodes():
        here, there = "".join(old[i:j]), "".join(new[k:m])
        start, end = (len(here), 0) if tag == "equal" else _common_ends(here, there)
        for parts, text in ((removed, here), (added, there)):
            parts += [Part(text[:start], False), Part(text[start : len(text) - end], True)]
            parts += [Part(text[len(text) - end :], False)]
    return removed, added


def _common_ends(one: str, other: str) -> tuple[int, int]:
    """Return how many characters two texts share at the beginning and, of the rest, at the end.

    >>> _common_ends("lovely", "lively"), _common_ends("aa", "aaa"), _common_ends("", "x")
    ((1, 4), (2, 0), (0, 0))
    """
    most = min(len(one), len(other))
    start = next((n for n in range(most) if one[n] != other[n]), most)
    most -= start
    return start, next((n for n in range(most) if one[-1 - n] != other[-1 - n]), most)


def _as_lines(sign: str, parts: list[Part]) -> list[MarkedLine]:
    """Cut parts at line ends; a changed line end itself has nothing to mark."""
    lines: list[list[Part]] = [[]]
    for text, is_changed in parts:
        first, *others = text.split("\n")
        lines[-1].append(Part(first, is_changed))
        lines += [[Part(other, is_changed)] for other in others]
    return [MarkedLine(sign, _joined(line)) for line in lines]


def _joined(parts: list[Part]) -> list[Part]:
    """Join neighbours of a kind and leave out empty ones; an empty line keeps one part."""
    groups = groupby((part for part in parts if part.text), key=lambda part: part.is_changed)
    return [Part("".join(part.text for part in group), changed) for changed, group in groups] or [Part("", False)]


def _width(text: str) -> int:
    """Return how many columns a terminal takes for a text: wide letters take two, accents on others none."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 or char in _JOINERS for char in text)


def _key(title: str) -> str:
    return fold(title) or title.strip().casefold()


def _listed(songs: list[Song]) -> str:
    shown = ", ".join(f"{song.title} ({song.source})" for song in songs[:5])
    return f"{shown} and {len(songs) - 5} more" if len(songs) > 5 else shown
