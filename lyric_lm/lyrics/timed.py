r"""Timed text as plain lyrics: ``.lrc`` files here, and subtitles by way of ``subtitles.py``.

A file's text goes in; its lines come out in the order in which they are sung, without stamps and tags, with an
empty line between stanzas. Section labels such as ``[Chorus]`` stay, because cleaning decides about them. Times
are used for order and for stanza breaks only; ``[offset:]`` moves all of them alike.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from lyric_lm.lyrics.song import fold
from lyric_lm.lyrics.subtitles import STANZA_GAP, is_subtitles, join_stanzas, lines_of, subtitle_lyrics

__all__ = ["is_lrc", "is_subtitles", "lrc_lyrics", "lrc_tags", "subtitle_lyrics"]

_CLOCK = r"(?:(\d{1,2}):(?=\d+:\d+[.,]))?(\d{1,3}):(\d{1,2})(?:[.:,](\d{1,3}))?"  # hh:mm:ss.xx, mm:ss.xx, mm:ss:xx
_STAMP = re.compile(rf"\[{_CLOCK}\]")
_LEADING_STAMPS = re.compile(r"\s*(?:\[\d{1,3}(?::\d{1,2}){1,2}(?:[.,]\d{1,3})?\]\s*)+")
_ANY_STAMP = re.compile(r"[\[<]\d{1,3}(?::\d{1,2}){1,2}(?:[.,]\d{1,3})?[\]>]")
_TAG_NAME = (
    r"\[[ \t]*(ti|ar|al|au|by|length|offset|re|ve|tool|#|la|lang|language|id|lr|encoding|hash|sign|qq|total|kana"
    r"|title|artist|album)[ \t]*:"
)
_TAG = re.compile(rf"{_TAG_NAME}(.*?)\][ \t]*(?=\[[ \t]*[a-z#]+[ \t]*:|$)", re.IGNORECASE)
_SINGER = re.compile(r"([FMD]|[男女合])[:：]\s*")  # Walaoke: female, male, duet


@dataclass
class _Line:
    """A stamped line with the unstamped ones that follow it, the times it is sung at, its stanza's number."""

    times: list[float]
    stanza: int
    texts: list[str]


def is_lrc(text: str) -> bool:
    r"""Say whether a text is timed: stamps lead a third of its lines or more, or tags are there as well.

    >>> is_lrc("[ti:Sea]\n[00:12.00]Row on"), is_lrc("[00:12.00]Row on\n[00:15.00]Row home")
    (True, True)
    >>> is_lrc("[Verse 1]\nRow on\n[Chorus]\nRow home"), is_lrc("[3:16]\nRow on\nRow home")
    (False, False)
    """
    lines = [line for line in lines_of(text) if line.strip()]
    n_stamped = sum(bool(_LEADING_STAMPS.match(line)) for line in lines)
    n_tags = sum(len(_tags(line)) for line in lines)
    return (n_tags > 0 and n_tags + n_stamped > 1) or (n_stamped > 1 and 3 * n_stamped >= len(lines))


def lrc_tags(text: str) -> dict[str, str]:
    r"""Return the title and the artist that the tags of an ``.lrc`` name.

    >>> lrc_tags("[ti:Sea [Live]]\n[AR: Ada Lark]\n[al:]\n[00:12.00]Row on")
    {'title': 'Sea [Live]', 'artist': 'Ada Lark'}
    """
    names = {"ti": "title", "title": "title", "ar": "artist", "artist": "artist"}
    tags = [tag for line in lines_of(text) for tag in _tags(line)]
    return {names[name]: value for name, value in tags if name in names and value}


