"""Try recipes: ``python -m benchmarks.recipes [SONGS ...] [--seeds 1] [--epochs 1] [--recipe "optim.lr=2e-4 ..."]``.

Each recipe is the defaults of ``train`` with some settings changed, smollm2 on the songs of each artist (a folder each;
without: the demo album). About every half epoch the held-out loss is measured: of the weights as they are; of moving
averages over the steps (``optim.ema_decay``); and of the weights drawn back a part of the way to the untrained model's.
The latter two cost no training of their own. Losses do not depend on what else the machine does.
"""

import argparse
import copy
import sys
from typing import Any

import torch
from torch import nn

from benchmarks import ours
from benchmarks.record import record, table
from benchmarks.references.songs import Songs, load_plain, loss_of_songs, read_songs
from lyric_lm.model.averaging import MovingAverage
from lyric_lm.model.pretrained import load_model

DECAYS = (0.9, 0.95, 0.97)
SHARES = (0.8, 0.65)  # of the way from the untrained model's weights to the trained ones


class Variants:
    """A watcher (``benchmarks.references.songs``) that measures a network and what can be made of its weights.

    Args:
        network: the one that is trained, before the first step.
        interval: steps between two measurements.
    """

    def __init__(self, network: Any, songs: Songs, interval: int):
        self.judge, _ = load_plain(network.config._name_or_path, 0.0)
        self.untrained = copy.deepcopy(self.judge.state_dict())
        self.averages = {decay: MovingAverage(network, decay) for decay in DECAYS}
        self.songs, self.interval, self.steps = songs, interval, 0
        self.found: list[dict[str, float]] = []

    def begin(self) -> None:
        pass

    def after_batch(self, network: nn.Module, n_scored: int, is_step: bool) -> bool:
        self.steps += is_step
        if is_step:
            for average in self.averages.values():
                average.update()
        if is_step and self.steps % self.interval == 0:
            now = network.state_dict()
            measured = {"loss": self._loss(now)}
            for decay, average in self.averages.items():
                measured[f"average, {decay:g}"] = self._loss(average.network.state_dict())
            for share in SHARES:
                drawn = {name: torch.lerp(self.untrained[name], now[name], share) for name in now}
                measured[f"{share:.0%} of the way"] = self._loss(drawn)
            self.found.append(measured)
        return False

    def _loss(self, weights: dict[str, torch.Tensor]) -> float:
        self.judge.load_state_dict(weights)
        return loss_of_songs(self.judge.eval(), self.songs.val)


def try_out(artist: str | None, seed: int, epochs: int, recipe: str) -> list[dict[str, str]]:
    """Train once; return a row of the table for about every half epoch."""
    overrides = [f"trainer.max_epochs={epochs}", "callbacks=bare", "model=smollm2", *recipe.split()]
    torch.manual_seed(seed)
    network, tokenizer = load_model(**ours.default_settings(*overrides)["model"])
    songs = read_songs(artist, tokenizer, 1024)
    n_steps = -(-sum(len(song) - 1 for song in songs.train) // 512)  # in an epoch, about
    variants = Variants(network, songs, interval=max(1, n_steps // 2))
    ours.fit(network, songs, variants, seed, *overrides)
    head = {"artist": songs.corpus.artist, "seed": str(seed), "recipe": recipe or "defaults"}
    return [
        head | {"steps": str(variants.interval * i)} | {name: f"{loss:.3f}" for name, loss in losses.items()}
        for i, losses in enumerate(variants.found, start=1)
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artists", nargs="*", metavar="SONGS", help="folders of songs; without: the demo album")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--epochs", type=int, default=1)
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
