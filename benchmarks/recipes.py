"""Try recipes: ``python -m benchmarks.recipes [SONGS ...] [--seeds 1] [--epochs 1] [--recipe "optim.lr=2e-4 ..."]``.

Each recipe is the defaults of ``train`` with some settings changed, smollm2 on the songs of each artist (a folder each;
without: the demo album). Every quarter of an epoch the held-out loss is measured: of the weights as they are; of the
moving average over the steps (``optim.ema_decay``); and of the weights drawn back a part of the way to the untrained
model's. The latter two cost no training of their own. Losses do not depend on what else the machine does.
"""

import argparse
import copy
import math
import sys
from typing import Any

import torch
from torch import nn

from benchmarks import ours
from benchmarks.record import record, table
from benchmarks.references.songs import Songs, load_plain, loss_of_songs, read_songs
from lyric_lm.model.averaging import MovingAverage
from lyric_lm.model.pretrained import load_model

DECAY = 0.99
SHARE = 0.8  # of the way from the untrained model's weights to the trained ones


class Variants:
    """A watcher (``benchmarks.references.songs``) that measures a network and what can be made of its weights.

    Args:
        network: the one that is trained, before the first step.
        epochs: after which to stop.
    """

    def __init__(self, network: Any, songs: Songs, epochs: float):
        self.judge, _ = load_plain(network.config._name_or_path, 0.0)
        self.untrained = copy.deepcopy(self.judge.state_dict())
        self.average = MovingAverage(network, DECAY)
        self.songs, self.quarters = songs, round(4 * epochs)
        self.n_targets = sum(len(song) - 1 for song in songs.train)
        self.n_scored = self.steps = 0
        self.found: list[dict[str, str]] = []

    def begin(self) -> None:
        pass

    def after_batch(self, network: nn.Module, n_scored: int, is_step: bool) -> bool:
        self.n_scored += n_scored
        if is_step:
            self.steps += 1
            self.average.update()
            if 4 * self.n_scored >= self.n_targets * (len(self.found) + 1):
                self.found.append(self._measured(network.state_dict()))
        return len(self.found) == self.quarters

    def _measured(self, now: dict[str, torch.Tensor]) -> dict[str, str]:
        drawn = {name: torch.lerp(self.untrained[name], now[name], SHARE) for name in now}
        average = self.average.network.state_dict()
        losses = {"as they are": now, f"average, {DECAY:g}": average, f"{SHARE:.0%} of the way": drawn}
        head = {"epochs": f"{self.n_scored / self.n_targets:.2f}", "steps": str(self.steps)}
        return head | {name: f"{self._loss(weights):.3f}" for name, weights in losses.items()}

    def _loss(self, weights: dict[str, torch.Tensor]) -> float:
        self.judge.load_state_dict(weights)
        return loss_of_songs(self.judge.eval(), self.songs, self.songs.line_end)


def try_out(artist: str | None, seed: int, epochs: float, recipe: str) -> list[dict[str, str]]:
    """Train once; return a row of the table for every quarter of an epoch."""
    length = f"trainer.max_epochs={math.ceil(epochs)}"
    overrides = [length, "callbacks=bare", "model=smollm2", "optim.ema_decay=0", *recipe.split()]
    torch.manual_seed(seed)
    network, tokenizer = load_model(**ours.default_settings(*overrides)["model"])
    songs = read_songs(artist, tokenizer, 1024)
    variants = Variants(network, songs, epochs)
    ours.fit(network, songs, variants, seed, *overrides)
    head = {"artist": songs.corpus.artist, "seed": str(seed), "recipe": recipe or "defaults"}
    return [head | measured for measured in variants.found]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artists", nargs="*", metavar="SONGS", help="folders of songs; without: the demo album")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--recipe", action="append", help="settings of train, with spaces between; may be repeated")
    arguments = parser.parse_args()
    rows = []
    for artist in arguments.artists or [None]:
        for recipe in arguments.recipe or [""]:
            for seed in arguments.seeds:
                rows += try_out(artist, seed, arguments.epochs, recipe)
                print(rows[-1], file=sys.stderr, flush=True)
    print(table(rows))
    record("recipes", rows)


if __name__ == "__main__":
    main()
