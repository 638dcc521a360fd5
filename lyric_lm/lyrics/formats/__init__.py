r"""Read the songs of one file, whatever its format: by its content first, by its ending only where that is silent.

A file's bytes and its name go in; its records come out, with a line for each part that could not be read. Nothing is
cleaned here, and nothing but this one file is looked at.
"""

from dataclasses import dataclass, field
from pathlib import PurePath

from lyric_lm.lyrics.encoding import decode
from lyric_lm.lyrics.formats.heading import song_under_heading
from lyric_lm.lyrics.formats.json_records import parse_json
from lyric_lm.lyrics.formats.json_values import is_json
from lyric_lm.lyrics.formats.keys import Record
from lyric_lm.lyrics.formats.kinds import is_columnar, real_ending, why_not_songs, why_not_text
from lyric_lm.lyrics.formats.table import ENDINGS as TABLE_ENDINGS
from lyric_lm.lyrics.formats.table import is_table, parse_table
from lyric_lm.lyrics.formats.text import parse_text
from lyric_lm.lyrics.timed import is_lrc, is_subtitles, lrc_lyrics, lrc_tags, subtitle_lyrics

__all__ = ["Parsed", "Record", "parse"]

_JSON_ENDINGS = (".json", ".jsonl", ".ndjson", ".jsonlines")


@dataclass(frozen=True)
class Parsed:
    """What a file holds.

    A record is a dict with ``lyrics`` and, where the file says so, ``title`` and ``artist``. A problem is one
    line about a part that could not be read while the rest was.
    """

    records: list[Record]
    problems: list[str] = field(default_factory=list)


def parse(data: bytes, name: PurePath) -> Parsed:
    r"""Recognise a file's format and read its songs.

    >>> parse(b"artist,title,lyrics\nAda,Sea,Row on\n", PurePath("songs.dat")).records
    [{'lyrics': 'Row on', 'title': 'Sea', 'artist': 'Ada'}]
    >>> parse(b'{"title": "Sea", "lyrics": "Row on"}', PurePath("songs.txt")).records
    [{'lyrics': 'Row on', 'title': 'Sea'}]

    Raises:
        ValueError: the reason why no song can be read from it.
    """
    try:
        parsed = _parse(data, name)
    except ValueError as error:
        raise ValueError(_one_line(str(error))) from error
    if not parsed.records:
        raise ValueError(_one_line(parsed.problems[0]) if parsed.problems else "no songs in it")
    return Parsed(parsed.records, [_one_line(problem) for problem in parsed.problems])


def _parse(data: bytes, name: PurePath) -> Parsed:
    if is_columnar(data):
        from lyric_lm.lyrics.formats.arrow import parse_arrow

        return Parsed(*parse_arrow(data))
    if reason := why_not_text(data):
        raise ValueError(reason)
    text = decode(data)
    ending = real_ending(name)
    stem = name.stem if ending else name.name
    if is_json(text):
        return Parsed(*parse_json(text))
    if is_lrc(text):
        return Parsed([song_under_heading(lrc_lyrics(text), stem) | lrc_tags(text)])
    if is_subtitles(text):
        return Parsed([song_under_heading(subtitle_lyrics(text), stem)])
    if ending in TABLE_ENDINGS or is_table(text):
        return Parsed(*parse_table(text))
    if ending in _JSON_ENDINGS:
        if text.lstrip()[:1] in ("{", "["):
            return Parsed(*parse_json(text))
        raise ValueError("not JSON: it begins with neither { nor [; if it is plain lyrics, name it .txt")
    if reason := why_not_songs(text, name):
        raise ValueError(reason)
    return Parsed(parse_text(text, stem))


def _one_line(message: str) -> str:
    r"""Make a message that quotes a file one that can be shown: what cannot be printed becomes a mark.

    >>> _one_line("no lyrics column among \x1b, a\nb")
    'no lyrics column among �, a�b'
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in message[:500])
