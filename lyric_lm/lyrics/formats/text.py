"""Plain text as song records: one song, or many with something between them.

A file's text and its name without ending go in; records come out, in order. Lyrics are untouched: only what stands
between songs and above them is taken off, so ``[Song 1: Sea]`` goes and ``[Verse 1]`` stays.
"""

import re
from collections import defaultdict

from lyric_lm.lyrics.formats.heading import label_of, song_below_title, song_under_heading
from lyric_lm.lyrics.formats.keys import Record
from lyric_lm.lyrics.formats.structure import MOST, Part, are_titles, n_lines, songs_by_structure, with_titles
from lyric_lm.lyrics.names import artist_of_export

# What programs put between songs: LyricsGenius, and those who trained models on them.
_NUMBERED = re.compile(r"^[ \t]*\[(?:Song|Track) \d+:[ \t]*(?P<title>.*)\][ \t]*$", re.MULTILINE)
_MARKER = re.compile(r"<\|(?:start|end)oftext\|>|\[(?:BOS|EOS)\]|<(?:BOS|EOS)>")
_S_MARKER = re.compile(r"^[ \t]*</?s>|</s>[ \t]*$", re.MULTILINE)
# What people put between them, with the title in it.
_TITLED_RULE = re.compile(
    r"^[ \t]*(?P<kind>([-=*#~_+])\2+)[ \t]*(?P<title>(?!\2)\S[^\n]{0,150}?)[ \t]*\2{2,}[ \t]*$", re.MULTILINE
)
_MARKDOWN = re.compile(r"^(?P<kind>#{1,3})[ \t]+(?P<title>[^\s#][^\n]{0,150}?)[ \t#]*$", re.MULTILINE)
_EDGE_RULE = re.compile(r"\n[ \t]*([-=*#~_+])(?:[ \t]*\1){2,}\s*\Z")

MAX_HEADING = 4  # lines above the first title that can be a file's own heading and not a song


def parse_text(text: str, stem: str) -> list[Record]:
    r"""Read a text file; ``stem`` is its name without ending, and the title of a single song that has no other.

    >>> parse_text("O'er the Sea\n\nRow on\n", "oer_the_sea")
    [{'lyrics': '\nRow on\n', 'title': "O'er the Sea"}]
    >>> parse_text("Row on\nRow home\n", "oer_the_sea")
    [{'lyrics': 'Row on\nRow home\n', 'title': 'oer the sea'}]
    >>> [record["lyrics"] for record in parse_text("one<|endoftext|>two", "all")]
    ['one', 'two']
    >>> parse_text("[Song 1: Sea [Live]]\nRow on\n\n[Song 2: Tea]\nTea for two", "Lyrics_AdaLark")[0]
    {'lyrics': 'Row on', 'title': 'Sea [Live]', 'artist': 'Ada Lark'}
    """
    artist = artist_of_export(stem)
    parts = _by_number(text) or _by_marker(text) or _by_label(text) or _by_titled_line(text)
    parts = parts or songs_by_structure(text, stem)
    records = [_record(*part) for part in parts if part[0] or part[1].strip()] or [song_under_heading(text, stem)]
    return [record if "artist" in record or not artist else record | {"artist": artist} for record in records]


def _record(title: str, text: str) -> Record:
    """Read one song of many, whose title may be known, and may be said again above it."""
    text = _EDGE_RULE.sub("", text.strip("\n"))
    label = label_of(text.partition("\n")[0])
    if label and label[0] == "title":
        title = label[1]
    record = song_below_title(text, title) if title else song_under_heading(text)
    return record | {"lyrics": record["lyrics"].strip("\n")}


def _by_number(text: str) -> list[Part]:
    """Cut at ``[Song 1: Title]``; a single one counts at the top only."""
    marks = list(_NUMBERED.finditer(text))
    return _cut(text, marks) if len(marks) > 1 or (marks and not text[: marks[0].start()].strip()) else []


def _by_marker(text: str) -> list[Part]:
    """Cut at ``<|endoftext|>`` and its like; ``<s>`` counts around several lines, as it also strikes words out."""
    if _MARKER.search(text):
        return with_titles(_MARKER.split(text))
    around = re.findall(r"^[ \t]*<s>([^<]*)</s>[ \t]*$", text, re.MULTILINE)
    is_marked = bool(around) and len(around) == text.count("<s>") and all("\n" in part.strip() for part in around)
    return with_titles(_S_MARKER.split(text)) if is_marked else []


def _by_label(text: str) -> list[Part]:
    """Cut above each block of lines such as ``Artist: Ada`` that gives a title."""
    starts: list[int] = []
    titles: list[str] = []
    position = block = 0
    was_label = False
    for line in text.split("\n"):
        label = label_of(line)
        if label and not was_label:
            block = position
        if label and label[0] == "title" and block not in starts[-1:]:
            starts.append(block)
            titles.append(label[1])
        was_label = label is not None
        position += len(line) + 1
    if len(starts) < 2 or not are_titles(titles):
        return []
    starts = starts if n_lines(text[: starts[0]]) <= MAX_HEADING else [0, *starts]
    return [("", text[start:end]) for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _by_titled_line(text: str) -> list[Part]:
    """Cut at ``=== Title ===`` or ``# Title``; of Markdown's levels the first that has several."""
    kinds: defaultdict[str, list[re.Match[str]]] = defaultdict(list)
    for mark in (*_MARKDOWN.finditer(text), *_TITLED_RULE.finditer(text)):
        kinds[mark["kind"]].append(mark)
    for marks in kinds.values():
        parts = _cut(text, marks)
        is_long = sum(n_lines(part) > 2 for _, part in parts) >= MOST * len(parts)
        if len(marks) > 1 and is_long and are_titles([mark["title"] for mark in marks]):
            return parts
    return []


def _cut(text: str, marks: list[re.Match[str]]) -> list[Part]:
    """Cut a text at marks that hold titles; what stands above the first is a song too, unless it is a few lines."""
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    parts = [(mark["title"].strip(), text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]
    above = text[: marks[0].start()]
    return parts if n_lines(above) <= MAX_HEADING else [("", above), *parts]
