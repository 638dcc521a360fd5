"""What can be told of numbers that became NaN or infinite: in which songs, from which layer on, how large before.

Nothing here is asked while the numbers are finite.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from lyric_lm.data.batches import Numbered, collate, on
from lyric_lm.data.packing import Part
from lyric_lm.errors import NotFinite
from lyric_lm.model.loss import logits_of, loss_sums

_N_SHOWN = 5


@dataclass(frozen=True)
class NotFiniteAccount:
    """What is known of an optimizer step, or of a validation, whose numbers are not finite.

    ``batches`` (numbers within the epoch, from 1) and ``songs`` are those whose loss is not finite, or all that took
    part where it is the gradient alone. ``activations`` has the largest absolute value that each layer put out for
    them, in the order of computing; as text where not finite.
    """

    what: str
    batches: list[int]
    songs: list[str]
    parameters: list[str]
    not_finite_from: str | None
    activations: dict[str, float | str]

    def line(self) -> str:
        """Return the account in one line."""
        largest = sorted(((v, name) for name, v in self.activations.items() if not isinstance(v, str)), reverse=True)
        parts = [
            f"{self.what} is not finite (batch {shortened(self.batches)} of the epoch)",
            f"songs: {shortened(self.songs)}",
        ]
        if self.parameters:
            parts.append(f"gradients not finite: {shortened(self.parameters)}")
        if self.not_finite_from:
            parts.append(f"activations not finite from {self.not_finite_from} on")
        if largest:
            parts.append(f"largest activations: {shortened([f'{name} {value:.3g}' for value, name in largest], 3)}")
        return "; ".join(parts)

    def error(self, step: int, epoch: int, precision: str) -> NotFinite:
        """Return the error that ends a run, with what to do and the whole account.

        Args:
            step, epoch: from 1.
            precision: Lightning's name of it.
        """
        half = " trainer.precision=32-true," if "16" in precision else ""
        return NotFinite(
            f"{self.line()}; set a lower optim.lr,{half} or leave the song out of data.path "
            "(trainer.on_nan=skip leaves out such steps)",
            {"step": step, "epoch": epoch, **asdict(self)},
        )


def shortened(items: Iterable[Any], n_shown: int = _N_SHOWN) -> str:
    """Return the first items with commas between, and how many more there are.

    >>> shortened("abc"), shortened("abc", 2)
    ('a, b, c', 'a, b and 1 more')
    """
    texts = [str(item) for item in items]
    more = f" and {len(texts) - n_shown} more" if len(texts) > n_shown else ""
    return ", ".join(texts[:n_shown]) + more


def titles(blocks: Iterable[list[Part]]) -> list[str]:
    """Return the titles of the songs in blocks, each once."""
    return list(dict.fromkeys(part.title for block in blocks for part in block))


def largest_activations(network: PreTrainedModel, blocks: list[list[Part]]) -> tuple[dict[str, float], bool]:
    """Run blocks through the network; return each layer's largest absolute output, and whether the loss is finite.

    Layers are the modules without parts of their own, in the order of computing; NaN counts as the largest.
    """
    found: dict[str, float] = {}

    def watch(name: str) -> Any:
        def hook(layer: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.numel():
                found[name] = float(output.detach().abs().max().float())

        return hook

    layers = [(name, module) for name, module in network.named_modules() if not any(module.children())]
    hooks = [module.register_forward_hook(watch(name)) for name, module in layers]
    batch = on(network.device, collate(blocks, 0))
    try:
        with torch.no_grad():
            sums = loss_sums(logits_of(network, batch), batch["labels"], label_smoothing=0.5)
    finally:
        for hook in hooks:
            hook.remove()
    return found, math.isfinite(sums.objective) and math.isfinite(sums.nats)


def look_closer(what: str, network: PreTrainedModel, batches: Numbered) -> NotFiniteAccount:
    """Compute batches once more, and tell which of them are not finite and from which layer on.

    Args:
        what: is not finite.
        network: as it was when that was computed, with its gradients.
        batches: those that took part.
    """
    looked_at = [(number, blocks, *largest_activations(network, blocks)) for number, blocks in batches]
    guilty = [entry for entry in looked_at if not entry[3]] or looked_at
    activations: dict[str, float] = {}
    for _, _, found, _ in guilty:
        for name, value in found.items():
            before = activations.get(name, 0.0)
            activations[name] = value if math.isnan(value) or value > before else before
    return NotFiniteAccount(
        what=what,
        batches=sorted({number + 1 for number, *_ in guilty}),
        songs=titles(block for _, blocks, *_ in guilty for block in blocks),
        parameters=[
            name for name, p in network.named_parameters() if p.grad is not None and not bool(p.grad.isfinite().all())
        ],
        not_finite_from=next((name for name, value in activations.items() if not math.isfinite(value)), None),
        activations={name: value if math.isfinite(value) else str(value) for name, value in activations.items()},
    )
