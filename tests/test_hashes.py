"""The hashes beside a model are those of all runs of words, each once, whatever the songs."""

import hashlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.originality.hashes import LEAST, MOST, hashes_of

WORDS = st.lists(st.sampled_from(["row", "on", "élan", "o'er", "тает", "a"]), max_size=18)


@given(st.lists(WORDS, max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_run_that_is_a_word_too_long_is_there_once(songs: list[list[str]]) -> None:
    folded = {"élan": "elan", "o'er": "oer"}
    found = hashes_of(" ".join(song) for song in songs)
    assert list(found) == list(range(LEAST, MOST + 1))
    for allowed, hashes in found.items():
        n = allowed + 1
        runs = {
            " ".join(folded.get(word, word) for word in song[start : start + n])
            for song in songs
            for start in range(len(song) - n + 1)
        }
        digests = [hashlib.blake2b(run.encode(), digest_size=8).hexdigest() for run in runs]
        assert hashes.dtype == np.uint64
        assert hashes.tolist() == sorted(int(digest, 16) for digest in digests)
