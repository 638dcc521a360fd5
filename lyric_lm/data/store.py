"""The token ids of songs, from the disk where there are many: encoded once, and read from a file as they are needed.

Songs go in, encoded songs come out. From ``LARGE`` on, their ids are views of one file in the cache folder, mapped into
memory, so that the system may drop what is not in use. Its name is a hash of all that its content follows from, the
lyrics in their order and the tokenizer, so it never has to be brought up to date: other songs are another file.
"""

import hashlib
import logging
import os
import tempfile
from contextlib import suppress
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from lyric_lm.cache import cache_folder, cached_file
from lyric_lm.data.encoding import EncodedSong, encode_songs, encoded_one_by_one, separator_id
from lyric_lm.errors import InputError
from lyric_lm.lyrics.song import Song

# Bytes of lyrics, some 13,000 songs. Fewer are encoded in a few seconds and take less than 20 MB: not worth a file.
LARGE = 2**24
N_KEPT = 8  # files, those used last

_ID = np.dtype("<i4")
_DIGEST = hashlib.sha256().digest_size  # bytes at the file's beginning, over all that follows

log = logging.getLogger(__name__)


def stored_songs(songs: list[Song], tokenizer: PreTrainedTokenizerBase) -> list[EncodedSong]:
    """Return what ``encode_songs`` does; many songs' ids from a file, which is written where it is not there yet.

    Raises:
        InputError: the file cannot be written.
    """
    if sum(len(song.lyrics.encode()) for song in songs) < LARGE:
        return encode_songs(songs, tokenizer)
    file = cache_folder() / "tokens" / f"{_key(songs, tokenizer)}.ids"
    row = _read(file)
    if row is None:
        _write(file, songs, tokenizer)
        row = _read(file)
    if row is None:
        raise InputError(f"{file} is not what was just written to it; set LYRIC_LM_CACHE to a folder on another disk")
    _let_go_of_others(file)
    ids, lengths = np.split(row, [-len(songs)])
    return [
        EncodedSong(song.title, own, len(song.lyrics.encode()))
        for song, own in zip(songs, np.split(ids, np.cumsum(lengths, dtype=np.int64)[:-1]), strict=True)
    ]


def _key(songs: list[Song], tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a hash of the songs' lyrics, in order, and of the tokenizer, as its files and its library define it."""
    digest = hashlib.sha256(f"1 {separator_id(tokenizer)} {version('transformers')} {version('tokenizers')}".encode())
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        files = [(file.name.encode(), file.read_bytes()) for file in sorted(Path(folder).iterdir()) if file.is_file()]
    for part in chain(*files, (song.lyrics.encode() for song in songs)):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:32]


def _read(file: Path) -> NDArray[np.int32] | None:
    """Map a file into memory: all songs' ids, then the number of each song's; None: not there, or damaged."""
    try:
        with file.open("rb", buffering=0) as stream:
            digest = stream.read(_DIGEST)
            if hashlib.file_digest(stream, "sha256").digest() != digest:
                log.warning("%s is damaged and is written anew", file)
                return None
    except OSError:
        return None
    # Copied on writing, which nobody does, but torch warns of arrays that cannot be written. And a plain array, since a
    # slice of np.memmap has a dictionary of its own.
    return np.asarray(np.memmap(file, _ID, "c", offset=_DIGEST))


def _write(file: Path, songs: list[Song], tokenizer: PreTrainedTokenizerBase) -> None:
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


def _let_go_of_others(file: Path) -> None:
    """Delete the files that were not used for longest; those in use by another process stay readable for it."""
    with suppress(OSError):  # another process may be at it, or the folder be there for reading only
        os.utime(file)
        for old in sorted(file.parent.iterdir(), key=lambda file: file.stat().st_mtime)[:-N_KEPT]:
            old.unlink()
