"""Train GPT-2 XL in shards over two processes of this machine: ``python -m benchmarks.many_devices``.

Its shape, with random weights, is trained with adapters: all of it would want 25 GB for weights, gradients and moments
alone. Three steps are taken in one process and in two with ``trainer=fsdp``, through ``python -m lyric_lm.train``, each
time a whole run folder. Out come losses and gradient norms, which should be the same, and the most memory that each
process held of its own. Needs 28 GB of memory for two minutes and 30 GB on the disk; takes eight minutes. For Linux.
"""

import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from benchmarks.held import own_bytes, with_children
from benchmarks.record import record, table
from benchmarks.song_index import LINES
from lyric_lm.model.smollm2 import smollm2_folder

N_STEPS = 3
XL = GPT2Config(n_embd=1600, n_layer=48, n_head=25)  # Radford et al. 2019
WAYS: dict[str, tuple[str, ...]] = {"one": (), "fsdp": ("trainer=fsdp", "trainer.devices=2")}


@torch.no_grad()
def save_model(config: GPT2Config, folder: Path) -> None:
    """Save random weights of this shape, and a tokenizer that knows no more tokens than they have rows.

    One value of each token's embedding is the logarithm of how often the album has it, and the last layer looks at it:
    a model that knew nothing at all would be refused.
    """
    torch.manual_seed(0)
    network = GPT2LMHeadModel(config)
    tokenizer = AutoTokenizer.from_pretrained(smollm2_folder())
    ids = tokenizer("\n".join(LINES))["input_ids"]
    counts = torch.bincount(torch.tensor(ids), minlength=config.vocab_size)
    network.transformer.wte.weight[:, 0] = 0.02 * (counts + 0.1).log()
    network.transformer.ln_f.weight[0], network.transformer.ln_f.bias[0] = 0.0, 50.0
    network.save_pretrained(folder, max_shard_size="100GB")
    tokenizer.save_pretrained(folder)


def train(model: Path, run_dir: Path, *more: str) -> dict[str, Any]:
    """Train by the command; return its curves, and the most memory of their own that its processes held."""
    command = [sys.executable, "-W", "ignore", "-m", "lyric_lm.train", f"model.pretrained={model}", "model.name=shape"]
    command += ["trainer.precision=bf16-mixed", "data.block_size=256", f"trainer.max_steps={N_STEPS}", "seed=1"]
    command += ["callbacks=bare", "finetune=lora", "optim.warmup_steps=1", "optim.lr=1e-5"]
    command += ["trainer.limit_val_batches=4", f"hydra.run.dir={run_dir}"]
    # Four blocks a step, whatever the processes.
    command += ["data.batch_size=1", f"trainer.accumulate_grad_batches={2 if 'trainer=fsdp' in more else 4}", *more]
    began = time.perf_counter()
    peaks: dict[int, float] = {}
    with (run_dir.parent / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            for pid in with_children(process.pid):
                peaks[pid] = max(peaks.get(pid, 0.0), own_bytes(pid))
            time.sleep(0.1)
    if process.returncode:
        sys.exit((run_dir.parent / "output.txt").read_text(errors="replace")[-3000:])
    with (run_dir / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["train/loss"]]
    return {
        "losses": [round(float(row["train/loss"]), 4) for row in rows],
        "gradient norms": [round(float(row["train/grad_norm"]), 4) for row in rows],
        "seconds": round(time.perf_counter() - began),
        "peak GB of each": " and ".join(f"{peak / 1e9:.1f}" for peak in peaks.values() if peak > 1e9),
    }


def main() -> None:
    """Measure both ways, print the table and keep it."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        save_model(XL, Path(place) / "model")
        for way, settings in WAYS.items():
            rows.append({"way": way, **train(Path(place) / "model", Path(place) / way, *settings)})
            print(rows[-1], file=sys.stderr, flush=True)
    print(table(rows))
    record("many_devices", rows)


if __name__ == "__main__":
    main()
