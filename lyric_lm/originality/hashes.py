"""What a model carries of its training songs: hashes of their runs of words, and no words.

Songs go in; for each length of run, the sorted 64-bit hashes of all runs of so many folded words come out. They tell
whether a given run stands in a training song, and can be kept in a file beside the model. They do not hold the songs,
but are no lock either: whoever guesses a run can ask whether it is there, and could go on from it word by word. A run
that is not in the songs is taken for one with probability (number of runs) / 2**64.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from lyric_lm.errors import InputError
from lyric_lm.lyrics.folding import folded_words

FILE = "originality.safetensors"
LEAST, MOST = 3, 12  # words in a row that may be allowed; fewer are nobody's, and nothing could be written

Hashes = NDArray[np.uint64]  # sorted, each once


def hash_run(words: Sequence[str]) -> int:
    """Return the hash of a run of folded words, the same everywhere.

    >>> hash_run(["row", "on"]) == hash_run(["row", "on"]) != hash_run(["rowon"])
    True
    """
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest(), "big")


def hashes_of(lyrics: Iterable[str]) -> dict[int, Hashes]:
    """Hash the runs of songs that are one word too long, by the number of words that are allowed in a row.

    >>> {allowed: len(runs) for allowed, runs in hashes_of(["Row on, my own true love", "row ON my own"]).items()}
    {3: 3, 4: 2, 5: 1, 6: 0, 7: 0, 8: 0, 9: 0, 10: 0, 11: 0, 12: 0}
    """
    rows = {allowed: bytearray() for allowed in range(LEAST, MOST + 1)}  # eight bytes a run, where an int takes 60
    for text in lyrics:
        words = [word.encode() for word, _, _ in folded_words(text)]
        song, starts = b" ".join(words), list(accumulate((len(word) + 1 for word in words), initial=0))
        for allowed, row in rows.items():
            for start, end in zip(starts, starts[allowed + 1 :], strict=False):
                row += hashlib.blake2b(song[start : end - 1], digest_size=8).digest()
    return {allowed: _each_once(np.frombuffer(rows.pop(allowed), dtype=">u8").astype(np.uint64)) for allowed in [*rows]}


def _each_once(hashes: Hashes) -> Hashes:
    """Sort hashes in place and return each once; of millions, ``np.unique`` makes a hash table, which takes minutes."""
    hashes.sort()
    return hashes[np.diff(hashes, prepend=~hashes[:1]) != 0]


def save_hashes(hashes: dict[int, Hashes], folder: Path) -> None:
    """Write the hashes beside a model."""
    about = {
        "version": "1",
        "hash": "blake2b, 8 bytes, of folded words joined by spaces",
        "by": "words allowed in a row",
    }
    save_file({str(allowed): runs for allowed, runs in hashes.items()}, folder / FILE, metadata=about)


def hashes_for(folder: Path | None, allowed: int | None) -> Hashes | None:
    """Read the hashes that a model folder (None: an untrained model) has for ``originality=allowed``; None: nothing.

    Raises:
        InputError: ``allowed`` is out of range, or there are no hashes, or damaged ones.
    """
    if allowed is None:
        return None
    check_allowed(allowed)
    if folder is None:
        raise InputError(
            f"originality={allowed}: an untrained model has not seen the songs and has no hashes of them; leave "
            "originality away, or give the run of a trained model"
        )
    file = folder / FILE
    if not file.is_file():
        raise InputError(
            f"originality={allowed}: {folder} has no {FILE}, so it is not known what its training songs say; train it "
            "again with this version of lyric_lm, or leave originality away"
        )
    try:
        with safe_open(file, framework="numpy") as content:
            return content.get_tensor(str(allowed))
    except SafetensorError as error:
        raise InputError(f"{file} is damaged ({error}); copy the model folder again") from error


def check_allowed(allowed: int) -> None:
    """Raise InputError unless so many words in a row can be allowed."""
    if isinstance(allowed, bool) or not isinstance(allowed, int) or not LEAST <= allowed <= MOST:
        raise InputError(
            f"originality={allowed} cannot work; it is the most words in a row that may be a training song's: a whole "
            f"number from {LEAST} to {MOST}, or null"
        )
