"""Measure the index of songs: ``python -m benchmarks.song_index [N_WORDS]``, by default 10,000,000 words.

Songs of 40 lines are made by recombining the demo album's lines, with a made-up word at the end of each line, so that
the vocabulary grows with the songs. Out comes a table: building, peak memory, and looking up songs of about 300 words,
beside the plain way, which looks for every run of words with ``in``, on a corpus a hundredth the size; and the time of
comparing 4,000 lines with 5,000. One core where nothing else is said. Not for Windows.
"""

import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.duplicates import ALBUM, read
from lyric_lm.lyrics.folding import folded_words
from lyric_lm.lyrics.song import Song
from lyric_lm.originality.copies import TrainingLines, copying
from lyric_lm.originality.index import SongIndex

LINES = [line for song in read(ALBUM) for line in song.lyrics.split("\n") if line]
N_LINES = 40  # of a song
N_TEXTS = 100


def made_up(rng: random.Random) -> str:
    """Return one of half a million words, common ones more often than rare ones."""
    return f"{'aeiou'[rng.randrange(5)]}lv{int(100_000 * rng.random() ** 3)}"


def made_songs(n_words: int, rng: random.Random) -> Iterator[Song]:
    """Yield recombined songs of so many words in all."""
    number = 0
    while n_words > 0:
        number += 1
        lyrics = "\n".join(f"{line} {made_up(rng)}" for line in rng.choices(LINES, k=N_LINES))
        n_words -= sum(1 for _ in folded_words(lyrics))
        yield Song(f"Leaf {number}", "", lyrics, f"{number}.txt")


def of_other_words(rng: random.Random) -> str:
    """Return a song of 300 words of the corpus and some of none, in any order."""
    words = [word for line in LINES for word in line.split()]
    return " ".join(rng.choice(words) if rng.random() < 0.9 else f"none{rng.random()}" for _ in range(300))


def excerpted(songs: list[Song], rng: random.Random) -> str:
    """Return 30 lines of one song and some of another."""
    one, other = (song.lyrics.split("\n") for song in rng.sample(songs, 2))
    start = rng.randrange(len(one) - 29)
    return "\n".join(one[start : start + 30] + other[:6])


def by_search(folded: list[str], text: str) -> list[int]:
    """Return the match lengths of a text by looking for longer and longer runs in every song."""
    words = [word for word, _, _ in folded_words(text)]
    lengths = []
    for start in range(len(words)):
        n = 0
        while start + n < len(words) and any(f" {' '.join(words[start : start + n + 1])} " in song for song in folded):
            n += 1
        lengths.append(n)
    return lengths


def peak_gigabytes() -> float:
    """Return the most memory this process has used so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)


def milliseconds(look_up: Callable[[str], Any], texts: list[str]) -> str:
    """Return the median and the worst time of a text."""
    times = []
    for text in texts:
        start = time.perf_counter()
        look_up(text)
        times.append(1_000 * (time.perf_counter() - start))
    return f"{statistics.median(times):.1f} | {max(times):.1f}"


def main(n_words: int = 10_000_000) -> None:
    """Print the table."""
    rng = random.Random(1)
    songs = list(made_songs(n_words, rng))
    before = peak_gigabytes()
    start = time.perf_counter()
    index = SongIndex.of(songs)
    seconds = time.perf_counter() - start
    after = peak_gigabytes()
    words = {word for song in songs for word, _, _ in folded_words(song.lyrics)}
    print(f"{n_words:,} words in {len(songs):,} songs, {len(words):,} different words")
    print(f"built in {seconds:.1f} s; peak memory {after:.2f} GB, {before:.2f} GB of it before\n")

    few = songs[: max(len(songs) // 100, 2)]
    small, folded = SongIndex.of(few), [f" {' '.join(w for w, _, _ in folded_words(song.lyrics))} " for song in few]
    new, copied = [of_other_words(rng) for _ in range(N_TEXTS)], [excerpted(songs, rng) for _ in range(N_TEXTS)]
    of_few = [excerpted(few, rng) for _ in range(N_TEXTS)]
    few_words = f"{sum(song.count(' ') - 1 for song in folded):,} words"
    print("| way | texts | median ms | worst ms |\n| --- | --- | --- | --- |")
    for name, texts in (("other words", new), ("excerpted copy", copied)):
        print(f"| index.runs | {name} | {milliseconds(index.runs, texts)} |")
        longer = milliseconds(lambda text: index.runs(text, least=5), texts)
        print(f"| index.runs, least=5 | {name} | {longer} |", flush=True)
    for name, texts in (("other words", new), ("excerpted copy", of_few)):
        print(f"| index.runs, {few_words} | {name} | {milliseconds(small.runs, texts)} |")
        plain = milliseconds(lambda text: by_search(folded, text), texts[:3])
        print(f"| every run with `in`, {few_words} | {name} | {plain} |", flush=True)

    lines = TrainingLines.of(songs[:125])
    start = time.perf_counter()
    copying([song.lyrics for song in songs[-100:]], index, lines, seed=1)
    print(f"\ncopying: 4,000 lines against {len(lines.folded):,}, all cores, {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
