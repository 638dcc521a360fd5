"""The output layer and its cross-entropy in one, so that logits are never kept: their gradient takes their place.

Final hidden states and the vocabulary's vectors go in, summed nats come out. The gradient is computed along with the
loss, while the logits are there anyway: three matrix products and one pass over the logits, instead of logits in
float32, their logarithms and their gradient all at once. The pass goes over pieces that stay in the cache of a CPU; on
an NVIDIA GPU it is one kernel (``loss_kernel``).
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lyric_lm.data.batches import IGNORE_INDEX, MULTIPLE
from lyric_lm.hardware import has_triton

ToGradient = Callable[[Tensor, Tensor, int, float, bool], Tensor]

_ROWS = 32  # of logits in float32 at a time on a CPU: 6 MB


class HeadLoss(torch.autograd.Function):
    """Summed cross-entropy of a linear output layer without bias, with label smoothing or not.

    With smoothing e over V tokens the objective is (1 - e) * nll + e * mean over V of -log p
    (Szegedy et al. 2016, https://arxiv.org/abs/1512.00567).
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        """Return the objective and plain nats, () float32 each, summed over the targets.

        Args:
            hidden: (N, D), final hidden states of the tokens before the targets.
            weight: (V, D).
            targets: (N,) int64; on a CPU all of them scored, elsewhere a token or ``IGNORE_INDEX``: to count them first
                would be to wait for the device.
            smoothing: share of the target given to all tokens evenly, in [0, 1).
        """
        kind = hidden.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype
        wants_hidden, wants_weight = ctx.needs_input_grad[:2]
        with torch.autocast(kind, enabled=False):
            n_words = weight.shape[0]
            vectors = _filled(weight, dtype, 64) if dtype != weight.dtype else weight  # (V or a little more, D)
            rows = _filled(hidden, dtype, MULTIPLE if kind == "cpu" else 1)
            d_hidden = torch.empty_like(rows) if wants_hidden else None
            d_weight = None
            sums = hidden.new_zeros(2, dtype=torch.float32)
            to_gradient, most_logits = pass_on(kind)
            at_once = max(1, most_logits // n_words // MULTIPLE) * MULTIPLE
            for start in range(0, len(targets), at_once):
                part = slice(start, start + at_once)
                logits = rows[part] @ vectors.T
                n_scored = len(targets[part])
                sums += to_gradient(logits[:n_scored], targets[part], n_words, smoothing, wants_hidden or wants_weight)
                logits[n_scored:] = 0
                if d_hidden is not None:
                    torch.mm(logits, vectors, out=d_hidden[part])
                if wants_weight:
                    summand = (logits.T @ rows[part])[:n_words]
                    d_weight = summand.to(weight.dtype) if d_weight is None else d_weight.add_(summand)
        if wants_weight and d_weight is None:  # no targets; other processes may have some
            d_weight = torch.zeros_like(weight)
        if wants_hidden or wants_weight:
            ctx.save_for_backward(d_hidden, d_weight)
        ctx.dtype, ctx.n_targets = hidden.dtype, len(targets)
        ctx.mark_non_differentiable(nats := sums[1].clone())
        return sums[0].clone(), nats

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        d_hidden, d_weight = ctx.saved_tensors
        factor = grads[0]
        is_one = factor.device.type == "cpu" and float(factor) == 1.0  # elsewhere, to ask would be to wait
        if d_hidden is not None:
            d_hidden = d_hidden[: ctx.n_targets]
            d_hidden = d_hidden.to(ctx.dtype) if is_one else d_hidden.to(ctx.dtype) * factor
        if d_weight is not None and not is_one:
            d_weight = d_weight * factor
        return d_hidden, d_weight, None, None


def _filled(vectors: Tensor, dtype: torch.dtype, multiple: int) -> Tensor:
    """Return vectors (N, D) in another dtype, with zeros up to a multiple of N: matrix units like that."""
    n, size = vectors.shape
    if n % multiple == 0:
        return vectors.to(dtype)
    filled = vectors.new_empty((-(-n // multiple) * multiple, size), dtype=dtype)
    filled[:n] = vectors
    filled[n:] = 0
    return filled


@functools.cache
def pass_on(kind: str) -> tuple[ToGradient, int]:
    """Return the pass over logits for a kind of device, and how many logits it is given at most.

    That is half a gigabyte of them, in float32 on a CPU and in half precision on an NVIDIA GPU; elsewhere with all the
    copies that are made.
    """
    if kind == "cpu":
        return pieces_to_gradient, 2**27
    if kind == "cuda" and has_triton():
        from lyric_lm.model.loss_kernel import kernel_to_gradient

        return kernel_to_gradient, 2**28
    return whole_to_gradient, 2**25


def pieces_to_gradient(logits: Tensor, targets: Tensor, n_words: int, smoothing: float, is_wanted: bool) -> Tensor:
    """Return objective and nats (2,), summed; turn the logits (N, V or more) into their gradient, where wanted."""
    sums = logits.new_zeros(2, dtype=torch.float32)
    for start in range(0, len(targets), _ROWS):
        piece = logits[start : start + _ROWS]
        words, target = piece[:, :n_words], targets[start : start + _ROWS, None]
        log_p = words.float().log_softmax(dim=-1)
        nats = -log_p.gather(1, target).sum()
        even = -log_p.mean(dim=-1).sum() if smoothing else nats
        sums += torch.stack([(1 - smoothing) * nats + smoothing * even, nats])
        if is_wanted:
            # d objective / d logits = p - (1 - e) at the target - e / V everywhere
            log_p.exp_().scatter_add_(1, target, log_p.new_full(target.shape, smoothing - 1.0))
            words.copy_(log_p.sub_(smoothing / n_words) if smoothing else log_p)
            piece[:, n_words:] = 0
    return sums


def whole_to_gradient(logits: Tensor, targets: Tensor, n_words: int, smoothing: float, is_wanted: bool) -> Tensor:
    """Do the same with whole logits, for targets that may be ``IGNORE_INDEX``."""
    number = torch.arange(logits.shape[1], device=logits.device)
    is_word, is_scored = number < n_words, targets != IGNORE_INDEX
    target = targets.clamp(min=0)[:, None]
    scores = logits.float().masked_fill(~is_word, -torch.inf)
    log_normaliser = scores.logsumexp(dim=-1, keepdim=True)
    nats = torch.where(is_scored, (log_normaliser - scores.gather(1, target))[:, 0], 0.0).sum()
    even = nats
    if smoothing:
        mean = torch.where(is_word, scores, 0.0).sum(dim=-1) / n_words
        even = torch.where(is_scored, log_normaliser[:, 0] - mean, 0.0).sum()
    if is_wanted:
        at_target = torch.where(number == target, 1.0 - smoothing, 0.0)
        gradient = (scores - log_normaliser).exp() - at_target - smoothing / n_words
        logits.copy_(torch.where(is_word & is_scored[:, None], gradient, 0.0))
    return torch.stack([(1 - smoothing) * nats + smoothing * even, nats])
