"""Measure how cost grows with the number of songs: ``python -m benchmarks.growth [--short | --largest]``.

Songs of 40 lines are made by recombining the demo album's lines, with a made-up word at the end of each, so that the
vocabulary grows with the songs; every twentieth is a copy of an earlier one. They lie in a folder, a file each. For
every size a process of its own reads, cleans, finds versions, splits, encodes (smollm2), packs, hashes and takes the
first batch, as ``train`` does. Out come a table and ``docs/growth.png``: processor time and memory for 100, 1,000 and
10,000 songs (``--short``: the first two). ``--largest`` measures 100,000 alone, a matter of a quarter of an hour; its
figures stay in ``results/growth.json`` when the others are measured again. Not for Windows.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from transformers import AutoTokenizer

import lyric_lm.data.datamodule as data
import lyric_lm.lyrics.corpus as text
from benchmarks.record import RESULTS, record, table
from benchmarks.song_index import LINES, N_LINES, peak_gigabytes
from lyric_lm.curves import GREY, save
from lyric_lm.data.packing import Part
from lyric_lm.data.stored import StoredParts
from lyric_lm.fingerprint import blocks_fingerprint, songs_fingerprint
from lyric_lm.lyrics.cleaning import RULES
from lyric_lm.model.smollm2 import smollm2_folder
from lyric_lm.originality.hashes import hashes_of

PICTURE = Path(__file__).parent.parent / "docs" / "growth.png"
SIZES, LARGEST = (100, 1_000, 10_000), 100_000
CONTEXT_LENGTH, BLOCK_SIZE, BATCH_SIZE = 8192, 512, 8
COPIES = 20  # of so many songs one is a copy
SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]
# Stages in the order in which train passes them; "account" is languages, songs to look at, and what is between stages.
STAGES = {
    "read": "#2b6cb0",
    "clean": "#c05621",
    "find versions": "#2f855a",
    "account": "#b7791f",
    "encode": "#805ad5",
    "pack": "#b83280",
    "fingerprints": "#0987a0",
    "hashes": "#4a5568",
    "first batch": "#000000",
}


def made_up(rng: random.Random) -> str:
    """Return one of half a million words of three syllables, common ones more often than rare ones."""
    return word(int(len(SYLLABLES) ** 3 * rng.random() ** 3))


def word(number: int) -> str:
    """Return a word that no other number below half a million has."""
    return "".join(SYLLABLES[number // len(SYLLABLES) ** n % len(SYLLABLES)] for n in range(3))


def write_songs(n_songs: int, folder: Path) -> None:
    """Write recombined songs into a folder, the title in a file's name."""
    rng = random.Random(1)
    originals: list[str] = []  # the first of them, to copy from
    for number in range(n_songs):
        if number % COPIES == COPIES - 1:
            lyrics = rng.choice(originals)
        else:
            lines = [f"{line} {made_up(rng)}" for line in rng.choices(LINES, k=N_LINES)]
            lyrics = "\n\n".join("\n".join(lines[first : first + 8]) for first in range(0, N_LINES, 8))
            originals = [*originals, lyrics][:1_000]
        title = f"{made_up(rng)} {word(number)} {made_up(rng)}".title()
        (folder / f"{title}.txt").write_text(lyrics, encoding="utf-8")


