"""The token ids of songs, from the disk where there are many: encoded once, and read from a file as they are needed.

Songs go in, encoded songs come out. From ``LARGE`` on, their ids are views of one file in the cache folder, mapped into
memory, so that the system may drop what is not in use. Its name is a hash of all that its content follows from, the
lyrics in their order and the tokenizer, so it never has to be brought up to date: other songs are another file.
"""

import hashlib
import logging
import mmap
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from lyric_lm.cache import cache_folder, cached_file, let_go_of_others
from lyric_lm.data.encoding import EncodedSong, encode_songs, encoded_one_by_one, opening_ids, separator_id
from lyric_lm.errors import InputError
from lyric_lm.lyrics.song import Song

# Bytes of lyrics, some 13,000 songs. Fewer are encoded in a few seconds and take less than 20 MB: not worth a file.
LARGE = 2**24
N_KEPT = 8  # files, those used last
N_READ = 10_000  # songs whose ids may be in memory

_ID = np.dtype("<i4")
_DIGEST = hashlib.sha256().digest_size  # bytes at the file's beginning, over all that follows

log = logging.getLogger(__name__)


def stored_songs(songs: Sequence[Song], tokenizer: PreTrainedTokenizerBase) -> Iterable[EncodedSong]:
    """Return what ``encode_songs`` does; many songs' ids from a file, which is written where it is not there yet.

    Raises:
        InputError: the file cannot be written.
    """
    if sum(len(song.lyrics.encode()) for song in songs) < LARGE:
        return encode_songs(songs, tokenizer)
    file = cache_folder() / "tokens" / f"{_key(songs, tokenizer)}.ids"
    found = _read(file)
    if found is None:
        _write(file, songs, tokenizer)
        found = _read(file)
    if found is None:
        raise InputError(f"{file} is not what was just written to it; set LYRIC_LM_CACHE to a folder on another disk")
    let_go_of_others(file, N_KEPT)
    row, mapped = found
    ids, lengths = np.split(row, [-len(songs)])
    return StoredSongs(songs, ids, lengths, mapped, len(opening_ids(tokenizer)))


class StoredSongs(Iterable[EncodedSong]):
    """Encoded songs whose ids lie in a mapped file; each is made when it is asked for.

    Args:
        songs: what they were encoded from; their titles and sizes are kept.
        ids: of all of them, in one row, (T,).
        lengths: how many each has, (n_songs,).
        mapped: the file.
        n_context: how many ids before each song are its opening.
    """

    def __init__(
        self,
        songs: Iterable[Song],
        ids: NDArray[np.int32],
        lengths: NDArray[np.int32],
        mapped: mmap.mmap,
        n_context: int,
    ) -> None:
        self.ids, self._mapped, self.n_context = ids, mapped, n_context
        self._ends = np.cumsum(lengths, dtype=np.int64)
        sizes = array("i")
        self._titles = pa.array(_titles(songs, sizes), pa.string())  # some twenty bytes each
        self._sizes = np.frombuffer(sizes, np.intc)

    def __iter__(self) -> Iterator[EncodedSong]:
        start = 0
        for number, end in enumerate(self._ends.tolist()):
            yield EncodedSong(self.title(number), self.ids[start:end], int(self._sizes[number]), self.n_context)
            start = end
            self.let_go(number)

    def let_go(self, number: int) -> None:
        """Give back what was read of the file, once in ``N_READ`` songs: it counts as the process's memory."""
        if number % N_READ == N_READ - 1 and hasattr(self._mapped, "madvise"):
            self._mapped.madvise(mmap.MADV_DONTNEED)

    def title(self, number: int) -> str:
        """Return the title of the song of this number."""
        return str(self._titles[number].as_py())


def _titles(songs: Iterable[Song], sizes: "array[int]") -> Iterator[str]:
    """Yield each song's title, and put down the bytes of its lyrics."""
    for song in songs:
        sizes.append(len(song.lyrics.encode()))
        yield song.title


def _key(songs: Sequence[Song], tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a hash of the songs' lyrics, in order, and of the tokenizer, as its files and its library define it."""
    frame = f"{opening_ids(tokenizer)} {separator_id(tokenizer)}"
    digest = hashlib.sha256(f"2 {frame} {version('transformers')} {version('tokenizers')}".encode())
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        files = [(file.name.encode(), file.read_bytes()) for file in sorted(Path(folder).iterdir()) if file.is_file()]
    for part in chain(*files, (song.lyrics.encode() for song in songs)):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:32]


def _read(file: Path) -> tuple[NDArray[np.int32], mmap.mmap] | None:
    """Map a file into memory: all songs' ids, then the number of each song's; None: not there, or damaged."""
    try:
        with file.open("rb", buffering=0) as stream:
            digest = stream.read(_DIGEST)
            if hashlib.file_digest(stream, "sha256").digest() != digest:
                log.warning("%s is damaged and is written anew", file)
                return None
            # Copied on writing, which nobody does, but torch warns of arrays that cannot be written.
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError):  # ValueError: an empty file
        return None
    return np.frombuffer(mapped, _ID, offset=_DIGEST), mapped


def _write(file: Path, songs: Sequence[Song], tokenizer: PreTrainedTokenizerBase) -> None:
    """Encode songs into a file that is there whole or not at all."""
    digest, lengths = hashlib.sha256(), []
    try:
        with cached_file(file) as stream:
            stream.write(bytes(_DIGEST))
            for ids in encoded_one_by_one(songs, tokenizer):
                lengths.append(len(ids))
                content = ids.astype(_ID, copy=False).tobytes()
                digest.update(content)
                stream.write(content)
            content = np.array(lengths, dtype=_ID).tobytes()
            digest.update(content)
            stream.write(content)
            stream.seek(0)
            stream.write(digest.digest())
    except OSError as error:
        raise InputError(
            f"the tokens of {len(songs):,} songs are kept in {file.parent}, which cannot be written: "
            f"{error.strerror or error}; set LYRIC_LM_CACHE to a folder that can"
        ) from error
