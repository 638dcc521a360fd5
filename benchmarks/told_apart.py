"""Measure what tells songs of one kind apart by chance: ``python -m benchmarks.told_apart [FOLDER [N_DRAWS]]``.

What goes in is a folder of at least 85 English songs, one ``.txt`` each with the title in the first line (by default
the demo album). Out comes what ``style.two_sample`` says of N_DRAWS (by default 60) random draws of two sets of these
songs: 0.5 is right, the spread is chance. So are the distances of the features of ten songs and 75. Last the other end:
the songs against themselves with the words of each line shuffled, which must be near 1.
"""

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.duplicates import ALBUM, read
from lyric_lm.style.profile import features_of, ks_distance
from lyric_lm.style.two_sample import told_apart

SIZES = ((10, 75), (20, 60), (40, 45))  # held-out songs, training songs


def shuffled(lyrics: str, rng: random.Random) -> str:
    """Put the words of each line in any order."""
    lines = [line.split() for line in lyrics.split("\n")]
    return "\n".join(" ".join(rng.sample(words, len(words))) for words in lines)


def drawn(songs: list[str], n_held_out: int, n_train: int, seed: int) -> tuple[dict[str, Any], dict[str, float | None]]:
    """Return how well a random draw of the songs is told apart, and the distance of each feature."""
    chosen = random.Random(seed).sample(songs, n_held_out + n_train)
    held_out, train = chosen[:n_held_out], chosen[n_held_out:]
    features = features_of({"held_out": held_out, "train": train}, "en")
    ours, theirs = features["train"] or [], features["held_out"] or []
    told = told_apart(train, held_out, ours, theirs, seed)
    return told or {}, {
        name: ks_distance(*([song[name] for song in side] for side in (ours, theirs))) for name in ours[0]
    }


def row(told: list[dict[str, Any]]) -> str:
    """Return the figures of the draws of one size."""
    aucs = [result["auc"] for result in told]
    lows, highs = np.array([result["interval"] for result in told]).T
    low, high = np.percentile(aucs, [5, 95])
    contain, above = np.mean((lows <= 0.5) & (highs >= 0.5)), np.mean(lows > 0.5)
    return f"{np.mean(aucs):.3f} | {np.std(aucs, ddof=1):.3f} | {low:.2f} to {high:.2f} | {contain:.2f} | {above:.2f}"


def main(folder: Path, n_draws: int = 60) -> None:
    """Print the table."""
    songs = [song.lyrics for song in read(folder)]
    print(f"{len(songs)} songs, {n_draws} draws\n")
    heads = "held-out", "training", "AUC: mean", "sd", "5 % to 95 %", "interval contains 0.5", "lies above 0.5"
    print(f"| {' | '.join(heads)} |\n" + "| --- " * len(heads) + "|")
    by_chance: list[list[float]] = []  # (n_features, n_draws)
    for n_held_out, n_train in SIZES:
        draws = [drawn(songs, n_held_out, n_train, seed) for seed in range(n_draws)]
        print(f"| {n_held_out} | {n_train} | {row([told for told, _ in draws])} |", flush=True)
        columns = zip(*(distances.values() for _, distances in draws), strict=True)
        by_chance = by_chance or [[distance for distance in column if distance is not None] for column in columns]
    print(f"\nKolmogorov-Smirnov distance of a feature, {SIZES[0][0]} songs against {SIZES[0][1]} by chance: ", end="")
    means, everything = [np.mean(values) for values in by_chance if values], np.concatenate(by_chance)
    print(f"mean {everything.mean():.2f} (by feature {min(means):.2f} to {max(means):.2f}), ", end="")
    print(f"95 % below {np.percentile(everything, 95):.2f}")

    rng = random.Random(1)
    disordered = [shuffled(song, rng) for song in songs]
    features = features_of({"held_out": songs, "samples": disordered}, "en")
    told = told_apart(disordered, songs, features["samples"] or [], features["held_out"] or [], seed=1) or {}
    print("\nall songs against themselves with the words of each line shuffled: ", end="")
    print(", ".join(f"{name} {told[name]:.3f}" for name in ("auc", "on_characters", "on_features")))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ALBUM, *map(int, sys.argv[2:]))
