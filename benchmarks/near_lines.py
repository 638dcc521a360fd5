"""Measure what counts as nearly a line, and what should not: ``python -m benchmarks.near_lines [FOLDER]``.

What goes in is a folder of songs, one ``.txt`` each with the title in the first line (by default the demo album); out
comes a table for thresholds around that of ``originality.copies``: how many lines are near to a line of another song,
by other ratios of rapidfuzz too, and which share of lines with a seeded edit is still found. Lines are folded and have
four words or more before the edit; what the edit makes a line of the songs is left out.
"""

import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from rapidfuzz import fuzz

from benchmarks.duplicates import ALBUM, read
from lyric_lm.originality import copies
from lyric_lm.originality.copies import LEAST_NEAR_LINE, TrainingLines, near_lines

Edit = Callable[[list[str], list[str], random.Random], None]  # of a line's words, with all words of the songs at hand

THRESHOLDS = (75, 80, 85, 90)
OTHER_RATIOS = ("token_sort_ratio", "token_set_ratio", "partial_ratio")  # words in any order; a part


def change(words: list[str], place: int, vocabulary: list[str], rng: random.Random) -> None:
    """Put another word of the songs in a place, common ones more often than rare ones."""
    before = words[place]
    while words[place] == before:
        words[place] = rng.choice(vocabulary)


def changed(n_words: int) -> Edit:
    """Put other words in so many places."""

    def edit(words: list[str], vocabulary: list[str], rng: random.Random) -> None:
        for place in rng.sample(range(len(words)), n_words):
            change(words, place, vocabulary, rng)

    return edit


def dropped(words: list[str], vocabulary: list[str], rng: random.Random) -> None:
    """Leave a word out."""
    words.pop(rng.randrange(len(words)))


def added(words: list[str], vocabulary: list[str], rng: random.Random) -> None:
    """Put a word of the songs before, between or after the others."""
    words.insert(rng.randrange(len(words) + 1), rng.choice(vocabulary))


def swapped(words: list[str], vocabulary: list[str], rng: random.Random) -> None:
    """Let two neighbours change places."""
    place = rng.randrange(len(words) - 1)
    words[place : place + 2] = words[place + 1], words[place]


def misprinted(words: list[str], vocabulary: list[str], rng: random.Random) -> None:
    """Put a wrong letter into a word, for another or between two."""
    number = rng.randrange(len(words))
    word, place = words[number], rng.randrange(len(words[number]))
    words[number] = word[:place] + rng.choice("etaoins") + word[place + rng.randrange(2) :]


EDITS: dict[str, Edit] = {
    "a word changed": changed(1),
    "a word dropped": dropped,
    "a word added": added,
    "two neighbours swapped": swapped,
    "the last word changed": lambda words, vocabulary, rng: change(words, -1, vocabulary, rng),
    "a misprint": misprinted,
    "two words changed": changed(2),
    "three words changed": changed(3),
}


def edited(lines: list[str], edit: Edit) -> list[str]:
    """Return each line with the edit, without those that are lines of the songs then."""
    rng = random.Random(1)
    vocabulary = " ".join(lines).split()
    texts = []
    for line in lines:
        words = line.split()
        edit(words, vocabulary, rng)
        texts.append(" ".join(words))
    written = set(lines)
    return [text for text in texts if text not in written]


def n_near(texts: list[str], lines: TrainingLines, threshold: int) -> int:
    """Return how many lines of the texts are near to a line at another threshold."""
    copies.SIMILAR = threshold
    return len(near_lines(texts, lines, most=sys.maxsize))


def main(folder: Path) -> None:
    """Print the table."""
    songs = read(folder)
    everything = TrainingLines.of(songs)
    lines = [line for line in everything.folded if line.count(" ") + 1 >= LEAST_NEAR_LINE]
    print(f"{len(songs)} songs, {len(lines):,} different lines of {LEAST_NEAR_LINE} words and more\n")
    print("| lines | " + " | ".join(map(str, THRESHOLDS)) + " |\n" + "| --- " * (len(THRESHOLDS) + 1) + "|")

    pairs = [(song.lyrics, TrainingLines.of([other for other in songs if other is not song])) for song in songs]
    for ratio in ("ratio", *OTHER_RATIOS):
        setattr(copies, "fuzz", SimpleNamespace(ratio=getattr(fuzz, ratio)))  # noqa: B010
        false = [sum(n_near([text], others, threshold) for text, others in pairs) for threshold in THRESHOLDS]
        print(f"| near to a line of another song, `{ratio}` | {' | '.join(map(str, false))} |", flush=True)
    setattr(copies, "fuzz", fuzz)  # noqa: B010
    for name, edit in EDITS.items():
        texts = edited(lines, edit)
        shares = [n_near(texts, everything, threshold) / len(texts) for threshold in THRESHOLDS]
        print(f"| {name} | {' | '.join(f'{share:.3f}' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ALBUM)
