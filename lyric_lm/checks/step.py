"""Is one optimizer step the right one? By the trainer on the device, and worked out by hand on the CPU.

A copy of the model with at most two layers is trained for a step, as ``train`` does it: packed songs, two batches of
unequal lengths accumulated, label smoothing, AdamW. The reference reads each song alone, sums, divides by the tokens.
"""

import copy
import logging
import math
import warnings
from itertools import pairwise
from typing import NamedTuple

import lightning as L
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from lyric_lm.checks.check import FAIL, PASS, Check
from lyric_lm.checks.machine import TF32_LIMIT, as_it_was, limit_on
from lyric_lm.data.batches import BlockBatches
from lyric_lm.data.packing import Part
from lyric_lm.model.module import SongModule

NAMES = ("loss", "objective", "grad_norm", "update")
# Relative. Measured on CPUs in float32, SmolLM2 and random models of six architectures: up to 1e-7, 1e-7, 5e-5, 2e-3;
# with autocast to bf16 up to 3e-5, 3e-5, 2e-3, 0.14. AdamW's first step has the size of the learning rate wherever the
# gradient is more than rounding, so small gradients that change sign are seen in the update.
LIMITS = (1e-4, 1e-4, 2e-3, 0.05)
ROUGH_LIMITS = (0.1, 0.1, 0.1, 0.6)
LR, SMOOTHING = 1e-3, 0.1


class Step(NamedTuple):
    """A step in figures: nats per target token, the objective, the norm of the gradient, and the new weights."""

    loss: float
    objective: float
    grad_norm: float
    weights: dict[str, Tensor]


def check_step(network: PreTrainedModel, ids: list[int], device: str, precision: str) -> Check:
    """Compare one optimizer step on the device with the same step worked out on the CPU in float32.

    For 16-mixed the step is taken in float32: its loss scaling skips the first steps on purpose.

    Args:
        ids: some thirty tokens or more, the separator first.
    """
    precision = "32-true" if precision == "16-mixed" else precision
    size = len(ids)
    cuts = [0, size // 5, size // 2, size * 4 // 5, size]
    songs = [ids[start:end] for start, end in pairwise(cuts)]
    with as_it_was(network):
        cut = without_dropout(shortened(network))
        before = {name: value.detach().clone() for name, value in cut.named_parameters()}
        right = step_by_hand(copy.deepcopy(cut), songs)
        found = step_by_trainer(cut, [songs[:3], songs[3:]], device, precision)
    moved = _norm([right.weights[name] - before[name] for name in before])
    wrong = _norm([right.weights[name] - found.weights[name] for name in before])
    off = [abs(ours / theirs - 1) for ours, theirs in zip(found[:3], right[:3], strict=True)] + [wrong / moved]
    limits = ROUGH_LIMITS if "mixed" in precision or limit_on(device) == TF32_LIMIT else LIMITS
    is_right = all(value <= limit for value, limit in zip(off, limits, strict=True))
    advice = f"training on {device} in {precision} is not what it says: take another version of torch or lightning"
    return Check(
        *("optimizer_step", PASS if is_right else FAIL),
        ", ".join(f"{name} {value:.0e}" for name, value in zip(NAMES, off, strict=True)) + " off",
        ", ".join(f"{limit:g}" for limit in limits),
        "" if is_right else f"{advice}, or the CPU (trainer.accelerator=cpu)",
    )


def shortened(network: PreTrainedModel, n_layers: int = 2) -> PreTrainedModel:
    """Return a copy with the first layers only, on the CPU; weights that were tied stay tied."""
    depth = network.config.num_hidden_layers
    place = next(
        (
            (module, name, child)
            for module in network.modules()
            for name, child in module.named_children()
            if isinstance(child, nn.ModuleList) and len(child) == depth
        ),
        None,
    )
    if place is None or depth <= n_layers:
        return copy.deepcopy(network).cpu()
    module, name, layers = place
    setattr(module, name, layers[:n_layers])
    try:
        cut = copy.deepcopy(network).cpu()
    finally:
        setattr(module, name, layers)
    cut.config.num_hidden_layers = n_layers
    return cut


def without_dropout(network: PreTrainedModel) -> PreTrainedModel:
    """Switch every dropout off, so that two computations can be compared in training mode."""
    for module in network.modules():
        for name in ("p", "dropout", "attention_dropout", "activation_dropout", "layerdrop"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    return network


def step_by_hand(network: PreTrainedModel, songs: list[list[int]]) -> Step:
    """Do the step on the CPU: each song alone, sums over its tokens, one division, plain AdamW."""
    network.set_attn_implementation("eager")
    network.requires_grad_(True).train()
    objective, nats = torch.zeros(()), 0.0
    n_targets = sum(len(song) - 1 for song in songs)
    for song in songs:
        ids = torch.tensor([song])
        logits = network(input_ids=ids, use_cache=False).logits[0, :-1].float()
        objective = objective + functional.cross_entropy(logits, ids[0, 1:], reduction="sum", label_smoothing=SMOOTHING)
        nats += float(functional.cross_entropy(logits.detach(), ids[0, 1:], reduction="sum"))
    torch.autograd.backward(objective / n_targets)
    norm = _norm([p.grad for p in network.parameters() if p.grad is not None])
    torch.optim.AdamW(network.parameters(), lr=LR, weight_decay=0.0, foreach=False).step()
    return Step(nats / n_targets, float(objective.detach()) / n_targets, norm, _weights(network))


def step_by_trainer(network: PreTrainedModel, blocks: list[list[list[int]]], device: str, precision: str) -> Step:
    """Do the step as ``train`` does it: one block per batch, accumulated."""
    network.requires_grad_(True)
    module = SongModule(network, "preflight", lr=LR, weight_decay=0.0, schedule="constant", label_smoothing=SMOOTHING)
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = L.Trainer(
            **{"accelerator": device, "devices": 1, "precision": precision, "max_steps": 1, "max_epochs": 1},
            **{"accumulate_grad_batches": len(blocks), "num_sanity_val_steps": 0, "use_distributed_sampler": False},
            **{"logger": False, "enable_checkpointing": False, "enable_progress_bar": False},
            **{"enable_model_summary": False, "limit_val_batches": 0},
        )
        parts = [[Part(song, 0, len(song), "") for song in block] for block in blocks]
        try:
            trainer.fit(module, BlockBatches(parts, 1, pad_id=blocks[0][0][0]))
        except SystemExit:  # Lightning's answer to Ctrl-C
            raise KeyboardInterrupt from None
        finally:
            logger.setLevel(level)
    loss, objective, norm = (float(trainer.callback_metrics[f"train/{name}"]) for name in NAMES[:3])
    return Step(loss, objective, norm, _weights(network))


def _norm(tensors: list[Tensor]) -> float:
    """Return the L2 norm of tensors taken together."""
    return math.hypot(*(float(torch.linalg.vector_norm(tensor)) for tensor in tensors))


def _weights(network: PreTrainedModel) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in network.named_parameters()}
