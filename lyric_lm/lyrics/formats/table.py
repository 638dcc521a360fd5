r"""Read a table with a header: CSV, TSV and whatever else stands between the columns.

A file's text goes in; the records of its rows come out, and a line for each row that could not be read, with the
number of the line on which it begins. A row that is broken costs itself alone: reading goes on at the next line
that is a whole row. Tables without a header are not read, because nothing says which column is sung.
"""

import csv
import re
from collections.abc import Iterator

from lyric_lm.lyrics.formats.keys import ALLOWED, ARTIST_KEYS, OTHER_KEYS, TITLE_KEYS, Record, fields, normal
from lyric_lm.lyrics.formats.values import record

ENDINGS = (".csv", ".tsv", ".tab", ".psv")

csv.field_size_limit(2**31 - 1)  # for the whole process: a song of more than the default 128 kB is no error

_USUAL = ",\t;|^~:"  # the first of them where the header does not tell
_IN_NAMES = " \"'_-.()[]{}&/\\"  # no delimiters
_KNOWN = frozenset({*TITLE_KEYS, *ARTIST_KEYS, *OTHER_KEYS})
_LONGEST_ROW = 5000  # lines; a row of more is an open quote that swallows the file
_SLACK = 40_000_000  # characters read in vain, beyond three times the file, after which reading stops
_PRICE = 2000  # what one attempt costs, in characters
_MOST_PROBLEMS = 20


def is_table(text: str) -> bool:
    r"""Say whether the first line is a header: a lyrics column, and another whose name is known.

    >>> is_table("artist,song,link,text\n..."), is_table("Text of a song, and so on\n"), is_table("Song: Lyrics\n")
    (True, False, False)
    """
    header = next((line for line in text[:20_000].split("\n") if line.strip()), "")
    delimiter, names = _header(header)
    of = fields(names)
    others = [normal(name) for name in names if name not in of["lyrics"]]
    is_sure = len(names) > 2 or delimiter != ":"  # "Song: Lyrics" may be a heading
    return bool(of["lyrics"]) and is_sure and len(set(names)) == len(names) and not _KNOWN.isdisjoint(others)


def parse_table(text: str) -> tuple[list[Record], list[str]]:
    r"""Read a table: its records, and what could not be read.

    >>> parse_table('Artist;Title;Lyric\nAda;Sea;"Row on\nrow home"\n')
    ([{'lyrics': 'Row on\nrow home', 'title': 'Sea', 'artist': 'Ada'}], [])
    >>> parse_table('artist,lyrics\nAda,"Row on\nAda,Tea\n')[1]
    ['row that begins on line 2: a quote is open, or not doubled in quotes']

    Raises:
        ValueError: no column holds lyrics.
    """
    lines = [line + "\n" for line in text.split("\n")]
    start, delimiter, names = _find_header(lines)
    of = fields(names)
    records: list[Record] = []
    problems: list[str] = []
    n_broken = 0
    for number, row in _rows(lines, start + 1, delimiter, len(names)):
        if isinstance(row, str):
            n_broken += 1
            if n_broken <= _MOST_PROBLEMS:
                problems.append(f"row that begins on line {number + 1}: {row}")
        elif any(cell.strip() for cell in row):
            records.append(record(dict(zip(names, row, strict=False)), of))
    if n_broken > _MOST_PROBLEMS:
        problems.append(f"{n_broken - _MOST_PROBLEMS} more broken rows")
    return records, problems


def _find_header(lines: list[str]) -> tuple[int, str, list[str]]:
    """Return the number, the delimiter and the names of the first of the top lines that names a lyrics column."""
    top = [(n, line) for n, line in enumerate(lines[:20]) if line.strip()]
    for n, line in top:
        delimiter, names = _header(line)
        if fields(names)["lyrics"]:
            return n, delimiter, [name if name not in names[:at] else "" for at, name in enumerate(names)]
    names = _header(top[0][1])[1] if top else []
    shown = ", ".join(name[:40] for name in names[:10]) + (", …" if len(names) > 10 else "")
    raise ValueError(f"no lyrics column among {shown}; name it {ALLOWED} or the like in a header row")


def _header(line: str) -> tuple[str, list[str]]:
    """Split a header by the character that makes the most known names of it.

    >>> _header('"artist"^"title"^"lyrics, in full"')
    ('^', ['artist', 'title', 'lyrics, in full'])
    """
    line = line.strip(" \n")[:10_000]
    marks = sorted({c for c in line if not (c.isalnum() or c in _IN_NAMES)} - set(_USUAL))
    splits = [(mark, _split(line, mark)) for mark in (*_USUAL, *marks)]
    return max(splits, key=lambda split: (sum(map(_is_known, split[1])), len(split[1])))


def _is_known(name: str) -> bool:
    return normal(name) in _KNOWN or bool(fields([name])["lyrics"])


def _split(line: str, delimiter: str) -> list[str]:
    rows = csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter != "\t")
    return [name.strip().strip('"').strip() for name in next(rows)]


def _rows(lines: list[str], start: int, delimiter: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each row with the number of its first line, from 0; in place of a broken one, what is wrong with it."""
    size = sum(map(len, lines))
    patience = 3 * size + _SLACK
    is_lost = False  # after a broken row: what comes may be the rest of its lyrics
    n_rows = n_quoted = 0
    while start < len(lines) and patience > 0:
        for row, end in _whole_rows(lines, start, delimiter):
            if row == []:  # an empty line
                start = end
                continue
            is_quoted = any('"' in line for line in lines[start:end])
            is_rest = is_lost and row is not None and (len(row) < width or (n_quoted == n_rows > 0 and not is_quoted))
            if row is None or is_rest:
                if not is_lost:
                    yield start, "a quote is open, or not doubled in quotes"
                is_lost = True
                patience -= _PRICE + sum(map(len, lines[start:end]))
                start += 1
                break
            if any(cell.strip() for cell in row[width:]):
                yield start, f"more fields than the header's {width}; put lyrics with {delimiter!r} in quotes"
            else:
                yield start, row
                n_rows += 1
                n_quoted += is_quoted
            is_lost = False
            start = end
    if patience <= 0:
        yield start, "too much is broken; nothing from here on was read"


def _whole_rows(lines: list[str], start: int, delimiter: str) -> Iterator[tuple[list[str] | None, int]]:
    r"""Yield rows from a line on, each with the number of the line after it; None for one that is broken, and end.

    A quote within quotes is doubled, or has a backslash before it. Text after a closing quote breaks a row: a quote
    that was left open further up has swallowed what stands between.
    """
    while start < len(lines):
        chunk = lines[start : start + _LONGEST_ROW]
        furthest, end = 0, start
        for source in (chunk, map(_with_doubled_quotes, chunk)):
            reader = csv.reader(source, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
            try:
                for row in reader:
                    end = start + reader.line_num
                    yield row, end
                break
            except csv.Error:
                furthest = max(furthest, reader.line_num)
                if end > start or not any('\\"' in line for line in chunk[:furthest]):
                    break
        if end == start:
            yield None, start + furthest
            return
        start = end  # begin anew with the row that broke: the chunk may have ended within it


def _with_doubled_quotes(line: str) -> str:
    r"""Double the quotes that have a backslash before them instead.

    >>> print(_with_doubled_quotes(r'Ada,"a \"row\" \\"'))
    Ada,"a ""row"" \\"
    """
    return re.sub(r'(?<!\\)((?:\\\\)*)\\"', r'\1""', line) if '\\"' in line else line
