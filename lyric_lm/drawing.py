"""Which tokens may come next, and the draw among them.

A row of logits goes in, a token comes out. The filters are those of transformers' ``generate``, in its order
(repetition penalty, temperature, top_k, top_p, min_p), and allow the same tokens; but where transformers sorts the
whole vocabulary for every token, here only the likely ones are looked at: as many as it takes to know that no other
is allowed.
"""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lyric_lm.sampling_settings import Sampling

Scores = npt.NDArray[np.float32]

# How far below the likeliest token is looked, in nats, until all that is allowed is there; nearly always the first.
_DEPTHS = (6.0, 12.0, 24.0, math.inf)


def choices(sampling: Sampling, scores: Scores, written: list[int]) -> tuple[Tensor, Tensor]:
    """Return the tokens (n,) that may come next, lowest id first, and their scores (n,) over the temperature.

    Args:
        scores: (V,), the logits.
        written: the tokens so far, for the repetition penalty.
    """
    if sampling.repetition_penalty != 1:
        scores = penalised(scores, written, sampling.repetition_penalty)
    if sampling.temperature == 0:
        return torch.tensor([int(scores.argmax())]), torch.zeros(1)
    return allowed(scores, sampling.temperature, sampling.top_k, sampling.top_p, sampling.min_p)


def penalised(scores: Scores, written: list[int], penalty: float) -> Scores:
    """Return scores (V,) with those of the tokens so far divided by the penalty, negative ones multiplied.

    This is eq. 4.1 of the CTRL paper (https://arxiv.org/abs/1909.05858) as transformers has it.
    """
    known = scores[written]
    result = scores.copy()
    result[written] = np.where(known < 0, known * np.float32(penalty), known / np.float32(penalty))
    return result


def allowed(
    scores: Scores, temperature: float, top_k: int | None, top_p: float | None, min_p: float | None
) -> tuple[Tensor, Tensor]:
    """Return the tokens (n,) that may be drawn, lowest id first, and their scores (n,) over the temperature.

    Args:
        scores: (V,); -inf: never.
        temperature: above 0.
        top_k, top_p, min_p: see ``Sampling``.
    """
    top_p = None if top_p == 1 else top_p
    most = scores.max()
    # Of all tokens, the likeliest counting 1.
    total = float(np.exp((scores - most) / np.float32(temperature)).sum(dtype=np.float64)) if top_p else math.nan
    for depth in _DEPTHS if top_k or top_p or min_p else (math.inf,):
        is_near = scores >= most - depth * temperature if depth < math.inf else np.isfinite(scores)
        tokens = np.flatnonzero(is_near)
        near = scores[tokens] / np.float32(temperature)
        descending = np.sort(near)[::-1]
        n = _n_allowed(descending, depth == math.inf, total, top_k, top_p, min_p)
        if n is not None:
            break
    assert n is not None  # at the last depth all tokens are there
    kept = near > descending[n - 1]
    equals = np.flatnonzero(near == descending[n - 1])
    kept[equals[: n - int(kept.sum())]] = True
    return torch.from_numpy(tokens[kept]), torch.from_numpy(near[kept])


def _n_allowed(
    descending: Scores, is_whole: bool, total: float, top_k: int | None, top_p: float | None, min_p: float | None
) -> int | None:
    """Return how many of the likeliest tokens are allowed; None: perhaps more than these.

    Args:
        descending: the highest scores over the temperature.
        is_whole: whether these are all.
        total: of the exponentials of all, that of the likeliest being 1.
    """
    shares = np.exp(descending.astype(np.float64) - float(descending[0]))  # from 1 down
    n = len(shares)
    if top_k:
        if top_k < n:
            n, is_whole = int((descending >= descending[top_k - 1]).sum()), True  # its equals stay
        elif not is_whole:
            return None
    if top_p:
        enough = top_p * (shares[:n].sum() if is_whole else total)
        needed = int(np.searchsorted(shares[:n].cumsum(), enough)) + 1  # that which completes it belongs to it
        if needed > n and not is_whole:
            return None
        n, is_whole = min(n, needed), True
    if min_p:
        if not is_whole and min_p <= shares[-1]:
            return None
        n = min(n, int((shares >= min_p).sum()))
    return n


def pick(tokens: Tensor, scores: Tensor, generator: torch.Generator) -> int:
    """Draw one of the tokens (n,) as their scores (n,) say, on the CPU, where the generator is."""
    return int(tokens[torch.multinomial(scores.softmax(dim=-1), 1, generator=generator)])
