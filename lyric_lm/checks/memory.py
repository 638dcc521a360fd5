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
from lyric_lm.hardware import device_of, resolve_precision
from lyric_lm.model.lora import is_adapter, n_trained
from lyric_lm.processes import n_processes
from lyric_lm.recall import configuration, recall
from lyric_lm.settings import defaults

# Python, torch and all that a run imports, resident; and glibc's free but not returned pieces, as a share.
_PROCESS_BYTES, _KEPT_BACK = 540e6, 0.18
_SMALLEST_BLOCK = 128  # about half a song; smaller ones teach little
_LORA = "finetune=lora"
_OTHERWISE = "take a smaller model (model=distilgpt2, model=smollm2) or a larger machine"


def peak_bytes(network: PreTrainedModel, settings: dict[str, Any], device: str) -> float:
    """Estimate what ``summary.json`` will call ``peak_memory_bytes``.

    On a CPU that is the process's largest resident size. On CUDA it is the most that tensors take: the count alone, in
    which attention's kernels are the CPU's (SmolLM2 on an H200: 2.7 GB estimated, 2.68 taken).

    Args:
        network: the model; only its class and configuration are used.
        settings: of ``train``.
        device: ``cpu``, ``cuda`` or ``mps``.
    """
    data, trainer = settings["data"], settings["trainer"]
    of_step = {
        "finetune": settings["finetune"],
        "is_checkpointed": settings["model"]["gradient_checkpointing"],
        "n_rows": data["batch_size"],
        "block_size": data["block_size"],
        "is_accumulated": trainer["accumulate_grad_batches"] > 1,
        "is_bf16": "16" in resolve_precision(trainer["precision"], device),
        "label_smoothing": settings["optim"]["label_smoothing"],
    }
    key = {"network": [type(network).__module__, type(network).__qualname__, configuration(network)], **of_step}
    tensors = recall("memory", key, lambda: step_bytes(network, **of_step))
    average = 0.0  # which is there before the first step: nothing is kept back for it
    if settings["optim"]["ema_decay"] and settings["finetune"]["method"] == "full":  # adapters' average is small
        average = 4.0 * sum(p.numel() for name, p in network.named_parameters() if not is_adapter(name))
    return average + (tensors if device != "cpu" else _PROCESS_BYTES + (1 + _KEPT_BACK) * tensors)


def check_memory(network: PreTrainedModel, settings: dict[str, Any]) -> Check:
    """A run needs less than there is; where it does not, what would make it fit is named."""
    device = device_of(settings["trainer"]["accelerator"])
    there = bytes_there(device)
    n_parameters = sum(p.numel() for name, p in network.named_parameters() if not is_adapter(name))
    # In 32 bits: the weights, and of what is trained its gradient and AdamW's two moments.
    whole = 4 * (n_parameters + 3 * n_trained(network))
    is_shared_out = settings["trainer"]["strategy"] == "fsdp" and device == "cuda"
    states = whole / (n_processes(settings["trainer"]) if is_shared_out else 1)
    if states > there:
        bears_adapters = settings["finetune"]["method"] == "full" and 5 * n_parameters < there
        way_out = f"train adapters only ({_LORA}), or {_OTHERWISE}" if bears_adapters else _OTHERWISE
        return Check(
            *("memory", FAIL, f"{states / 1e9:.1f} GB needed for weights, gradients and AdamW alone"),
            f"{there / 1e9:.1f} GB there",
            f"a model of {n_parameters / 1e6:.0f} M parameters cannot be trained so here: {way_out}",
        )
    try:
        needed = peak_bytes(network, settings, device) - (whole - states)
    except RuntimeError as error:  # a network that looks at the content of its tensors, such as a mixture of experts
        what = f"not known for models of the kind {network.config.model_type} ({str(error).partition(chr(10))[0]})"
        return Check("memory", PASS, what, f"{there / 1e9:.1f} GB there", "")
    figure, limit = f"about {needed / 1e9:.1f} GB needed", f"{there / 1e9:.1f} GB there"
    if needed <= there:
        return Check("memory", PASS, figure, limit, "")
    way_out = what_fits(network, settings, device, there)
    return Check("memory", WARN, figure, limit, f"the machine may end the run: {way_out}")


def what_fits(network: PreTrainedModel, settings: dict[str, Any], device: str, there: float) -> str:
    """Return the mildest change of settings that needs no more than there is, with what it needs, as advice."""
    for changed in _smaller(network, settings):
        less = peak_bytes(network, with_changes(settings, changed), device)
        if less <= there:
            keys = " ".join(_LORA if key == "finetune" else f"{key}={_typed(value)}" for key, value in changed.items())
            return f"set {keys}, which needs {less / 1e9:.1f} GB"
    return _OTHERWISE


def with_changes(settings: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Return settings with some values changed; the original stays.

    >>> with_changes({"data": {"batch_size": 4, "block_size": 8}, "seed": 1}, {"data.batch_size": 2})
    {'data': {'batch_size': 2, 'block_size': 8}, 'seed': 1}

    Args:
        settings: groups of values.
        changed: values by dotted key, or a whole group.
    """
    settings = dict(settings)
    for key, value in changed.items():
        group, _, name = key.partition(".")
        settings[group] = {**settings[group], name: value} if name else value
    return settings


def _smaller(network: PreTrainedModel, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield changes that need less, each with those before it that it goes with.

    First what changes no step: smaller batches, blocks computed again. Then adapters, then smaller blocks.
    """
    batch_size, block_size = settings["data"]["batch_size"], settings["data"]["block_size"]
    blocks_per_step = batch_size * settings["trainer"]["accumulate_grad_batches"]
    changed: dict[str, Any] = {}
    while batch_size > 1:
        batch_size //= 2
        accumulate = -(-blocks_per_step // batch_size)
        changed |= {"data.batch_size": batch_size, "trainer.accumulate_grad_batches": accumulate}
        yield changed
    if network.supports_gradient_checkpointing and not settings["model"]["gradient_checkpointing"]:
        changed |= {"model.gradient_checkpointing": True}
        yield changed
    if settings["finetune"]["method"] == "full":
        changed |= {"finetune": defaults()["finetune"]}
        yield changed
    while block_size >= 2 * _SMALLEST_BLOCK:
        block_size //= 2
        changed |= {"data.block_size": block_size}
        yield changed


def _typed(value: Any) -> str:
    return str(value).lower()


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
    files = [root / "memory" / "memory.limit_in_bytes"]  # version 1, of a container
    for line in of_process.read_text(encoding="utf-8").splitlines():
        _, controllers, group = line.split(":", 2)
        is_first_version = "memory" in controllers.split(",")
        if is_first_version or not controllers:  # the group's limit, and those of the groups around it
            top, name = (root / "memory", "memory.limit_in_bytes") if is_first_version else (root, "memory.max")
            own = top / group.lstrip("/")
            files += [folder / name for folder in (own, *own.parents) if folder.is_relative_to(top)]
    limits = [file.read_text(encoding="utf-8").strip() for file in files if file.is_file()]
    return min((float(limit) for limit in limits if limit != "max"), default=math.inf)
