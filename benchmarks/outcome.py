"""What a run leaves, and where two of them differ: to the last bit, times and memory aside."""

import csv
import json
from pathlib import Path
from typing import Any

import torch


def outcome(run: Path) -> dict[str, Any]:
    """Return what a run leaves, as far as it must be the same: figures, weights, generators."""
    with (run / "metrics.csv").open(newline="") as stream:
        rows = [
            {key: value for key, value in row.items() if key != "tokens_per_second"} for row in csv.DictReader(stream)
        ]
    last = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    best = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)
    summary = json.loads((run / "summary.json").read_text())
    samples = [file.read_text() for file in sorted((run / "samples").iterdir())]
    for key in ("seconds", "tokens_per_second", "peak_memory_bytes"):
        del summary[key]
    return {
        "metrics.csv": rows,
        "weights": last["state_dict"],
        "optimizer": last["optimizer_states"],
        "schedule": last["lr_schedulers"],
        "random numbers": last["lyric_lm"]["rng"],
        "callbacks": last["callbacks"],
        "best.ckpt": best["state_dict"],
        "model/": (run / "model" / "model.safetensors").read_bytes(),
        "samples": samples,
        "summary.json": summary,
        "files": sorted(
            str(file.relative_to(run)) for file in run.rglob("*") if "events" not in file.name and file.name != ".lock"
        ),
    }


def difference(one: Any, other: Any, where: str) -> str:
    """Return the first place where two nested outcomes are not equal to the last bit, or nothing."""
    if isinstance(one, torch.Tensor):
        is_same = isinstance(other, torch.Tensor) and one.dtype == other.dtype and torch.equal(one, other)
        return "" if is_same else where
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return next(filter(None, (difference(one[key], other[key], f"{where}, {key}") for key in one)), "")
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return next(filter(None, (difference(*pair, f"{where}, {i}") for i, pair in pairs)), "")
    return "" if one == other else f"{where}: {str(one)[:200]} or {str(other)[:200]}"
