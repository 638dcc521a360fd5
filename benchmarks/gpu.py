"""Measure training on a GPU against nanoGPT, both compiled: ``python -m benchmarks.gpu [--blocks 16] [--short]``.

GPT-2's shape with random weights, blocks of 1,024 tokens, bf16, each contender in a process of its own, in turn. The
songs are made of the demo album's lines. nanoGPT reads one stream of tokens across songs, ours reads songs apart, and
its row is as long as they are. A step counts by the tokens that are scored.
Out come medians, the ratio of ours to each within a round, and the share of the GPU's rate of bf16 matrix products:
the quickest found here, and the one its maker names, where it is known. Operations are 6 per weight and token, and 12
per layer, width and token that is seen in attention on the way (all of a row's, as is usual to count, though half are
masked).
``--profile`` takes steps in a plain loop instead, waiting for each, and prints how long one takes, how long the
processor needs to start its kernels, and where the GPU's time goes.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from statistics import median
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from benchmarks import ours
from benchmarks.record import record, spread, table
from benchmarks.references import nanogpt
from benchmarks.references.songs import Songs
from benchmarks.song_index import LINES
from benchmarks.throughput import Laps, flops_per_token, network_for
from lyric_lm.data.batches import on
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.encoding import separator_id
from lyric_lm.lyrics.corpus import Corpus
from lyric_lm.lyrics.song import Song
from lyric_lm.model.compiling import compile_network
from lyric_lm.model.loss import batch_sums
from lyric_lm.model.optim import make_optimizer
from lyric_lm.model.smollm2 import smollm2_folder

BLOCK_SIZE = 1024
CONTENDERS = {
    "nanogpt": "nanoGPT, compiled",
    "ours": "lyric_lm, trainer.compile=true",
    "written": "lyric_lm, trainer.compile=false",
}
NAMED_RATES = {"H100 80GB HBM3": 989e12, "H200": 989e12, "A100": 312e12}  # dense bf16, by NVIDIA's data sheets
N_FIRST, N_TIMED = 12, 40  # steps


def made_songs(n: int, tokenizer: PreTrainedTokenizerBase) -> Songs:
    """Make songs of 12 to 48 of the album's lines; eight of them are held out."""
    rng = random.Random(1)
    lyrics = ["\n".join(rng.choices(LINES, k=rng.randint(12, 48))) for _ in range(n)]
    songs = [Song(str(number), "", text, str(number)) for number, text in enumerate(lyrics)]
    splits = {"train": songs[8:], "val": songs[:8], "test": []}
    corpus = Corpus("", "", splits, 1, n, [], [], Counter(), {}, [], [], Counter(), Counter())
    separator = separator_id(tokenizer)
    encoded = tokenizer(lyrics, add_special_tokens=False, verbose=False)["input_ids"]
    ids = [[separator, *song, separator] for song in encoded]
    return Songs(corpus, tokenizer, ids[8:], ids[:8], separator)


class SteadyLaps(Laps):
    """Laps that wait for the GPU where their time begins and ends."""

    def after_batch(self, network: torch.nn.Module, n_scored: int, is_step: bool) -> bool:
        if self.n_batches + 1 in (self.n_first, self.n_first + self.n_timed):
            torch.cuda.synchronize()
        return super().after_batch(network, n_scored, is_step)


def measure(contender: str, n_blocks: int, seed: int, songs: Songs) -> dict[str, float]:
    """Train; return scored tokens per second, the seconds until the first timed step, and the peak of memory."""
    network = network_for("nanogpt" if contender == "nanogpt" else "ours", "gpt2").to("cuda")
    laps = SteadyLaps(N_FIRST, N_TIMED)
    began = time.perf_counter()
    if contender == "nanogpt":
        recipe = nanogpt.Recipe(1e-4, n_blocks, BLOCK_SIZE, 1, 10_000, 0, decays=False, compiles=True)
        nanogpt.fit(network, songs, laps, seed, recipe)
    else:
        is_compiled = str(contender == "ours").lower()
        shape = (f"data.batch_size={n_blocks}", f"data.block_size={BLOCK_SIZE}", f"trainer.compile={is_compiled}")
        ours.fit(network, songs, laps, seed, "model=gpt2", *shape)
    return {
        "tokens_per_second": laps.n_scored / laps.seconds,
        "first": laps.began - began,
        "peak_gb": torch.cuda.max_memory_allocated() / 1e9,
    }


