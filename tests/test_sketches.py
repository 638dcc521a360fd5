"""Sketches are found by their bands as a plain search over all of them finds them, and estimate likeness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics.sketches import BANDS, ROWS, Sketch, SketchIndex, sketch


def by_search(sketches: list[Sketch], wanted: Sketch, least: float, most: int) -> list[int]:
    """Look at every sketch, row by row and band by band."""
    found = []
    for number, other in enumerate(sketches):
        equal = [int(a) == int(b) for a, b in zip(other, wanted, strict=True)]
        bands = [equal[first : first + ROWS] for first in range(0, len(equal), ROWS)]
        if any(map(all, bands)) and sum(equal) / len(equal) >= least:
            found.append((-sum(equal), number))
    return [number for _, number in sorted(found)][:most]


@given(
    # Of two values a row, pairs agree in half of the rows; of many, in none; the index is small, so slots are shared.
    n_values=st.sampled_from([2, 8, 20, 100, 2**32]),
    n_sketches=st.integers(0, 25),
    seed=st.integers(0, 2**32 - 1),
    least=st.sampled_from([0.0, 0.1, 0.4]),
    most=st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_as_a_search_over_all_finds(n_values: int, n_sketches: int, seed: int, least: float, most: int) -> None:
    rng = np.random.default_rng(seed)
    sketches = list(rng.integers(n_values, size=(n_sketches, BANDS * ROWS), dtype=np.uint32))
    index = SketchIndex(most=n_sketches + 1)
    for number, each in enumerate(sketches):
        assert index.near(each, least, most) == by_search(sketches[:number], each, least, most)
        index.add(each)
    for wanted in [*sketches[:3], rng.integers(n_values, size=BANDS * ROWS, dtype=np.uint32)]:
        assert index.near(wanted, least, most) == by_search(sketches, wanted, least, most)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_rows_agree_as_often_as_shingles_are_shared(share: float) -> None:
    """A row agrees with the probability of the Jaccard index; 128 rows deviate by at most 0.045 from it."""
    rng = np.random.default_rng(1)
    shingles = rng.integers(2**64, size=2000, dtype=np.uint64)
    n_common = round(2000 * share)
    own = (2000 - n_common) // 2
    one = np.concatenate([shingles[:n_common], shingles[n_common : n_common + own]])
    other = np.concatenate([shingles[:n_common], shingles[n_common + own :]])
    agree = np.mean([sketch(one) == sketch(other)])
    assert abs(agree - share) <= 4 * np.sqrt(share * (1 - share) / (BANDS * ROWS))
