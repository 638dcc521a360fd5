"""The text part for more songs than memory holds: a path in, clean songs out, split, with the account of it.

As without streaming, but for what looks at all songs at once. Songs of the same words are one song; those of the same
title are in the same split; versions under other titles are not looked for. All artists' songs are taken, or one's.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset
from numpy.typing import NDArray

from lyric_lm.cache import cache_folder
from lyric_lm.errors import InputError
from lyric_lm.lyrics.artists import key
from lyric_lm.lyrics.cleaning import RULES, SECTION_LABELS
from lyric_lm.lyrics.corpus import Corpus, Size, rules_of
from lyric_lm.lyrics.languages import tongue
from lyric_lm.lyrics.reading import Skipped
from lyric_lm.lyrics.song import spread
from lyric_lm.lyrics.splitting import SPLITS, check_fractions, is_common, position, refuse_no_training
from lyric_lm.lyrics.walking import printable
from lyric_lm.streamed.cleaning import cleaned_songs
from lyric_lm.streamed.songs import Songs
from lyric_lm.streamed.source import ROWS, raw_songs

N_TONGUES = 1_000  # songs whose language is looked at


@dataclass(frozen=True)
class StreamedCorpus(Corpus):
    """A corpus whose songs lie on the disk; ``languages`` and ``scripts`` are those of ``N_TONGUES`` songs."""

    table: Dataset
    places: NDArray[np.int64]

    @cached_property
    def songs(self) -> Songs:
        """All songs that were kept, in order of source."""
        return Songs(self.table, self.places)

    @cached_property
    def sizes(self) -> list[Size]:
        """The size of each song."""
        columns = [_column(self.table, name)[self.places].tolist() for name in Size._fields]
        return [Size(*values) for values in zip(*columns, strict=True)]


def streamed_corpus(data: dict[str, Any], seed: int) -> StreamedCorpus:
    """Build the corpus that the ``data`` settings describe, on the disk.

    Raises:
        FileNotFoundError, InputError: see ``build_corpus``.
    """
    if data["section_labels"] not in SECTION_LABELS:
        raise InputError(f"data.section_labels={data['section_labels']} is not one of {', '.join(SECTION_LABELS)}")
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    raw, n_files = raw_songs(data["path"], cache_folder() / "songs")
    table = cleaned_songs(raw, data["section_labels"], rules_of(data))
    is_file = _column(table, "is_file")
    if is_file.all():
        reasons = "".join(f"; {source}: {reason}" for source, _, reason in islice(_told(table, is_file), 3))
        looked_at = f"{n_files} file{'' if n_files == 1 else 's'} looked at{reasons}"
        raise InputError(f"data.path={data['path']} has no songs ({looked_at})")
    is_not_wanted = np.array(pc.not_equal(table.data.column("reason"), ""))
    is_left_out = is_not_wanted
    if data["artist"] is not None:
        wanted = key(data["artist"])
        artists = table.data.column("artist")
        names = {name for name in pc.unique(artists).to_pylist() if key(name) == wanted}
        is_left_out = is_left_out | ~np.array(pc.is_in(artists, pa.array(sorted(names), pa.string())))
    found = np.flatnonzero(~is_left_out)
    if not len(found):
        raise InputError(
            f"data.path={data['path']}: none of the {(~is_file).sum():,} texts found is a song that is wanted"
        )
    _, first, which = np.unique(_column(table, "same")[found], return_index=True, return_inverse=True)
    own = found[first[which]]  # of each song, the first of the same words
    is_kept = np.ones(len(found), dtype=bool) if data["keep_versions"] else own == found
    kept = found[is_kept]
    parts = _split(_in_unit(table, own[is_kept], seed), data["val_fraction"], data["test_fraction"])
    dropped = [
        *(Skipped(source, f"{title}: {reason}") for source, title, reason in _told(table, is_not_wanted & ~is_file)),
        *_copies(table, found[~is_kept], own[~is_kept]),
    ]
    tongues = [tongue(song.lyrics) for song in spread(Songs(table, kept), N_TONGUES)]
    return StreamedCorpus(
        path=printable(str(data["path"])),
        artist=_artist(table, kept, data["artist"]),
        splits={name: Songs(table, kept[places]) for name, places in parts.items()},
        n_files=n_files,
        n_read=len(table) - int(is_file.sum()),
        skipped=[Skipped(source, reason) for source, _, reason in _told(table, is_file)],
        dropped=dropped,
        cleaned=_changes(table),
        examples={},
        versions=[],
        to_look_at=[],
        languages=Counter(own.language for own in tongues),
        scripts=Counter(own.script for own in tongues),
        table=table,
        places=kept,
    )


def _column(table: Dataset, name: str) -> NDArray[Any]:
    """Return a column of numbers, (n_rows,)."""
    return table.data.column(name).to_numpy()


def _texts(table: Dataset, name: str, places: NDArray[np.int64]) -> Iterator[str]:
    """Yield a column of texts at some rows, a few of which are in memory at a time."""
    column = table.select_columns([name])
    for start in range(0, len(places), ROWS):
        yield from column[places[start : start + ROWS]][name]


def _told(table: Dataset, where: NDArray[np.bool_]) -> Iterator[tuple[str, str, str]]:
    """Yield source, title and reason of the rows that are left out."""
    places = np.flatnonzero(where)
    yield from zip(*(_texts(table, name, places) for name in ("source", "title", "reason")), strict=True)


def _copies(table: Dataset, copies: NDArray[np.int64], of: NDArray[np.int64]) -> Iterator[Skipped]:
    sources, titles, firsts = (
        _texts(table, "source", copies),
        _texts(table, "title", copies),
        _texts(table, "source", of),
    )
    for source, title, first in zip(sources, titles, firsts, strict=True):
        yield Skipped(source, f"{title}: same words as {first}")


def _in_unit(table: Dataset, places: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Return each song's place in [0, 1), by its title or, where that is none, its first line."""
    counts = Counter(_texts(table, "title_key", places))
    common = {title for title, n in counts.items() if is_common(n, len(places))}
    del counts
    keys = zip(_texts(table, "title_key", places), _texts(table, "line_key", places), strict=True)
    found = (position(line if not title or title in common else title, seed) for title, line in keys)
    return np.fromiter(found, dtype=np.float64, count=len(places))


