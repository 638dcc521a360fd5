"""Songs of a table on the disk as a sequence: one is made when it is asked for.

Single rows are looked up in the mapped file. Who goes through all of them reads the file from its beginning instead,
because what is read of a mapped file counts as the process's memory until somebody else needs it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import pyarrow as pa
from datasets import Dataset
from numpy.typing import NDArray

from lyric_lm.lyrics.song import Song

COLUMNS = ["title", "artist", "lyrics", "source"]


class Songs(Sequence[Song]):
    """Some rows of a table as songs.

    Args:
        table: with ``COLUMNS``.
        places: the rows, rising, (n_songs,).
    """

    def __init__(self, table: Dataset, places: NDArray[np.int64]) -> None:
        self._table = table.select_columns(COLUMNS)
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Song: ...
    @overload
    def __getitem__(self, at: slice) -> "Songs": ...
    def __getitem__(self, at: int | slice) -> "Song | Songs":
        if isinstance(at, slice):
            return Songs(self._table, self._places[at])
        return Song(**self._table[int(self._places[at])])

    def __iter__(self) -> Iterator[Song]:
        first = 0  # row of the table that a batch begins with
        for batch in self._batches():
            start, end = np.searchsorted(self._places, [first, first + len(batch)])
            columns = batch.take(pa.array(self._places[start:end] - first)).to_pydict()
            first += len(batch)
            for values in zip(*(columns[name] for name in COLUMNS), strict=True):
                yield Song(*values)

    def _batches(self) -> Iterator[Any]:
        for file in self._table.cache_files:
            with pa.OSFile(file["filename"]) as stream, pa.ipc.open_stream(stream) as reader:
                for batch in reader:
                    yield batch.select(COLUMNS)
