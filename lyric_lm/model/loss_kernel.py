"""The pass over logits on an NVIDIA GPU: their loss and, in their place, their gradient, by one kernel.

A row of logits is read twice, the second time out of the GPU's cache, and written once. What torch composes of single
operations reads and writes it a dozen times, in float32. ``head_loss.whole_to_gradient`` is the same in torch's words.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from lyric_lm.data.batches import IGNORE_INDEX

_COLUMNS, _WARPS = 4096, 8  # read at a time, and by how many warps


@triton.jit
def _row_to_gradient(  # type: ignore[no-untyped-def]
    logits,
    targets,
    sums,
    stride,
    n_words,
    n_columns,
    smoothing,
    ignored: tl.constexpr,
    is_smooth: tl.constexpr,
    is_wanted: tl.constexpr,
    size: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    logits += row * stride
    sums += 2 * row
    target = tl.load(targets + row)
    columns = tl.arange(0, size)
    if target == ignored:
        tl.store(sums, 0.0)
        tl.store(sums + 1, 0.0)
        if is_wanted:
            for start in range(0, n_columns, size):
                tl.store(logits + start + columns, 0.0, mask=start + columns < n_columns)
        return
    largest, total, plain = -float("inf"), 0.0, 0.0
    for start in range(0, n_words, size):
        is_word = start + columns < n_words
        x = tl.load(logits + start + columns, mask=is_word, other=-float("inf")).to(tl.float32)
        larger = tl.maximum(largest, tl.max(x, axis=0))
        total = total * tl.exp(largest - larger) + tl.sum(tl.exp(x - larger), axis=0)
        largest = larger
        if is_smooth:
            plain += tl.sum(tl.where(is_word, x, 0.0), axis=0)
    log_normaliser = largest + tl.log(total)
    nats = log_normaliser - tl.load(logits + target).to(tl.float32)
    objective = nats
    if is_smooth:
        objective = (1 - smoothing) * nats + smoothing * (log_normaliser - plain / n_words)
    tl.store(sums, objective)
    tl.store(sums + 1, nats)
    if is_wanted:
        for start in range(0, n_columns, size):
            at = start + columns
            x = tl.load(logits + at, mask=at < n_words, other=-float("inf")).to(tl.float32)
            gradient = tl.exp(x - log_normaliser) - tl.where(at == target, 1 - smoothing, 0.0) - smoothing / n_words
            tl.store(logits + at, tl.where(at < n_words, gradient, 0.0), mask=at < n_columns)


def kernel_to_gradient(logits: Tensor, targets: Tensor, n_words: int, smoothing: float, is_wanted: bool) -> Tensor:
    """Return objective and nats (2,), summed; turn the logits (N, V or more) into their gradient, where wanted.

    Targets may be ``IGNORE_INDEX``.
    """
    sums = torch.empty((len(logits), 2), dtype=torch.float32, device=logits.device)
    sizes = (logits.stride(0), n_words, logits.shape[1])
    kinds = (IGNORE_INDEX, smoothing > 0, is_wanted, _COLUMNS)
    if len(logits):
        _row_to_gradient[(len(logits),)](logits, targets, sums, *sizes, smoothing, *kinds, num_warps=_WARPS)
    return sums.sum(dim=0)
