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
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn import Parameter
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import PreTrainedModel

from lyric_lm.model.fast import speed_up
from lyric_lm.model.lora import prepare
from lyric_lm.model.loss import batch_sums, has_plain_head
from lyric_lm.model.pretrained import checkpoint_blocks


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count the bytes of the tensors that live, as long as the mode is on; ``peak`` is the most at any time.

    Args:
        scalar: what a tensor without content answers when it is asked for its number.
    """

    def __init__(self, scalar: float = 1.0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.scalar = scalar
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
        if func is torch.ops.aten._local_scalar_dense.default and isinstance(args[0], FakeTensor):
            return self.scalar
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
    network: PreTrainedModel,
    finetune: dict[str, Any],
    is_checkpointed: bool,
    n_rows: int,
    block_size: int,
    is_accumulated: bool,
    is_bf16: bool,
    label_smoothing: float,
) -> int:
    """Return the most bytes of tensors at any time of a training step after the first, AdamW's moments included.

    Weights, gradients and moments in float32. Where batches are accumulated, the gradients so far are there all along.

    Args:
        network: only its class and its configuration are used.
        finetune: the settings of this group.
        is_checkpointed: blocks are computed again in the backward pass (``model.gradient_checkpointing``).
        n_rows, block_size: rows of a batch, and tokens of a row, all of them targets.
        is_accumulated: a step is more than one batch.
        is_bf16: in bf16 autocast.
        label_smoothing: as in the loss.
    """
    is_plain = has_plain_head(network)
    with torch.device("meta"):  # PEFT cannot put adapters into a network of fake tensors
        skeleton = type(network)(network.config)
        speed_up(skeleton)
        prepare(skeleton, **finetune)
    if is_checkpointed:
        checkpoint_blocks(skeleton, keeps_random_state=False)  # a state without content cannot be set again
    factor = 2.0 if is_accumulated else 1.0  # of the objective, in the training step
    with FakeTensorMode(), LiveBytes(factor) as memory:
        fake = _filled(skeleton).train()
        fake._has_plain_head = is_plain
        trained = [parameter for parameter in fake.parameters() if parameter.requires_grad]
        for parameter in trained if is_accumulated else []:
            parameter.grad = torch.empty_like(parameter)
        moments = 2 * sum(parameter.nbytes for parameter in trained)
        memory.peak = memory.live
        size = (1, n_rows * block_size)
        batch = {
            "input_ids": torch.zeros(size, dtype=torch.int64),
            "labels": torch.zeros(size, dtype=torch.int64),
            "position_ids": torch.zeros(size, dtype=torch.int64),
            "song_lengths": [block_size] * n_rows,
            "song_starts": torch.zeros(n_rows + 1, dtype=torch.int32),
            "longest": block_size,
        }
        with torch.autocast("cpu", torch.bfloat16) if is_bf16 else contextlib.nullcontext():
            objective = batch_sums(fake, batch, label_smoothing).objective
        (objective * factor).backward()  # type: ignore[no-untyped-call]
    return memory.peak + moments


def _filled(network: PreTrainedModel) -> PreTrainedModel:
    """Put a fake tensor in the place of each of a network's tensors; those that were tied stay tied."""
    fakes: dict[Tensor, Tensor] = {}
    for module in network.modules():
        for tensors in (module._parameters, module._buffers):
            for name, tensor in tensors.items():
                if tensor is None:
                    continue
                if tensor not in fakes:
                    content = torch.empty(tensor.shape, dtype=tensor.dtype)
                    is_parameter = isinstance(tensor, Parameter)
                    fakes[tensor] = Parameter(content, tensor.requires_grad) if is_parameter else content
                tensors[name] = fakes[tensor]
    return network
