"""Find the texts that are like a given one without looking at all others: MinHash sketches, compared by bands.

Hashes of a text's shingles become a sketch, by datasketch; ``SketchIndex`` returns those of its sketches that agree
with another in all rows of at least one band. A pair of texts that has a fifth of its shingles in common agrees so
with probability 0.93, one that has a hundredth with 0.006. The index takes one to two kilobytes a text, where
datasketch's own takes thirty: it is a hash table in three arrays.
"""

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

BANDS, ROWS = 64, 2

Sketch = NDArray[np.uint32]  # (BANDS * ROWS,)

_BLANK = MinHash(num_perm=BANDS * ROWS, hashfunc=int)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd; the high bits of a product with it depend on every bit of a key


def sketch(shingles: NDArray[np.uint64]) -> Sketch:
    """Return the sketch of a text's different shingles, at least one."""
    found = _BLANK.copy()
    found.update_batch((shingles >> np.uint64(32)).tolist())
    return found.hashvalues.astype(np.uint32)


class SketchIndex:
    """Sketches in the order in which they were added, of ``most`` at most; their numbers are from 0.

    Each band of a sketch has a slot. ``_last`` has the number of the sketch that came into a slot last, (BANDS,
    n_slots), and ``_before`` of the one before it in the same slot, (most, BANDS); -1 is none. Bands that differ may
    share a slot, so what stands in it is compared.
    """

    def __init__(self, most: int) -> None:
        self._n_bits = max(1, (2 * most).bit_length())
        self._sketches = np.empty((most, BANDS * ROWS), dtype=np.uint32)
        self._last = np.full((BANDS, 1 << self._n_bits), -1, dtype=np.int32)
        self._before = np.empty((most, BANDS), dtype=np.int32)
        self._n = 0

    def add(self, new: Sketch) -> None:
        """Add a sketch; its number is how many there were before."""
        slots = self._slots(new)
        self._sketches[self._n] = new
        self._before[self._n] = self._last[_EACH, slots]
        self._last[_EACH, slots] = self._n
        self._n += 1

    def near(self, wanted: Sketch, least: float, most: int) -> list[int]:
        """Return the sketches that agree with one in a band and in a share of at least ``least`` of all rows.

        At most ``most``, those that agree in the most rows first, of equally many the one that was added first.

        >>> index = SketchIndex(most=3)
        >>> one, other = (sketch(np.arange(n, n + 50, dtype=np.uint64) << np.uint64(40)) for n in (0, 1000))
        >>> for each in (other, one, one):
        ...     index.add(each)
        >>> index.near(one, least=0.1, most=10), index.near(one, least=0.1, most=1)
        ([1, 2], [1])
        """
        found: list[NDArray[np.int32]] = []
        bands, numbers = _EACH, self._last[_EACH, self._slots(wanted)]
        while len(numbers := numbers[is_one := numbers >= 0]):
            bands = bands[is_one]
            found.append(numbers)
            numbers = self._before[numbers, bands]
        candidates = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int32)
        agrees = self._sketches[candidates] == wanted
        likeness = agrees.mean(axis=1)
        is_near = agrees.reshape(-1, BANDS, ROWS).all(axis=2).any(axis=1) & (likeness >= least)
        order = np.argsort(-likeness[is_near], kind="stable")
        return candidates[is_near][order][:most].tolist()

    def _slots(self, of: Sketch) -> NDArray[np.intp]:
        """Return the slot of each band, (BANDS,)."""
        keys = of.view(np.uint64) * _FACTOR  # a band is two rows of 32 bits
        return (keys >> np.uint64(64 - self._n_bits)).astype(np.intp)


_EACH = np.arange(BANDS)
