"""Lay the songs under a path down as they are, in one table on the disk, however large the files are.

Tables of songs (CSV, JSON lines, Parquet, Arrow) are streamed by ``datasets``; any other file is read whole, as it
is without streaming, and let go. What could not be read is a row too, so that it can be told.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path, PurePath
from typing import Any

from datasets import Dataset, Features, Value, load_dataset

from lyric_lm.cache import code_digest, let_go_of_others
from lyric_lm.errors import InputError
from lyric_lm.lyrics.formats import Record, parse
from lyric_lm.lyrics.formats.keys import fields
from lyric_lm.lyrics.formats.values import record
from lyric_lm.lyrics.names import title_of
from lyric_lm.lyrics.places import stem_of
from lyric_lm.lyrics.reading import DATA_ENDINGS, first_line_title, root_of
from lyric_lm.lyrics.walking import Found, find_files

STREAMED_FROM = 2**25  # bytes of a table; smaller ones are read with all that our own readers forgive
READERS = {
    **{".csv": "csv", ".tsv": "csv", ".jsonl": "json", ".ndjson": "json", ".jsonlines": "json"},
    **{".parquet": "parquet", ".arrow": "arrow"},
}
ROWS = 1_000  # of a table on the disk that are held at a time
N_KEPT = 8  # files or folders of songs whose tables stay

_FEATURES = Features({name: Value("string") for name in ("title", "artist", "lyrics", "source", "skipped")})


def raw_songs(path: str | None, folder: Path) -> tuple[Dataset, int]:
    """Return a row for each song under a path, and how many files there were.

    The columns are ``title``, ``artist``, ``lyrics`` and ``source``, and ``skipped``: of what is no song, the reason.

    Args:
        path: a file, a folder, or ``owner/name`` of a dataset on the hub.
        folder: where the table is kept. As long as the files are the same, it is there at once the next time.

    Raises:
        FileNotFoundError: ``path`` does not exist.
        InputError: there are no files.
    """
    if path is None:
        raise InputError("data.streamed wants data.path=, a file or a folder with songs")
    files = list(find_files(root_of(path)))
    if not files:
        raise InputError(f"data.path={path} is empty; give a file or a folder with songs")
    facts = [(str(file.path), file.name, file.reason, *_state(file)) for file in files]
    rows = Dataset.from_generator(
        _rows,
        features=_FEATURES,
        cache_dir=str(folder),
        gen_kwargs={"facts": facts, "code": code_digest()},
        writer_batch_size=ROWS,
    )
    let_go_of_others(Path(rows.cache_files[0]["filename"]).parents[1], N_KEPT)
    return rows, len(files)


def _state(file: Found) -> tuple[int, int]:
    """Return what changes with a file's content: its size and when it was written to."""
    try:
        status = file.path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _rows(facts: list[tuple[str, str, str, int, int]], code: str) -> Iterator[dict[str, str]]:
    """Yield a row for each song; ``code`` is there so that another version of it makes another table."""
    for place, name, reason, size, _ in facts:
        try:
            if reason:
                raise ValueError(reason)
            ending = PurePath(name).suffix.lower()
            is_large = size >= STREAMED_FROM and ending in READERS
            yield from _streamed(place, name, READERS[ending]) if is_large else _whole(Path(place), name)
        except (ValueError, OSError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            yield _skipped(name, " ".join(reason.split())[:500])


def _whole(file: Path, name: str) -> Iterator[dict[str, str]]:
    """Yield the songs of a file that fits into memory."""
    path = PurePath(name)
    parsed = parse(file.read_bytes(), path)
    is_one = len(parsed.records) == 1
    is_own_file = is_one and path.suffix.lower() not in DATA_ENDINGS
    for number, song in enumerate(parsed.records, start=1):
        stem = stem_of(path.name)
        yield _row(song, name if is_one else f"{name}:{number}", title_of(stem) if is_own_file else "", stem)
    for problem in parsed.problems:
        yield _skipped(name, problem)


def _streamed(file: str, name: str, reader: str) -> Iterator[dict[str, str]]:
    """Yield the songs of a table, a few rows of which are in memory at a time.

    Raises:
        ValueError: it has no column of lyrics, or is broken.
    """
    options: dict[str, Any] = {"sep": "\t"} if name.lower().endswith(".tsv") else {}
    rows = iter(load_dataset(reader, data_files=[file], split="train", streaming=True, **options))
    with closing(_in_one_line(rows, reader)) as rows:
        first = next(rows, {})
        of = fields(first)
        if not of["lyrics"]:
            raise ValueError(f"no lyrics column among {', '.join(map(str, first))}; name it lyrics")
        for number, values in enumerate(chain([first], rows), start=1):
            if song := record(values, of):
                yield _row(song, f"{name}:{number}", "", stem_of(PurePath(name).name))


def _in_one_line(rows: Iterator[dict[str, Any]], reader: str) -> Generator[dict[str, Any]]:
    """Yield rows; what goes wrong with them is a ValueError, whatever the reader makes of it."""
    try:
        yield from rows
    except Exception as error:
        raise ValueError(f"broken {reader} file: {error}") from error


def _row(song: Record, source: str, file_title: str, stem: str) -> dict[str, str]:
    title = " ".join(song.get("title", "").split()) or file_title or first_line_title(song["lyrics"]) or stem
    artist = " ".join(song.get("artist", "").split())
    return {"title": title, "artist": artist, "lyrics": song["lyrics"], "source": source, "skipped": ""}


def _skipped(source: str, reason: str) -> dict[str, str]:
    return {"title": "", "artist": "", "lyrics": "", "source": source, "skipped": reason}
