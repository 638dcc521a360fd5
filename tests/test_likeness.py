"""How much of one text lies in another, held against counting by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.lyrics.likeness import coverage, fingerprint


@given(text=st.lists(st.sampled_from("abcd"), max_size=30), other=st.lists(st.sampled_from("abcd"), max_size=30))
def test_coverage_is_what_counting_by_hand_gives(text: list[str], other: list[str]) -> None:
    """Of the words where a run of three begins that did not begin before, those that lie in a run of the other text."""
    runs, other_runs = ([tuple([*row, "", ""][n : n + 3]) for n in range(len(row))] for row in (text, other))
    new = [n for n, run in enumerate(runs) if run not in runs[:n]]
    covered = [n for n in new if any(run in other_runs for run in runs[max(0, n - 2) : n + 1])]
    expected = len(covered) / len(new) if new else 0
    assert coverage(fingerprint(" ".join(text)), fingerprint(" ".join(other))) == pytest.approx(expected)