class Stages:
    """How much processor time went into each stage, of all threads, and the most memory used by its end."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.peak_gb: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens in the block; of stages within stages, each its own part."""
        before = sum(self.seconds.values())
        start = time.process_time()
        yield
        inner = sum(self.seconds.values()) - before
        self.seconds[name] += time.process_time() - start - inner
        self.peak_gb[name] = round(peak_gigabytes(), 3)

    def watch(self, module: Any, function: str, name: str) -> None:
        """Count the calls that a module makes of a function, or what it takes from it one by one."""
        original: Callable[..., Any] = getattr(module, function)

        def watched(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                result = original(*args, **kwargs)
            return self._each(result, name) if isinstance(result, Iterator) else result

        setattr(module, function, watched)

    def _each(self, items: Iterator[Any], name: str) -> Iterator[Any]:
        while True:
            with self.stage(name):
                item = next(items, None)
            if item is None:
                return
            yield item


def measure(folder: Path) -> dict[str, Any]:
    """Do with the songs of a folder what ``train`` does before its first step."""
    tokenizer = AutoTokenizer.from_pretrained(smollm2_folder())
    began_with = peak_gigabytes()
    stages = Stages()
    stages.watch(text, "read_songs", "read")
    stages.watch(text, "clean_songs", "clean")
    stages.watch(text, "group_versions", "find versions")
    stages.watch(data, "stored_songs", "encode")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["LYRIC_LM_CACHE"] = cache  # for the tokens; the tokenizer is loaded already
        start = time.perf_counter()
        with stages.stage("account"):
            corpus = text.build_corpus(folder, None, "drop", False, 0.1, 0.0, seed=1, rules=list(RULES))
        with stages.stage("pack"):
            songs = data.LyricsDataModule(corpus.splits, tokenizer, CONTEXT_LENGTH, BLOCK_SIZE, BATCH_SIZE, seed=1)
        with stages.stage("fingerprints"):
            songs_fingerprint(songs)
            blocks_fingerprint(songs)
        with stages.stage("hashes"):
            hashes_of(song.lyrics for song in corpus.splits["train"])
        with stages.stage("first batch"):
            next(iter(songs.train_batches))
        elapsed = time.perf_counter() - start
        start = time.perf_counter()
        data.LyricsDataModule(corpus.splits, tokenizer, CONTEXT_LENGTH, BLOCK_SIZE, BATCH_SIZE, seed=1)
        again = time.perf_counter() - start
        in_file = sum(file.stat().st_size for file in Path(cache).rglob("*.ids"))
    return {
        "songs": corpus.n_read,
        "kept": sum(map(len, corpus.splits.values())),
        "tokens": sum(map(songs.n_targets, songs.parts)),
        "blocks": sum(map(len, songs.blocks.values())),
        "cpu_seconds": {name: round(stages.seconds[name], 4) for name in STAGES},
        "seconds": round(elapsed, 2),
        "seconds_to_lay_out_again": round(again, 2),
        "peak_gb_after": stages.peak_gb,
        "peak_gb_before": round(began_with, 3),
        "training_set_mb": round(sum(map(room_of, songs.parts.values())) / 1e6, 3),
        "token_file_mb": round(in_file / 1e6, 3),
        "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def room_of(parts: Sequence[Part]) -> int:
    """Return the bytes of memory that parts take: 24 each where their ids lie in a mapped file, else ids and all."""
    if isinstance(parts, StoredParts):
        return 24 * len(parts)
    # Two ints and a place in two lists.
    return sum(sys.getsizeof(part) + sys.getsizeof(part.ids) + np.asarray(part.ids).nbytes + 72 for part in parts)


def in_own_process(n_songs: int) -> dict[str, Any]:
    """Make songs and measure them in a process that begins with nothing in memory."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "Tilda Marrow"
        folder.mkdir()
        write_songs(n_songs, folder)
        command = [sys.executable, "-m", "benchmarks.growth", "--measure", str(folder)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def shown(rows: list[dict[str, Any]]) -> str:
    """Return the table: stages down, sizes across, and by how much the last step of ten costs more than ten times."""
    sizes = [f"{row['songs']:,} songs" for row in rows]
    lines = []
    for name in STAGES:
        seconds = [row["cpu_seconds"][name] for row in rows]
        lines.append({"cpu seconds": name, **dict(zip(sizes, (f"{s:.2f}" for s in seconds), strict=True))})
        lines[-1]["per song, last to last but one"] = f"{_per_song(rows, seconds):.2f}"
    for name, key, digits in (
        ("peak memory, GB", "peak_gb", 2),
        ("training set, MB", "training_set_mb", 2),
        ("token file, MB", "token_file_mb", 0),
        ("tokens, millions", "millions", 2),
    ):
        values = [_figure_of(row, key) for row in rows]
        lines.append({"cpu seconds": name, **dict(zip(sizes, (f"{v:.{digits}f}" for v in values), strict=True))})
        lines[-1]["per song, last to last but one"] = f"{_per_song(rows, values):.2f}" if values[-2] else ""
    return table(lines)


def _figure_of(row: dict[str, Any], key: str) -> float:
    if key == "peak_gb":
        return max(row["peak_gb_after"].values())
    return row["tokens"] / 1e6 if key == "millions" else row[key]


def _per_song(rows: list[dict[str, Any]], values: list[float]) -> float:
    (_, before), (_, last) = list(zip(rows, values, strict=True))[-2:]
    return (last / rows[-1]["songs"]) / max(before / rows[-2]["songs"], 1e-9)


def draw(rows: list[dict[str, Any]]) -> Figure:
    """Draw processor time by stage, and memory, over the number of songs; linear growth is a line of slope 1."""
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    sizes = [row["songs"] for row in rows]
    for name, colour in STAGES.items():
        left.plot(sizes, [row["cpu_seconds"][name] for row in rows], "o-", ms=4, color=colour, label=name)
    _finish(left, "Processor time by stage", "seconds", sizes, rows[-1]["cpu_seconds"]["clean"] * 3)
    peaks = [1000 * (_figure_of(row, "peak_gb") - row["peak_gb_before"]) for row in rows]
    right.plot(sizes, peaks, "o-", ms=4, color="#2b6cb0", label="peak, beside torch and tokenizer")
    right.plot(sizes, [row["training_set_mb"] for row in rows], "o-", ms=4, color="#c05621", label="training set")
    files = [(row["songs"], row["token_file_mb"]) for row in rows if row["token_file_mb"]]
    if files:
        right.plot(*zip(*files, strict=True), "s", ms=6, color="#2f855a", label="tokens in a mapped file")
    _finish(right, "Memory", "MB", sizes, peaks[-1] * 3)
    return figure


def _finish(axes: Axes, title: str, unit: str, sizes: list[int], at_the_end: float) -> None:
    guide = [at_the_end * size / sizes[-1] for size in sizes]
    axes.plot(sizes, guide, "--", color=GREY, lw=1, label="linear (slope 1)")
    axes.set_title(title, loc="left", fontsize=12)
    axes.set(xscale="log", yscale="log", xlabel="songs", ylabel=unit)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def main() -> None:
    """Measure the sizes asked for, print the table, keep the figures and draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="100 and 1,000 songs")
    parser.add_argument("--largest", action="store_true", help="100,000 songs alone")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure(chosen.measure)))
        return
    measured = [in_own_process(n) for n in ((LARGEST,) if chosen.largest else SIZES[:2] if chosen.short else SIZES)]
    before = RESULTS / "growth.json"
    kept = json.loads(before.read_text(encoding="utf-8"))["rows"] if before.is_file() else []
    by_size = {row["songs"]: row for row in (*kept, *measured)}
    rows = [by_size[size] for size in sorted(by_size)]
    if older := sorted(by_size.keys() - {row["songs"] for row in measured}):
        print(f"Kept from an earlier run: {', '.join(f'{size:,}' for size in older)} songs\n")
    print(shown(rows) if len(rows) > 1 else json.dumps(rows, indent=1))
    record("growth", rows)
    save(draw(rows), PICTURE)


if __name__ == "__main__":
    main()
