"""Will the run fit into memory, and what would make it fit?

What a training step holds is counted by ``live_bytes``. A process on a CPU takes more than that: its libraries, and
what the allocator keeps back between steps. Both were fitted to measured peaks (``benchmarks/README.md``, "Memory").
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import torch
from transformers import PreTrainedModel

from lyric_lm.checks.check import FAIL, PASS, WARN, Check
from lyric_lm.checks.live_bytes import step_bytes
from lyric_lm.hardware import best_device, resolve_precision

# Python, torch and all that a run imports, resident; and glibc's free but not returned pieces, as a share.
_PROCESS_BYTES, _KEPT_BACK = 540e6, 0.18
_SMALLEST_BLOCK = 128  # about half a song; smaller ones teach little


def peak_bytes(
    network: PreTrainedModel, data: dict[str, Any], trainer: dict[str, Any], label_smoothing: float, device: str
) -> float:
    """Estimate what ``summary.json`` will call ``peak_memory_bytes``.

    On a CPU that is the process's largest resident size. On CUDA it is the most that tensors take; there the estimate
    was not measured. It is the count alone, in which attention's kernels are the CPU's.

    Args:
        network: the model; only its class and configuration are used.
        data, trainer: the settings of these groups.
        label_smoothing: as in the loss.
        device: ``cpu``, ``cuda`` or ``mps``.
    """
    is_half = "16" in resolve_precision(trainer["precision"], device)
    is_accumulated = trainer["accumulate_grad_batches"] > 1
    tensors = step_bytes(network, data["batch_size"], data["block_size"], is_accumulated, is_half, label_smoothing)
    return tensors if device != "cpu" else _PROCESS_BYTES + (1 + _KEPT_BACK) * tensors


def check_memory(
    network: PreTrainedModel, data: dict[str, Any], trainer: dict[str, Any], label_smoothing: float
) -> Check:
    """A run needs less than there is; where it does not, the largest batch or block that does is named."""
    accelerator = trainer["accelerator"]
    device = best_device() if accelerator in ("auto", "gpu") else accelerator
    there = bytes_there(device)
    n_parameters = sum(p.numel() for p in network.parameters())
    states = 4 * 4 * n_parameters  # weights, gradients and AdamW's two moments, in 32 bits
    if states > there:
        return Check(
            *("memory", FAIL, f"{states / 1e9:.1f} GB needed for weights, gradients and AdamW alone"),
            f"{there / 1e9:.1f} GB there",
            f"a model of {n_parameters / 1e6:.0f} M parameters cannot be trained here: take a smaller one "
            "(model=distilgpt2, model=smollm2) or a larger machine",
        )
    try:
        needed = peak_bytes(network, data, trainer, label_smoothing, device)
    except RuntimeError as error:  # a network that looks at the content of its tensors, such as a mixture of experts
        what = f"not known for models of the kind {network.config.model_type} ({str(error).partition(chr(10))[0]})"
        return Check("memory", PASS, what, f"{there / 1e9:.1f} GB there", "")
    figure, limit = f"about {needed / 1e9:.1f} GB needed", f"{there / 1e9:.1f} GB there"
    if needed <= there:
        return Check("memory", PASS, figure, limit, "")
    for changed in _smaller(data, trainer):
        less = peak_bytes(network, data | changed, trainer | changed, label_smoothing, device)
        if less <= there:
            groups = {"accumulate_grad_batches": "trainer"}
            keys = " ".join(f"{groups.get(key, 'data')}.{key}={value}" for key, value in changed.items())
            return Check("memory", WARN, figure, limit, f"{keys} needs {less / 1e9:.1f} GB")
    return Check(
        *("memory", WARN, figure, limit),
        "the machine may end the run: take a smaller model (model=distilgpt2, model=smollm2) or a larger machine",
    )


def _smaller(data: dict[str, Any], trainer: dict[str, Any]) -> Iterator[dict[str, int]]:
    """Yield settings that need less: the same step in smaller batches first, then smaller blocks.

    >>> for smaller in _smaller({"batch_size": 3, "block_size": 256}, {"accumulate_grad_batches": 2}):
    ...     print(smaller)
    {'batch_size': 1, 'accumulate_grad_batches': 6}
    {'batch_size': 1, 'accumulate_grad_batches': 6, 'block_size': 128}
    """
    blocks_per_step = data["batch_size"] * trainer["accumulate_grad_batches"]
    changed: dict[str, int] = {}
    batch_size, block_size = data["batch_size"], data["block_size"]
    while batch_size > 1:
        batch_size //= 2
        changed = {"batch_size": batch_size, "accumulate_grad_batches": -(-blocks_per_step // batch_size)}
        yield changed
    while block_size >= 2 * _SMALLEST_BLOCK:
        block_size //= 2
        yield changed | {"block_size": block_size}


def bytes_there(device: str) -> float:
    """Return the memory that this process may come to use in all, what it uses already included."""
    if device == "cuda":
        return torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved()
    if device == "mps":
        return float(torch.mps.recommended_max_memory())
    return min(psutil.virtual_memory().available + psutil.Process().memory_info().rss, _container_limit())


def _container_limit(root: Path = Path("/sys/fs/cgroup"), of_process: Path = Path("/proc/self/cgroup")) -> float:
    """Return the limit that Linux sets to this process's group (a container, a service), in bytes; or infinity."""
    if not of_process.is_file():
        return math.inf
    files = [root / "memory" / "memory.limit_in_bytes"]  # version 1
    for line in of_process.read_text(encoding="utf-8").splitlines():
        if line.startswith("0::/"):  # version 2: the group's limit, and those of the groups around it
            group = root / line.removeprefix("0::/")
            files += [folder / "memory.max" for folder in (group, *group.parents) if folder.is_relative_to(root)]
    limits = [file.read_text(encoding="utf-8").strip() for file in files if file.is_file()]
    return min((float(limit) for limit in limits if limit != "max"), default=math.inf)
