"""How many bytes of tensors a training step holds at its fullest, found without computing or holding anything.

A step of the real network and the real loss is taken on tensors that have a shape and no content (torch's
``FakeTensorMode``), and every tensor is counted from the operation that makes it until nothing refers to it, those
that autograd keeps for the backward pass included. So the count follows from the network's own code, whatever its
architecture, and from nothing else: what a kernel uses inside itself is not seen.
"""

import contextlib
import weakref
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import PreTrainedModel

from lyric_lm.model.loss import logits_of, loss_sums


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count the bytes of the tensors that live, as long as the mode is on; ``peak`` is the most at any time."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        self._seen: dict[int, weakref.ref[Any]] = {}

    def count(self, tensor: Tensor) -> None:
        """Count a tensor's memory, unless it shares that of one already counted."""
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return

        def forget(_: Any) -> None:
            self.live -= size
            del self._seen[key]

        self._seen[key] = weakref.ref(storage, forget)
        self.live += size
        self.peak = max(self.peak, self.live)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.index.Tensor:
            args = (args[0], [index for mask in args[1] for index in _as_integers(mask)])
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor):
                self.count(leaf)
        return out


def _as_integers(index: Tensor) -> list[Tensor]:
    """Return an index as integers; a mask without content cannot tell where it is true, so it is true everywhere."""
    if index.dtype != torch.bool:
        return [index]
    return [torch.zeros(index.numel(), dtype=torch.int64, device=index.device) for _ in range(index.ndim)]


def step_bytes(
    network: PreTrainedModel, n_rows: int, block_size: int, is_accumulated: bool, is_bf16: bool, label_smoothing: float
) -> int:
    """Return the most bytes of tensors at any time of a training step after the first, AdamW's moments included.

    Weights, gradients and moments in float32. As Lightning's loop has it, the gradients of the step before are there
    until the forward pass is over; where batches are accumulated, until the backward pass is over as well.

    Args:
        network: only its class and its configuration are used.
        n_rows, block_size: rows of a batch, and tokens of a row, all of them targets.
        is_accumulated: a step is more than one batch.
        is_bf16: in bf16 autocast.
        label_smoothing: as in the loss.
    """
    with FakeTensorMode(), LiveBytes() as memory:
        fake = type(network)(network.config).train()
        parameters = list(fake.parameters())
        for parameter in parameters:
            memory.count(parameter)
            parameter.grad = torch.empty_like(parameter)
        moments = 2 * sum(parameter.nbytes for parameter in parameters)
        memory.peak = memory.live
        size = (n_rows, block_size)
        batch = {
            "input_ids": torch.zeros(size, dtype=torch.int64),
            "labels": torch.zeros(size, dtype=torch.int64),
            "position_ids": torch.zeros(size, dtype=torch.int64),
            "attention_mask": torch.ones((n_rows, 1, block_size, block_size), dtype=torch.bool),
        }
        with torch.autocast("cpu", torch.bfloat16) if is_bf16 else contextlib.nullcontext():
            objective = loss_sums(logits_of(fake, batch), batch["labels"], label_smoothing).objective
        if not is_accumulated:
            fake.zero_grad()
        objective.backward()  # type: ignore[no-untyped-call]
    return memory.peak + moments
