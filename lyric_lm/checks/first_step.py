"""Does the first step log the untrained model's loss? The same songs once more, on the plainest path there is.

Every song part alone, without packing, mask or sums over batches, in 32 bits, by torch's own cross-entropy. What the
first step logs must be that, or every number after it means something else.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from transformers import PreTrainedModel

from lyric_lm.checks.check import FAIL, PASS, Check
from lyric_lm.data.packing import Part

# How far apart the two may be, as a share; measured, see benchmarks/README.md, "The first step's loss".
FULL, HALF, DROPOUT = 1e-4, 5e-3, 0.25
# In half precision a song's first token may be so many nats off besides: attention rests on what stands before a song
# (https://arxiv.org/abs/2309.17453), whose numbers grow very large. SmolLM2: 0.8 to 3.6 nats, untrained.
BEGINNING = 4.0


class PlainLoss(NamedTuple):
    """Plain cross-entropy and the objective with label smoothing, nats per target token."""

    loss: float
    objective: float


@torch.no_grad()
def plain_loss(network: PreTrainedModel, parts: Iterable[Part], label_smoothing: float) -> PlainLoss:
    """Compute the loss of song parts one by one."""
    was_training = network.training
    network.eval()
    sums, n_targets = torch.zeros(2, dtype=torch.float64), 0
    for part in parts:
        ids = torch.tensor(part.ids, dtype=torch.int64, device=network.device)[None]  # (1, T)
        first = part.first_position
        positions = {"position_ids": torch.arange(first, first + len(part.ids), device=network.device)[None]}
        logits = network(input_ids=ids, use_cache=False, **(positions if first else {})).logits[0].float()
        scored, targets = logits[part.n_context - 1 : -1], ids[0, part.n_context :]
        for i, smoothing in enumerate((0.0, label_smoothing)):
            sums[i] += float(
                torch.nn.functional.cross_entropy(scored, targets, reduction="sum", label_smoothing=smoothing)
            )
        n_targets += part.n_targets
    network.train(was_training)
    return PlainLoss(*(sums / n_targets).tolist())


def tolerance(precision: str, has_dropout: bool, songs_per_nat: float) -> float:
    """Return how far the logged loss may be from the plain one, as a share of it.

    >>> tolerance("32-true", False, 0.001), tolerance("bf16-mixed", False, 0.001), tolerance("bf16-mixed", True, 0.001)
    (0.0001, 0.009000000000000001, 0.25)

    Args:
        songs_per_nat: songs that begin in the step, over the nats of all its tokens.
    """
    return DROPOUT if has_dropout else FULL if precision.startswith("32") else HALF + BEGINNING * songs_per_nat


def check_first_step(logged: PlainLoss, plain: PlainLoss, accumulate: int, allowed: float) -> Check:
    """Compare what the first step logged with the untrained model's loss on the same songs.

    >>> check_first_step(PlainLoss(4.31, 4.6), PlainLoss(4.31, 4.6), 4, 1e-4).status
    'pass'
    >>> check = check_first_step(PlainLoss(17.25, 18.4), PlainLoss(4.3125, 4.6), 4, 1e-4)
    >>> check.status, check.figure
    ('fail', '17.25 logged, 4.3125 computed: 4.000 times as much')

    Args:
        accumulate: batches in the step.
        allowed: the largest relative difference.
    """
    limit = f"within {100 * allowed:g} % of the untrained model's loss on the same songs"
    for name in PlainLoss._fields:
        found, expected = getattr(logged, name), getattr(plain, name)
        if abs(found - expected) <= allowed * expected:  # not so for NaN
            continue
        ratio = found / expected
        figure = f"{found:.6g} logged, {expected:.6g} computed: {ratio:.3f} times as much"
        what = f"train/{name} would mean something else than it says; "
        return Check("first_step_loss", FAIL, figure, limit, what + _likely_cause(ratio, accumulate))
    return Check("first_step_loss", PASS, f"{logged.loss:.6g} logged, {plain.loss:.6g} computed", limit, "")


def _likely_cause(ratio: float, accumulate: int) -> str:
    if accumulate > 1 and abs(ratio - accumulate) < 0.1:
        return f"it is multiplied by trainer.accumulate_grad_batches={accumulate}"
    if accumulate > 1 and abs(ratio * accumulate - 1) < 0.1:
        return f"it is divided by trainer.accumulate_grad_batches={accumulate}"
    return (
        "are labels, positions or the mask between songs wrong, or is the arithmetic? See python -m lyric_lm.preflight"
    )