def _split(in_unit: NDArray[np.float64], val_fraction: float, test_fraction: float) -> dict[str, NDArray[np.int64]]:
    """Return the places of each split's songs among those that were kept, as ``split_songs`` would split them."""
    check_fractions(len(in_unit), val_fraction, test_fraction)
    is_val = in_unit < max(val_fraction, np.nextafter(in_unit.min(), 1))
    is_test = ~is_val & (in_unit < val_fraction + test_fraction)
    which = {"train": ~is_val & ~is_test, "val": is_val, "test": is_test}
    refuse_no_training(len(in_unit), int(which["train"].sum()), val_fraction, test_fraction)
    return {name: np.flatnonzero(which[name]) for name in SPLITS}


def _changes(table: Dataset) -> Counter[str]:
    """Count what each cleaning rule changed."""
    totals = np.zeros(len(RULES), dtype=np.int64)
    for chunk in table.data.column("changes").chunks:
        totals += chunk.flatten().to_numpy().reshape(-1, len(RULES)).sum(axis=0)
    return Counter({rule: int(n) for rule, n in zip(RULES, totals, strict=True) if n})


def _artist(table: Dataset, places: NDArray[np.int64], wanted: str | None) -> str:
    names = Counter(_texts(table, "artist", places))
    (artist, n), *_ = names.most_common(1)
    if wanted is not None:
        return artist or wanted
    return artist if artist and n == len(places) else f"{len(names):,} artists" if len(names) > 1 else "unknown"
