"""Read columnar files: Parquet, Arrow IPC files and the streams that ``datasets`` saves.

A file's bytes go in; records come out, in order of rows. Only the columns that hold lyrics, titles and artists are
read. pyarrow is imported here, and this module only when such a file is met.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lyric_lm.lyrics.formats.keys import ALLOWED, Record, fields
from lyric_lm.lyrics.formats.values import record

_ROWS = 1000  # rows that are turned into Python objects at once


class _NoLyricsError(Exception):
    """The file is whole, but not of songs."""


def parse_arrow(data: bytes) -> tuple[list[Record], list[str]]:
    """Read a Parquet or Arrow file: its records, and what could not be read.

    Raises:
        ValueError: it is broken before its first row, or no column holds lyrics.
    """
    kind = "Parquet" if data.startswith(b"PAR1") else "Arrow"
    records: list[Record] = []
    problems: list[str] = []
    try:
        for batch, of in _batches(data):
            records.extend(_records(batch, of))
    except (pa.ArrowException, OSError, MemoryError, KeyError, IndexError, UnicodeDecodeError, OverflowError) as error:
        problems.append(f"broken {kind} file: {' '.join(str(error).split())[:200] or type(error).__name__}")
    except _NoLyricsError as error:
        raise ValueError(str(error)) from None
    if problems and not records:
        raise ValueError(problems[0])
    return records, problems


def _batches(data: bytes) -> Iterator[tuple[Any, dict[str, list[Any]]]]:
    """Yield a file's record batches with the columns that a song needs, and which these are."""
    source = pa.BufferReader(data)
    if data.startswith(b"PAR1"):
        parquet = pq.ParquetFile(source)
        of = _song_columns(parquet.schema_arrow.names)
        for batch in parquet.iter_batches(batch_size=_ROWS, columns=[name for names in of.values() for name in names]):
            yield batch, of
        return
    is_file = data.startswith(b"ARROW1")
    opened = pa.ipc.open_file if is_file else pa.ipc.open_stream
    names = opened(source).schema.names
    of = _song_columns(names)
    needed = sorted(names.index(name) for part in of.values() for name in part)
    source.seek(0)
    reader = opened(source, options=pa.ipc.IpcReadOptions(included_fields=needed))
    for batch in map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader:
        batch.validate(full=True)  # a flipped bit would lead outside the buffers
        yield batch, of


def _song_columns(names: list[str]) -> dict[str, list[Any]]:
    of = fields(names)
    if not of["lyrics"]:
        raise _NoLyricsError(f"no lyrics column among {', '.join(names[:12])}; name it {ALLOWED} or the like")
    return of


def _records(batch: Any, of: dict[str, list[Any]]) -> list[Record]:
    rows = ({name: _text(value) for name, value in row.items()} for row in batch.to_pylist())
    return [made for row in rows if (made := record(row, of))]


def _text(value: Any) -> Any:
    """Decode text that was stored without saying that it is text."""
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value
