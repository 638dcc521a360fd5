"""Measure what a training step costs beside what it computes: ``python -m benchmarks.overhead``.

The network's loss is a number here, so what is left of a step is Lightning, the batch, the optimizer of a network of a
few hundred thousand weights, and what is noted of the step. In one thread, no loggers; milliseconds a step.
"""

import time
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config

from benchmarks import ours
from benchmarks.gpu import made_songs
from benchmarks.record import record, spread, table
from lyric_lm.model import module
from lyric_lm.model.loss import LossSums
from lyric_lm.model.smollm2 import smollm2_folder

N_FIRST, N_TIMED = 20, 50  # steps


class Clock:
    """A watcher that notes how long each fifty steps take, five times."""

    def __init__(self) -> None:
        self.n_steps, self.began = 0, 0.0
        self.milliseconds: list[float] = []

    def begin(self) -> None: ...

    def after_batch(self, network: nn.Module, n_scored: int, is_step: bool) -> bool:
        self.n_steps += 1
        if (self.n_steps - N_FIRST) % N_TIMED == 0:
            now = time.perf_counter()
            if self.n_steps > N_FIRST:
                self.milliseconds.append(1000 * (now - self.began) / N_TIMED)
            self.began = now
        return len(self.milliseconds) == 5


def no_work(network: Any, batch: Any, label_smoothing: float = 0.0) -> LossSums:
    """Return a loss that depends on a few weights."""
    nats = network.transformer.ln_f.weight.sum() + 5.0 * batch["n_targets"]
    return LossSums(nats, nats.detach())


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    songs = made_songs(1200, AutoTokenizer.from_pretrained(smollm2_folder()))
    shape = {"vocab_size": 49152, "n_embd": 8, "n_layer": 1, "n_head": 1, "n_positions": 1024}
    network = AutoModelForCausalLM.from_config(GPT2Config(**shape, bos_token_id=0, eos_token_id=0), dtype="float32")
    module.batch_sums = no_work  # type: ignore[attr-defined]
    clock = Clock()
    ours.fit(network, songs, clock, 1, "data.block_size=1024", "trainer.precision=32-true", "trainer.max_epochs=99")
    rows = [{"step": "nothing computed", "ms": spread(clock.milliseconds, 1)}]
    print(table(rows))
    record("overhead", rows, milliseconds=clock.milliseconds)


if __name__ == "__main__":
    main()