def profile_steps(model: str, n_blocks: int, block_size: int, is_compiled: bool, songs: Songs) -> None:
    """Take steps one after the other, and print where their time goes."""
    network = network_for("ours", model).train()
    batches = LyricsDataModule(songs.corpus.splits, songs.tokenizer, 1024, block_size, n_blocks, 1).train_batches
    if is_compiled and compile_network(network, "cuda", "bf16-mixed"):
        batches.filled_to = block_size
    network.to("cuda")
    optimizer = make_optimizer(network, 1e-5, 0.1, (0.9, 0.999), fused=True)
    served = iter(batches)

    def step() -> tuple[float, float]:
        batch = on(torch.device("cuda"), next(served))
        torch._dynamo.maybe_mark_dynamic(batch["song_starts"], 0)
        torch.cuda.synchronize()
        began = time.perf_counter()
        with torch.autocast("cuda", torch.bfloat16):
            objective = batch_sums(network, batch).objective
        torch.autograd.backward(objective / batch["n_targets"])
        torch.nn.utils.get_total_norm([p.grad for p in network.parameters() if p.grad is not None])
        optimizer.step()
        optimizer.zero_grad()
        started = time.perf_counter() - began
        torch.cuda.synchronize()
        return time.perf_counter() - began, started

    for _ in range(5):
        step()
    times = [step() for _ in range(10)]
    whole, started = (spread([1000 * one[n] for one in times], 1) for n in range(2))
    print(f"{model}, {n_blocks} x {block_size}: {whole} ms a step, {started} to start its kernels\n")
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        for _ in range(3):
            step()
    print(found.key_averages().table(sort_by="self_cuda_time_total", row_limit=40, max_name_column_width=80))


def matrix_rate(n: int = 8192, n_products: int = 20) -> float:
    """Return the operations per second of bf16 products of large square matrices."""
    a, b = (torch.randn(n, n, device="cuda").bfloat16() for _ in range(2))
    times = []
    for _ in range(n_products):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        a @ b
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) / 1000)
    return 2 * n**3 / median(times[3:])


def main() -> None:
    """Print the table, or what one contender measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=16, help="blocks of 1,024 tokens in a step")
    parser.add_argument("--model", default="gpt2", help="with --profile: gpt2 (the shape alone) or smollm2")
    parser.add_argument("--block-size", type=int, default=BLOCK_SIZE, help="with --profile")
    parser.add_argument("--profile", choices=["compiled", "written"], help="where a step's time goes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--short", action="store_true", help="one round")
    parser.add_argument("--one", nargs=2, metavar=("CONTENDER", "SEED"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("needs an NVIDIA GPU")
    n_songs = 4 * given.blocks * (N_FIRST + N_TIMED + 2)  # a block takes some three
    songs = made_songs(n_songs, AutoTokenizer.from_pretrained(smollm2_folder()))
    if given.profile:
        profile_steps(given.model, given.blocks, given.block_size, given.profile == "compiled", songs)
        return
    if given.one:
        print(json.dumps(measure(given.one[0], given.blocks, int(given.one[1]), songs)))
        return
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for number in range(1 if given.short else given.rounds):
        for name in CONTENDERS:
            options = ["--blocks", str(given.blocks), "--one", name, str(number + 1)]
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", *options]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
            print(f"round {number + 1}: {name} {found[name][-1]}", file=sys.stderr, flush=True)
    rows = rows_of(found, songs)
    print(table(rows))
    record(f"gpu_{given.blocks}", rows, found=found)


def rows_of(found: dict[str, list[dict[str, float]]], songs: Songs) -> list[dict[str, Any]]:
    """Return the table."""
    rates = {name: [one["tokens_per_second"] for one in measured] for name, measured in found.items()}
    best, gpu = matrix_rate(), torch.cuda.get_device_name()
    named = next((rate for name, rate in NAMED_RATES.items() if name in gpu), None)
    network = network_for("ours", "gpt2")
    flops = {name: flops_per_token(network, songs) for name in found}
    row = Songs(songs.corpus, songs.tokenizer, [[0] * BLOCK_SIZE], [], 0)  # all of a row is seen
    flops["nanogpt"] = flops_per_token(network, row)
    return [
        {
            "contender": CONTENDERS[name],
            "scored tokens/s": spread(of_one, 0),
            "ours is faster by": spread([ours / rate for ours, rate in zip(rates["ours"], of_one, strict=True)]),
            "of the rate found": f"{median(of_one) * flops[name] / best:.1%}",
            "of the rate named": f"{median(of_one) * flops[name] / named:.1%}" if named else "",
            "seconds before": spread([one["first"] for one in found[name]], 0),
            "peak GB": spread([one["peak_gb"] for one in found[name]], 1),
        }
        for name, of_one in rates.items()
    ]


if __name__ == "__main__":
    main()
