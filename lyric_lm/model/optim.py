"""The optimizer and the learning-rate schedule."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from lyric_lm.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

SCHEDULES = ("cosine", "linear", "constant")


def make_optimizer(
    network: "nn.Module", lr: float, weight_decay: float, betas: tuple[float, float], fused: bool
) -> "torch.optim.AdamW":
    """Return AdamW that decays matrices only; biases, norms and other vectors are left alone."""
    import torch  # only here: schedules are checked before anything heavy is loaded

    parameters = [p for p in network.parameters() if p.requires_grad]  # tied weights come once
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas, fused=fused)


def scale_gradients(optimizer: "torch.optim.Optimizer", parameters: "list[nn.Parameter]", factor: float) -> None:
    """Multiply gradients before the optimizer's next step; fused AdamW does it while it reads them anyway."""
    import torch

    if optimizer.defaults["fused"]:
        # What torch's GradScaler sets: the step divides by it.
        optimizer.grad_scale = torch.tensor(1 / factor, device=parameters[0].device)  # type: ignore[attr-defined]
    else:
        torch._foreach_mul_([p.grad for p in parameters if p.grad is not None], factor)


def n_warmup_steps(total_steps: int, warmup_steps: int | None, warmup_fraction: float | None) -> tuple[int, str]:
    """Return how many steps warm up, and a sentence to log where that is not what was asked for.

    A warm-up as long as the run means that the wanted rate is never reached; it is cut to a tenth.

    >>> n_warmup_steps(200, 100, None), n_warmup_steps(200, None, 0.1)
    ((100, ''), (20, ''))
    >>> n_warmup_steps(27, 100, None)[0]
    2

    Raises:
        InputError: both are given, or a value is out of range.
    """
    if warmup_steps is not None and warmup_fraction is not None:
        raise InputError("optim.warmup_steps and optim.warmup_fraction exclude each other; set one of them to null")
    if warmup_fraction is not None:
        if not 0 <= warmup_fraction < 1:
            raise InputError(f"optim.warmup_fraction={warmup_fraction} is not in [0, 1)")
        return int(total_steps * warmup_fraction), ""
    steps = warmup_steps or 0
    if steps < 0:
        raise InputError(f"optim.warmup_steps={steps} is negative")
    if steps == 0 or steps < total_steps:
        return steps, ""
    shorter = total_steps // 10
    return shorter, (
        f"optim.warmup_steps={steps} is not shorter than the run of {total_steps} steps, so optim.lr would never be "
        f"reached; warming up for {shorter} steps instead (set optim.warmup_steps < {total_steps} to choose)"
    )


def lr_factor(schedule: str, total_steps: int, n_warmup: int) -> Callable[[int], float]:
    """Return the factor on the learning rate at each step: linear warm-up, then the schedule down to 0.

    >>> factor = lr_factor("linear", total_steps=10, n_warmup=2)
    >>> [round(factor(step), 3) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.125]

    Raises:
        InputError: ``schedule`` is not one of ``SCHEDULES``.
    """
    if schedule not in SCHEDULES:
        raise InputError(f"optim.schedule={schedule} is not one of {', '.join(SCHEDULES)}")

    def factor(step: int) -> float:
        if step < n_warmup:
            return (step + 1) / n_warmup
        done = min(1.0, (step - n_warmup) / max(1, total_steps - n_warmup))
        if schedule == "cosine":
            return 0.5 * (1 + math.cos(math.pi * done))
        return 1 - done if schedule == "linear" else 1.0

    return factor