def lrc_lyrics(text: str) -> str:
    r"""Return an ``.lrc``'s lines in the order of their times.

    A line with several stamps stands at each of them. An unstamped line follows the line it stands under.
    Empty stamped lines end a stanza, as do unstamped ones, unless they part every line from the next.

    >>> lrc_lyrics("[00:20.00][00:05.00]Row on\n[00:10.00]<00:10.00>Ro<00:10.50>wing <00:11.00>home\n[00:15.00]")
    'Row on\nRowing home\n\nRow on'

    Raises:
        ValueError: the stamps repeat lines until the song is ten times as long as the file.
    """
    head, lines = _stamped(text)
    if sum(len(line.times) * sum(map(len, line.texts)) for line in lines) > 10 * len(text) + 10_000:
        raise ValueError("broken time stamps: one line stands at too many times")
    if len({line.stanza for line in lines}) == len(lines) > 2:  # double spacing, not stanzas
        lines = [_Line(line.times, 0, line.texts) for line in lines]
    places = sorted(((time, line) for line in lines for time in line.times), key=lambda place: place[0])
    n_sung = sum(line.texts != [""] for _, line in places)
    n_cleared = sum(one.texts != [""] and other.texts == [""] for (_, one), (_, other) in pairwise(places[:-1]))
    is_cleared_often = n_cleared > max(1, 0.6 * (n_sung - 1))  # some files blank the screen after every line
    first: dict[int, _Line] = {}
    last: dict[int, _Line] = {}
    for line in lines:
        first.setdefault(line.stanza, line)
        last[line.stanza] = line
    sung = list(head)
    for number, (time, line) in enumerate(places):
        following = places[number + 1][0] if number + 1 < len(places) else time
        if line.texts == [""]:
            sung += [] if is_cleared_often and following - time < STANZA_GAP else [""]
            continue
        before = places[number - 1][1] if number else None
        is_again = len(line.times) > 1 and line is first[line.stanza] and before is last[line.stanza] and before != line
        if (before and before.stanza != line.stanza) or is_again:
            sung.append("")
        sung += line.texts
    return join_stanzas(_without_singers(_without_heading(sung, lrc_tags(text))))


def _tags(line: str) -> list[tuple[str, str]]:
    """Return the tags of a line that holds nothing else, names in lower case."""
    tags, end = [], 0
    line = line.strip()
    while tag := _TAG.match(line, end):
        tags.append((tag[1].lower(), tag[2].strip()))
        end = tag.end()
    return tags if end == len(line) else []


def _stamped(text: str) -> tuple[list[str], list[_Line]]:
    """Read the lines of an ``.lrc``: those before the first stamp, and the stamped ones."""
    head: list[str] = []
    lines: list[_Line] = []
    stanza = 0
    for line in lines_of(text):
        if not line.strip():
            stanza += bool(lines) and lines[-1].stanza == stanza
        elif stamps := _LEADING_STAMPS.match(line):
            times = dict.fromkeys(map(_seconds, _STAMP.finditer(line, 0, stamps.end())))
            lines.append(_Line(list(times), stanza, [_without_word_stamps(line[stamps.end() :])]))
        elif not _tags(line):
            sung = _without_word_stamps(line)
            if lines:
                lines[-1].texts += [sung] if lines[-1].stanza == stanza else ["", sung]
            else:
                head.append(sung)
    return head, lines


def _seconds(stamp: re.Match[str]) -> float:
    hours, minutes, seconds, fraction = stamp.groups(default="0")
    return 3600 * int(hours) + 60 * int(minutes) + int(seconds) + int(fraction) / 10 ** len(fraction)


def _without_word_stamps(line: str) -> str:
    """Take out stamps inside a line; a space stays where one stood on either side, so syllables grow together."""
    words: list[str] = []
    is_apart = False
    for piece in _ANY_STAMP.split(line):
        if piece.strip():
            words += [" "] if words and (is_apart or piece[0].isspace()) else []
            words.append(piece.strip())
            is_apart = piece[-1].isspace()
        else:
            is_apart = is_apart or bool(piece)
    return "".join(words)


def _without_singers(lines: list[str]) -> list[str]:
    """Take out who sings (``F:``, ``M:``, ``D:``), where the file says so for two of them or in half its lines."""
    singers = [found[1] for line in lines if (found := _SINGER.match(line))]
    if len(set(singers)) > 1 or 2 * len(singers) >= sum(map(bool, lines)) > 1:
        return [_SINGER.sub("", line, count=1) if _SINGER.match(line) else line for line in lines]
    return lines


def _without_heading(lines: list[str], tags: dict[str, str]) -> list[str]:
    """Take out a first line ``Title - Artist`` that says again what the tags say."""
    title, artist = fold(tags.get("title", "")), fold(tags.get("artist", ""))
    if lines and title and artist and fold(lines[0]) in (f"{title} {artist}", f"{artist} {title}"):
        return lines[1:]
    return lines
