"""What very many songs share proposes no versions and hides none."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics import grouping
from lyric_lm.lyrics.grouping import _frequent, grouped
from lyric_lm.lyrics.song import Song

LARGEST = 2**64 - 1


@given(st.lists(st.sets(st.integers(0, 9) | st.just(LARGEST), max_size=8), min_size=1, max_size=12), st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_frequent_shingles_are_those_of_so_many_texts(texts: list[set[int]], common: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "COMMON", common)
        found = _frequent([np.array(sorted(text), dtype=np.uint64) for text in texts]).tolist()
    counts = Counter(shingle for text in texts for shingle in text)
    assert found[:-1] == sorted(shingle for shingle, n in counts.items() if n >= common)
    assert found[-1] == LARGEST


def test_versions_of_songs_that_all_share_a_chorus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty songs with one chorus, which is common from five on; of every song a version with two other words."""
    monkeypatch.setattr(grouping, "COMMON", 5)
    chorus = " ".join(f"chorus{n}" for n in range(30))
    songs = []
    for number in range(30):
        words = [f"word{number}x{n}" for n in range(60)]
        songs.append(Song(f"Sea {chr(97 + number % 26) * 3}{number}", "", f"{' '.join(words)}\n{chorus}", ""))
        words[20] = words[40] = "other"
        songs.append(Song("", "", f"{' '.join(words)}\n{chorus}", ""))
    groups = sorted(sorted(place for text in group for place in text.places) for group in grouped(songs))
    assert groups == [[2 * number, 2 * number + 1] for number in range(30)]
