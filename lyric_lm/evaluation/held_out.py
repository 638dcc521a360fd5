"""What songs cost a model that has never seen them, beside what they cost the untrained model.

A network, its tokenizer and songs go in; a score for each song comes out, then the means over all songs and how sure
the difference between two models is. Everything is token-weighted: a mean is summed nats over scored tokens.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.data.encoding import encode_songs
from lyric_lm.lyrics.song import Song
from lyric_lm.model.loss import bits_per_byte, perplexity
from lyric_lm.model.pretrained import context_length

MOST_LOGITS = 2**27  # at once; half a gigabyte in float32, as much again while their loss is computed


@dataclass(frozen=True)
class SongScore:
    """What a song cost: ``nats`` summed over its ``n_tokens`` scored tokens, the closing separator included.

    ``n_bytes`` is the UTF-8 size of the lyrics alone.
    """

    title: str
    source: str
    n_tokens: int
    n_bytes: int
    nats: float


@torch.no_grad()
def score_songs(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    songs: Sequence[Song],
    on_song: Callable[[SongScore], object] | None = None,
) -> list[SongScore]:
    """Score songs in their order, each as opening + lyrics + separator; all but the opening is scored.

    A song longer than the context length is read in windows that advance by half of it, and a token is scored in
    the first window that holds it, so that at least half a window stands before it (the sliding window of
    https://huggingface.co/docs/transformers/perplexity). The loss is computed in float32.

    Args:
        on_song: called with each score as it is there.
    """
    takes_keep = "logits_to_keep" in inspect.signature(network.forward).parameters
    most = max(1, MOST_LOGITS // network.config.get_text_config().vocab_size)
    scores = []
    was_training = network.training
    network.eval()
    for song, encoded in zip(songs, encode_songs(songs, tokenizer), strict=True):
        ids = torch.tensor(encoded.ids, dtype=torch.int64, device=network.device)  # (T,)
        nats = 0.0
        for begin, first, end in windows(len(ids), encoded.n_context, context_length(network), most):
            only = {"logits_to_keep": end - first} if takes_keep else {}
            logits = network(input_ids=ids[None, begin : end - 1], use_cache=False, **only).logits
            logits = logits[0, first - end :].float()  # (end - first, V): row i predicts token first + i
            nats += float(torch.nn.functional.cross_entropy(logits, ids[first:end], reduction="sum"))
        scores.append(SongScore(song.title, song.source, len(ids) - encoded.n_context, encoded.n_bytes, nats))
        if on_song:
            on_song(scores[-1])
    network.train(was_training)
    return scores


def windows(n_ids: int, n_context: int, context: int, most: int) -> Iterator[tuple[int, int, int]]:
    """Yield what to read and what to score of ``n_ids`` tokens, as (begin, first, end).

    The first ``n_context`` tokens, fewer than ``context``, are not scored.

    Tokens ``begin`` to ``end - 1`` are read, ``first`` to ``end - 1`` are scored, at most ``most`` at a time; of a
    window with more, the earlier tokens come first, since the later ones change nothing about them.

    >>> list(windows(8, 1, context=8, most=100)), list(windows(9, 2, context=8, most=100))
    ([(0, 1, 8)], [(0, 2, 8), (4, 8, 9)])
    >>> list(windows(18, 1, context=8, most=100))
    [(0, 1, 8), (4, 8, 12), (8, 12, 16), (12, 16, 18)]
    >>> list(windows(8, 1, context=8, most=3))
    [(0, 1, 4), (0, 4, 7), (0, 7, 8)]
    """
    begin, first = 0, n_context
    while first < n_ids:
        end = min(begin + context, n_ids)
        for start in range(first, end, most):
            yield begin, start, min(start + most, end)
        begin, first = begin + context // 2, end


def pooled(scores: list[SongScore]) -> dict[str, float]:
    """Return the scores of at least one song as one: loss in nats per token, perplexity, bits per byte, sizes.

    >>> pooled([SongScore("a", "", 1, 4, 1.0), SongScore("b", "", 3, 4, 0.0)])["loss"]
    0.25
    """
    nats, n_tokens = sum(score.nats for score in scores), sum(score.n_tokens for score in scores)
    n_bytes = sum(score.n_bytes for score in scores)
    loss = nats / n_tokens
    return {
        "loss": loss,
        "perplexity": perplexity(loss),
        "bits_per_byte": bits_per_byte(nats, n_bytes),
        "n_tokens": n_tokens,
        "n_bytes": n_bytes,
    }


def difference(tuned: list[SongScore], base: list[SongScore], seed: int, n_resamples: int = 10_000) -> dict[str, Any]:
    """Return tuned minus base in nats per token and in bits per byte, each with its 95 % interval.

    The interval is the paired bootstrap's: songs are drawn with replacement, the same for both models, since it is
    songs that another held-out set would differ in, and the percentiles 2.5 and 97.5 are taken (Koehn 2004,
    https://aclanthology.org/W04-3250). None for a single song. Of ten songs it is somewhat too narrow.

    Args:
        tuned: scores of the same songs in the same order as ``base``, by the same tokenizer.

    Raises:
        ValueError: the scores are not of the same songs and tokens.
    """
    sizes = np.array([(score.n_tokens, score.n_bytes) for score in tuned])  # (N, 2)
    if not np.array_equal(sizes, [(score.n_tokens, score.n_bytes) for score in base]):
        raise ValueError("the two models' scores are not of the same songs in the same tokens")
    nats = np.array([score.nats for score in tuned]) - np.array([score.nats for score in base])  # (N,)
    n_songs = len(nats)
    times = np.random.default_rng(seed).multinomial(n_songs, np.full(n_songs, 1 / n_songs), size=n_resamples)  # (R, N)
    times = np.vstack([np.ones(n_songs, dtype=np.int64), times])  # first the songs as they are
    means = (times @ nats)[:, None] / (times @ sizes) / (1, np.log(2))  # (1 + R, 2)
    low, high = np.percentile(means[1:], [2.5, 97.5], axis=0)
    result: dict[str, Any] = {}
    for column, name in enumerate(("loss", "bits_per_byte")):
        result[name] = float(means[0, column])
        result[f"{name}_interval"] = [float(low[column]), float(high[column])] if n_songs > 1 else None
    return result


def held_out_report(tuned: list[SongScore], base: list[SongScore] | None, seed: int) -> dict[str, Any]:
    """Return both models' means, their difference and every song, hardest first, as plain data."""
    base_losses = [score.nats / score.n_tokens for score in base] if base else [None] * len(tuned)
    songs = [
        {"title": score.title, "source": score.source, **pooled([score]), "base_loss": base_loss}
        for score, base_loss in zip(tuned, base_losses, strict=True)
    ]
    return {
        "tuned": pooled(tuned),
        "base": pooled(base) if base else None,
        "difference": difference(tuned, base, seed) if base else None,
        "songs": sorted(songs, key=lambda song: -song["loss"]),
    }
