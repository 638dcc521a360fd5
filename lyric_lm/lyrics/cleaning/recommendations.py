r"""The rule about recommended songs: the titles and artists that a lyrics page prints below "You might also like".

They look like verse to a machine; what tells them is that they are written like names, or stand in several songs.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise

from lyric_lm.lyrics.cleaning.labels import read_label
from lyric_lm.lyrics.cleaning.page import ALSO_LIKE, BUTTON
from lyric_lm.lyrics.titles import base_title

_LINE = re.compile(r"[^\n]*\n?")
_MOST_BUTTONS = 50  # in one song; a page has one a stanza


def recommendations(text: str, known: Collection[str] = ()) -> tuple[str, int]:
    r"""Drop the block of three recommended songs (a title and an artist each) below "You might also like".

    The six lines must look like names, not like verse; ``known`` are pairs found below that button in
    several songs (see ``recommended``), and settle it where the songs themselves are written In Title Case.

    >>> text = "Row on\nYou might also like\nBlue Jar\nThe Kites\nSalt\nAda Lark\nEmber Days\nNo Harbour\nRow home"
    >>> recommendations(text)
    ('Row on\nYou might also like\n\nRow home', 1)
    """
    count = 0
    buttons = list(BUTTON.finditer(text)) if ALSO_LIKE in text else []
    for button in reversed(buttons[:_MOST_BUTTONS]):
        block = _block(text, button.end())
        if block and _is_recommended(block[0], text, known):
            text = (text[: button.end()] + "\n\n" + text[block[1] :]).rstrip("\n")  # it stands between stanzas
            count += 1
    return text, count


def recommended(songs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the pairs "title\\nartist" that stand below "You might also like" in more than one song, and only there.

    ``songs`` are titles and lyrics; versions of one song, which share their lines, count once.
    """
    songs = list(songs)
    below: defaultdict[str, set[int]] = defaultdict(set)
    for number, (_, text) in enumerate(songs):
        if ALSO_LIKE in text:
            for button in BUTTON.finditer(text):
                if block := _block(text, button.end()):
                    for pair in _pairs(block[0]):
                        below[pair].add(number)
    anywhere: defaultdict[str, set[int]] = defaultdict(set)
    for number, (_, text) in enumerate(songs if below else []):
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        for pair in map("\n".join, pairwise(lines)):
            if pair in below:
                anywhere[pair].add(number)
    return frozenset(
        pair
        for pair, numbers in below.items()
        if len({base_title(songs[number][0]) for number in numbers}) > 1 and anywhere[pair] <= numbers
    )


def _block(text: str, start: int) -> tuple[list[str], int] | None:
    """Return the six non-blank lines from a place on, and where they end; None if there are fewer."""
    lines: list[str] = []
    for match in _LINE.finditer(text, start):
        line = match[0].strip()
        if line:
            lines.append(line)
        if len(lines) == 6:
            return lines, match.end()
    return None


def _pairs(lines: list[str]) -> list[str]:
    return [f"{title}\n{artist}" for title, artist in zip(lines[::2], lines[1::2], strict=True)]


def _is_recommended(lines: list[str], text: str, known: Collection[str]) -> bool:
    if any(len(line) > 80 or line[0] in "[" or line[-1] in ",;:" for line in lines):
        return False
    if any(ALSO_LIKE in line or read_label(line, starts_stanza=False) for line in lines):
        return False
    n_known = sum(pair in known for pair in _pairs(lines))
    if n_known >= 2:
        return True
    others = [line.strip() for line in text.split("\n") if line.strip() and line.strip() not in lines]
    if not others or len(set(lines)) < 5 or sum(text.count(f"\n{line}") for line in lines) > 7:
        return False  # lines that the song sings elsewhere too
    has_case = all(map(_has_case, others))
    beginnings = [c for line in others if (c := line.lstrip("'\"’‘“(")[:1]).isalpha()]
    begin_large = sum(c.isupper() for c in beginnings) > 0.8 * len(beginnings)
    is_named = [
        (_is_name(line) if _has_case(line) else has_case)
        or ((begin_large or not has_case) and line[0].islower() and len(line.split()) <= 6)
        for line in lines
    ]
    if has_case and sum(map(_is_name, others)) > 0.5 * len(others):
        return n_known == 1 and sum(is_named) >= 4
    return sum(is_named[1::2]) >= 2 and sum(is_named) >= 4 - n_known


def _has_case(line: str) -> bool:
    return any(c.isupper() or c.islower() for c in line) or not any(c.isalpha() for c in line)


def _is_name(line: str) -> bool:
    """Say whether a line is written like the name of a song or an artist: most words begin with a capital."""
    found = re.findall(r"[^\W_][^\W_'’.]*", line)
    small = {
        "a",
        "an",
        "and",
        "at",
        "by",
        "de",
        "del",
        "feat",
        "for",
        "from",
        "ft",
        "in",
        "la",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
        "x",
        "y",
    }
    weighty = [word for word in found if word.lower() not in small and not word[0].isdigit()]
    n_capital = sum(not word[0].islower() for word in weighty)
    return bool(weighty) and n_capital >= 0.8 * len(weighty) and (line[-1] != "." or len(weighty) <= 2)
