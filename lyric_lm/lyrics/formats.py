"""One function per file format: the file's text in, its song records out. Nothing is cleaned here.

A record is a dict with ``lyrics`` and, where the file says so, ``title`` and ``artist``. A function raises
``ValueError`` when the text is not of its format, in words that can be shown as the reason for skipping.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from lyric_lm.lyrics.song import fold

# The names under which dumps keep each field, in order of preference (LyricsGenius, the usual Kaggle sets).
LYRICS_KEYS = ("lyrics", "lyric", "text", "lyrics_text", "song_lyrics")
TITLE_KEYS = ("title", "song", "song_title", "track", "track_name", "song_name", "sname", "name")
ARTIST_KEYS = ("artist", "artist_name", "band_singer", "singer", "primary_artist", "band", "artists")

SONG_SEPARATORS = ("<|endoftext|>", "<|startoftext|>")

Record = dict[str, str]


def parse_text(text: str, stem: str) -> list[Record]:
    """Read a text file: one song, or several that stand between ``<|endoftext|>`` markers.

    A first line that repeats the file's name is the title and not part of the lyrics.

    >>> parse_text("O'er the Sea\\n\\nRow on\\n", "oer_the_sea")
    [{'lyrics': '\\nRow on\\n', 'title': "O'er the Sea"}]
    >>> parse_text("Row on\\nRow home\\n", "oer_the_sea")
    [{'lyrics': 'Row on\\nRow home\\n', 'title': 'oer the sea'}]
    >>> [r["lyrics"] for r in parse_text("one<|endoftext|>two", "all")]
    ['one', 'two']
    """
    if any(separator in text for separator in SONG_SEPARATORS):
        for separator in SONG_SEPARATORS:
            text = text.replace(separator, "\0")
        return [{"lyrics": part.strip("\n")} for part in text.split("\0") if part.strip()]
    title = " ".join(stem.replace("_", " ").split())
    first, _, rest = text.lstrip().partition("\n")
    if _letters(first) and _letters(first) == _letters(title):
        return [{"lyrics": rest, "title": first.strip()}]
    return [{"lyrics": text, "title": title}]


def _letters(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)  # macOS keeps file names decomposed
    return "".join(c for c in fold(composed) if c.isalnum())


def parse_table(text: str) -> list[Record]:
    """Read CSV or TSV with a header row; the delimiter is whichever of ``, ; tab |`` the header uses most.

    >>> parse_table('Artist;Title;Lyric\\nAda;Sea;"Row on\\nrow home"\\n')
    [{'lyrics': 'Row on\\nrow home', 'title': 'Sea', 'artist': 'Ada'}]
    >>> parse_table("a,b\\n1,2\\n")
    Traceback (most recent call last):
    ValueError: no lyrics column among a, b; name it one of lyrics, lyric, text, lyrics_text, song_lyrics
    """
    header = text.lstrip("\n").partition("\n")[0]
    delimiter = max(",;\t|", key=header.count)
    csv.field_size_limit(len(text) + 1)
    # strict: a quote left open would swallow the rest of the file as one song
    source = io.StringIO(text.lstrip("\n"), newline="")
    rows = csv.DictReader(source, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    try:
        names = [name or "" for name in rows.fieldnames or ()]
    except csv.Error as error:
        raise ValueError(f"broken CSV in the header: {error}") from error
    if not any(name.strip().lower() in LYRICS_KEYS for name in names):
        allowed = ", ".join(LYRICS_KEYS)
        raise ValueError(f"no lyrics column among {', '.join(names)}; name it one of {allowed}")
    records: list[Record] = []
    start = rows.line_num + 1  # of the row to come
    try:
        for row in rows:
            if any(extra.strip() for extra in row.get(None, ())):
                raise csv.Error(f"more fields than the header's {len(names)}; put lyrics with {delimiter!r} in quotes")
            if record := _record(row):
                records.append(record)
            start = rows.line_num + 1
    except csv.Error as error:
        raise ValueError(f"broken CSV in the row that begins on line {start}: {error}") from error
    return records


def is_table(text: str) -> bool:
    """Say whether the first line is a header with a lyrics column and at least one more.

    >>> is_table("artist,song,link,text\\n..."), is_table("Text of a song, and so on\\n")
    (True, False)
    """
    header = text.lstrip("\n").partition("\n")[0]
    names = [name.strip(' "').lower() for name in header.split(max(",;\t|", key=header.count))]
    return len(names) > 1 and any(name in LYRICS_KEYS for name in names)


def parse_json(text: str) -> list[Record]:
    """Read a JSON file: LyricsGenius artist (``songs``), album (``tracks``) or song, or a list of records.

    >>> parse_json('{"name": "Ada", "songs": [{"title": "Sea", "lyrics": "Row on"}]}')
    [{'lyrics': 'Row on', 'title': 'Sea', 'artist': 'Ada'}]
    >>> parse_json('{"artist": "Ada", "tracks": [{"number": 1, "song": {"title": "Sea", "lyrics": "Row"}}]}')
    [{'lyrics': 'Row', 'title': 'Sea', 'artist': 'Ada'}]
    """
    try:
        body = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"broken JSON: {error}") from error
    return list(_json_records(body, artist=""))


def _json_records(body: Any, artist: str) -> Iterable[Record]:
    """Yield the records of a parsed JSON value; ``artist`` is the name that the enclosing object gave."""
    if isinstance(body, list):
        for item in body:
            yield from _json_records(item, artist)
    elif isinstance(body, dict):
        if isinstance(body.get("songs"), list):  # a LyricsGenius artist: its own name is its songs' artist
            name = _plain(body.get("name")) or _plain(body.get("artist")) or artist
            yield from _json_records(body["songs"], name)
        elif isinstance(body.get("tracks"), list):  # a LyricsGenius album
            name = _plain(body.get("artist")) or artist
            for track in body["tracks"]:
                yield from _json_records(track.get("song", track) if isinstance(track, dict) else track, name)
        elif record := _record(body):
            yield {**record, "artist": artist} if artist else record


def parse_jsonl(text: str) -> list[Record]:
    """Read JSON Lines: one record a line; ``ValueError`` names the first line that is not one.

    >>> parse_jsonl('{"lyrics": "Row on", "song": "Sea"}\\n')
    [{'lyrics': 'Row on', 'title': 'Sea'}]
    """
    records: list[Record] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                records.extend(_json_records(json.loads(line), artist=""))
            except (json.JSONDecodeError, RecursionError) as error:
                raise ValueError(f"line {number} is not JSON: {error}") from error
    return records


def _record(fields: dict[Any, Any]) -> Record:
    """Pick lyrics, title and artist out of one row or object; empty when it has no lyrics field."""
    lowered = {str(key).strip().lower(): value for key, value in fields.items() if key is not None}
    record = {}
    for name, keys in (("lyrics", LYRICS_KEYS), ("title", TITLE_KEYS), ("artist", ARTIST_KEYS)):
        value = next((_plain(lowered[key]) for key in keys if _plain(lowered.get(key))), "")
        if value:
            record[name] = value
    if "lyrics" not in record and not any(key in lowered for key in LYRICS_KEYS):
        return {}
    return {"lyrics": "", **record}


def _plain(value: Any) -> str:
    """Return a field as text: the API gives an artist as an object with a name. Halves of emoji are dropped."""
    if isinstance(value, dict):
        value = value.get("name")
    return re.sub("[\ud800-\udfff]", "", value) if isinstance(value, str) else ""


def parse(text: str, path: PurePath) -> list[Record]:
    """Recognise a file's format from its content and read it.

    Raises:
        ValueError: the reason why no song can be read from it.
    """
    start = text.lstrip()[:1]
    is_chords = path.suffix.lower() in (".txt", ".text") and re.match(r"\s*\{[^\s\"}]", text)  # {Chorus}, {title: Sea}
    if start in ("{", "[") and not is_chords:
        first_line = text.lstrip().partition("\n")[0].rstrip()
        if start == "{" and first_line.endswith("}") and "\n" in text.strip():
            return parse_jsonl(text)
        if start == "{" or path.suffix.lower() == ".json" or _is_json(text):
            return parse_json(text)  # a song in .txt may start with "[Verse 1]"
    if path.suffix.lower() in (".csv", ".tsv") or is_table(text):
        return parse_table(text)
    if path.suffix.lower() not in (".txt", ".text", ""):
        raise ValueError(f"not a song format: {path.suffix}")
    return parse_text(text, path.stem)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    return True
