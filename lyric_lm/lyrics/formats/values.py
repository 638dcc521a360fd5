r"""Make a song's record of the fields that a file keeps it in, whatever is in them.

A mapping goes in (a row of a table, an object of a JSON file); a record comes out: a dict of plain strings with
``lyrics`` and, where the mapping says so, ``title`` and ``artist``. Nothing is cleaned.
"""

import re
from collections.abc import Mapping
from typing import Any

from lyric_lm.lyrics.formats.keys import Record, fields, normal
from lyric_lm.lyrics.timed import is_lrc, lrc_lyrics

_HALF_EMOJI = re.compile("[\ud800-\udfff]")
_LIST_IN_QUOTES = re.compile(r"""\[\s*(["'])(.*?)\1\s*[,\]]""")
_LINE_KEYS = ("words", "line", "text", "lyric", "lyrics")
_PART_NAME = re.compile(
    r"(?i)(verse|chorus|bridge|intro|outro|hook|refrain|pre.?chorus|post.?chorus|stanza|part|section)[\s_-]*\d*"
)


def record(values: Mapping[Any, Any], of: Mapping[str, list[Any]] | None = None) -> Record:
    r"""Make a record of the fields of one song; empty when none of them holds lyrics. ``of`` is what ``fields`` said.

    >>> record({"Song": 1999, "Lyric": "Row on", "primary_artist": {"name": "Ada"}})
    {'lyrics': 'Row on', 'title': '1999', 'artist': 'Ada'}
    >>> record({"title": "Sea", "lyrics": None}), record({"title": "Sea"})
    ({'lyrics': '', 'title': 'Sea'}, {})
    """
    of = of or fields(values)
    found = [text for name in of["lyrics"] if (text := lyrics_of(values.get(name))) is not None]
    if not found:
        return {}
    made = {"lyrics": next(filter(None, found), "")}
    for part in ("title", "artist"):
        value = next(filter(None, (name_of(values.get(name), normal(name)) for name in of[part])), "")
        if value:
            made[part] = value
    return made


def name_of(value: object, key: str = "") -> str:
    """Return a title or an artist as one line of text: of an object its name, of a list the first, of a link its end.

    >>> name_of({"name": "Ada"}), name_of([{"name": "Ada"}, "Ben"]), name_of("['Ada', 'Ben']"), name_of(1999.0)
    ('Ada', 'Ada', 'Ada', '1999')
    >>> name_of("/robert-burns/", "alink"), name_of(None), name_of(True)
    ('Robert Burns', '', '')
    """
    for _ in range(3):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = next((v for k, v in value.items() if normal(k) in ("name", "title", "artist")), None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    text = " ".join(plain(value).split())
    if re.fullmatch(r"-?\d+\.0", text):  # what pandas makes of whole numbers beside a gap
        text = text[:-2]
    if match := _LIST_IN_QUOTES.match(text):
        text = match[2]
    if key in ("alink", "artistlink"):
        text = text.rstrip("/").rpartition("/")[2].replace("-", " ").title()
    return text


def lyrics_of(value: object) -> str | None:
    r"""Return lyrics as text, from text, lines, stanzas of lines or stamped lines; None where they are none of these.

    >>> lyrics_of(["Row on", "row home"]), lyrics_of([["Row on"], ["row", "home"]])
    ('Row on\nrow home', 'Row on\n\nrow\nhome')
    >>> lyrics_of({"verse 1": "Row on", "chorus": ["Oh"]}), lyrics_of({"lines": [{"words": "Row", "time": "1"}]})
    ('Row on\n\nOh', 'Row')
    >>> lyrics_of(None), lyrics_of("Row on\\nrow home\\nrow"), lyrics_of({"dtype": "string"}), lyrics_of(True)
    ('', 'Row on\nrow home\nrow', None, None)
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return _written_lines(plain(value))
    if isinstance(value, list):
        return _joined(value)
    if isinstance(value, dict):
        if value and all(_PART_NAME.fullmatch(key) for key in value):
            return _joined([part if isinstance(part, list) else [part] for part in value.values()])
        of = fields(value)
        inner = (
            [] if of["title"] else of["lyrics"] or [key for key in value if normal(key) in ("lines", "plain", "synced")]
        )
        texts = [value[key] for key in inner if isinstance(value[key], str | list)]
        return lyrics_of(texts[0]) if texts else None
    return None


def _joined(parts: list[Any]) -> str | None:
    lines: list[str] = []
    for part in parts:
        if isinstance(part, dict):  # a stamped line; with a title of its own it is a song
            texts = [part[key] for key in _LINE_KEYS if isinstance(part.get(key), str)]
            if not texts or "\n" in texts[0] or fields(part)["title"]:
                return None
            lines.append(texts[0])
        elif isinstance(part, list):
            if not all(isinstance(line, str) for line in part):
                return None
            lines += ["", *part] if lines else part
        elif isinstance(part, str):
            lines.append(part)
        elif part is not None:
            return None
    are_stanzas = any("\n" in line.strip() for line in lines)
    return plain(("\n\n" if are_stanzas else "\n").join(line.rstrip("\r\n") for line in lines))


def _written_lines(text: str) -> str:
    r"""Give a text its line ends: those written out as a backslash and an n, and those that time stamps mark."""
    if "\\n" in text and "\n" not in text and text.count("\\n") > 1:
        text = text.replace("\\r\\n", "\n").replace("\\n", "\n")
    if "[" in text[:300] and re.search(r"^\s*\[(?:\d+:\d|[a-z]+:)", text[:300], re.MULTILINE) and is_lrc(text):
        return lrc_lyrics(text)
    return text


def plain(text: str) -> str:
    r"""Give a text its ``\n`` line ends, and drop halves of emoji, with which no file can be written.

    >>> plain("Row \ud83don\r\nrow")
    'Row on\nrow'
    """
    return _HALF_EMOJI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
