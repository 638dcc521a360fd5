"""What ``trainer.compile`` costs and saves: ``python -m benchmarks.compiling [--short]``.

Training steps in the precision of ``auto`` on the demo album, as written and compiled in turn, on the same batches:
SmolLM2-135M with one block of 512 tokens, and GPT-2's shape (random weights) with four. The first compiled step
generates the code, or finds it where an earlier process left it; the caches are empty here.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GPT2Config, PreTrainedModel

from benchmarks import ours
from benchmarks.record import record, spread, table
from lyric_lm.data.batches import Batch
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.hardware import keep_freed_memory, multiplies_bf16, resolve_precision
from lyric_lm.lyrics.corpus import corpus_from
from lyric_lm.model.compiling import as_written, compile_network, compiled
from lyric_lm.model.fast import speed_up
from lyric_lm.model.loss import batch_sums
from lyric_lm.model.optim import make_optimizer
from lyric_lm.model.pretrained import load_model

SHAPES = {"smollm2": 1, "gpt2": 4}  # blocks of a batch


def measure(shape: str, n_rounds: int) -> dict[str, Any]:
    """Return a row of the table."""
    keep_freed_memory()
    settings = ours.default_settings("model=smollm2")
    network, tokenizer = load_model(**settings["model"])
    if shape == "gpt2":
        config = GPT2Config(attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0)
        network = AutoModelForCausalLM.from_config(config, dtype="float32", attn_implementation="sdpa")
        speed_up(network)
    splits = corpus_from(settings["data"], 1).splits
    batches = list(LyricsDataModule(splits, tokenizer, 1024, 512, SHAPES[shape], 1).train_batches)
    optimizer = make_optimizer(network.train(), 1e-5, 0.1, (0.9, 0.999), fused=True)
    compile_network(network, "cpu", resolve_precision("auto", "cpu"))
    with as_written():
        for batch in batches[:2]:
            seconds_of_step(network, optimizer, batch, nullcontext())
        first = [seconds_of_step(network, optimizer, batch, compiled()) for batch in batches[:3]]
        pairs = [
            [
                seconds_of_step(network, optimizer, batches[(3 + n) % len(batches)], how())
                for how in (nullcontext, compiled)
            ]
            for n in range(n_rounds)
        ]
    plain, quick = (list(times) for times in zip(*pairs, strict=True))
    return {
        "model": shape,
        "blocks": SHAPES[shape],
        "seconds of a step": spread(plain),
        "compiled": spread(quick),
        "quicker by": spread([a / b for a, b in pairs]),
        "seconds to compile": round(sum(first) - 3 * sorted(quick)[len(quick) // 2]),
    }


def seconds_of_step(
    network: PreTrainedModel, optimizer: torch.optim.Optimizer, batch: Batch, how: AbstractContextManager[Any]
) -> float:
    """Take a step; return how long it took."""
    began = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bf16("cpu")), how:
        objective = batch_sums(network, batch, 0.0).objective
    torch.autograd.backward(objective / batch["n_targets"])
    optimizer.step()
    optimizer.zero_grad()
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="three rounds of smollm2")
    parser.add_argument("--one", choices=SHAPES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    n_rounds = 3 if given.short else 12
    if given.one:
        print(json.dumps(measure(given.one, n_rounds)))
        return
    rows = []
    for shape in ("smollm2",) if given.short else SHAPES:
        with tempfile.TemporaryDirectory() as cache:
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.compiling", "--one", shape]
            environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": cache}
            command += ["--short"] if given.short else []
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    print(table(rows))
    if not given.short:
        record("compiling", rows)


if __name__ == "__main__":
    main()
