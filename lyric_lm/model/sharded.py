"""Train a model that is larger than a device: weights, gradients and moments in shards, one on each (torch's FSDP2).

A layer's weights are put together when they are needed and let go again (Zhao et al. 2023,
https://arxiv.org/abs/2304.11277; ``torch.distributed.fsdp.fully_shard``). Lightning has the strategy; here is what
a ``SongModule`` and its checkpoints need of it. A checkpoint holds the whole state in one file, as that of one process.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict, set_optimizer_state_dict
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel

from lyric_lm.model.network_module import NetworkModule
from lyric_lm.model.pretrained import blocks_of


class Sharded(ModelParallelStrategy):
    """Lightning's strategy for FSDP2 over all processes, with checkpoints that any number of processes can read.

    Args:
        world_size: how many processes there are.
        process_group_backend, timeout: see Lightning.
    """

    def __init__(self, world_size: int, process_group_backend: str, timeout: timedelta):
        super().__init__(
            data_parallel_size=world_size,
            tensor_parallel_size=1,
            save_distributed_checkpoint=False,
            process_group_backend=process_group_backend,
            timeout=timeout,
        )

    def save_checkpoint(self, checkpoint: dict[str, Any], filepath: str | Path, storage_options: Any = None) -> None:
        # Lightning's own way takes no options; the whole state is in the first process already.
        super(ModelParallelStrategy, self).save_checkpoint(checkpoint, filepath, storage_options)

    def lightning_module_state_dict(self) -> dict[str, Any]:
        # Lightning's own way puts a second whole network together beside the first process's.
        module = self.lightning_module
        assert isinstance(module, NetworkModule)
        whole = module.collect()
        return {f"network.{name}": value for name, value in whole.state_dict().items()} if whole else {}

    def load_checkpoint(self, checkpoint_path: str | Path, weights_only: bool | None = None) -> dict[str, Any]:
        # Lightning's own way takes the optimizer's parameters to be numbered in the order of the module's.
        checkpoint: dict[str, Any] = torch.load(checkpoint_path, map_location="cpu", weights_only=True, mmap=True)
        whole = StateDictOptions(full_state_dict=True)
        assert self.model is not None
        set_model_state_dict(self.model, checkpoint.pop("state_dict"), options=whole)
        for optimizer, state in zip(self.optimizers, checkpoint.pop("optimizer_states"), strict=True):
            set_optimizer_state_dict(self.model, optimizer, by_name(state, optimizer, self.model), options=whole)
        return checkpoint


def by_name(state: dict[str, Any], optimizer: torch.optim.Optimizer, module: nn.Module) -> dict[str, Any]:
    """Return an optimizer's saved state with its parameters by name; like torch, go by their places in the groups."""
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    now = [[names[id(parameter)] for parameter in group["params"]] for group in optimizer.param_groups]
    saved = [group["params"] for group in state["param_groups"]]
    name_of = {number: name for ids, own in zip(saved, now, strict=True) for number, name in zip(ids, own, strict=True)}
    groups = [{**group, "params": own} for group, own in zip(state["param_groups"], now, strict=True)]
    return {"state": {name_of[number]: value for number, value in state["state"].items()}, "param_groups": groups}


def shard(module: L.LightningModule, network: PreTrainedModel, mesh: Any, is_bf16: bool) -> None:
    """Share a module's weights out over a mesh of devices, block by block; they are the first process's.

    A shard is a copy: weights that are mapped from a file are in memory a block at a time. Where layers multiply in
    bfloat16, a block's weights are put together in it already: half as much to send, and autocast makes no copies that
    the backward pass would keep of all blocks. What goes through the blocks, and gradients, stay in float32.

    Args:
        module: whose ``training_step`` and ``validation_step`` see whole weights.
        network: its network.
        mesh: Lightning's device mesh.
        is_bf16: whether layers multiply in bfloat16.
    """
    over = mesh["data_parallel"]
    half = MixedPrecisionPolicy(torch.bfloat16, torch.float32, cast_forward_inputs=False)
    for part in (*blocks_of(network), module):
        for tensor in (*part.parameters(), *part.buffers()):
            if not isinstance(tensor, DTensor):  # where weights are random, each process has drawn its own
                torch.distributed.broadcast(tensor.detach(), src=0)
        if is_bf16 and part is not module:
            for norm in filter(_is_norm, part.modules()):  # autocast has them in float32
                fully_shard(norm, mesh=over)
            fully_shard(part, mesh=over, mp_policy=half)
        else:
            fully_shard(part, mesh=over)
    for step in ("training_step", "validation_step"):
        register_fsdp_forward_method(module, step)


def _is_norm(module: nn.Module) -> bool:
    """Tell whether a module has vectors alone, and nothing in it."""
    vectors = list(module.parameters(recurse=False))
    return bool(vectors) and all(p.ndim == 1 for p in vectors) and not list(module.children())


@torch.no_grad()
def put_together(network: PreTrainedModel, whole: PreTrainedModel | None) -> None:
    """Copy a sharded network's state into a whole one, tensor by tensor.

    All processes must call it, those without a whole one with None.
    """
    to = whole.state_dict() if whole else {}
    for name, shared_out in network.state_dict().items():
        tensor = shared_out.full_tensor() if isinstance(shared_out, DTensor) else shared_out
        if whole:
            to[name].copy_(tensor)
