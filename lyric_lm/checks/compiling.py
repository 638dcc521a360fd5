"""``trainer.compile=auto``: generate code for the network where a run is long enough to earn the time that takes.

On a CPU it takes about half a minute and saves a seventh of the steps' time with models of the kind of SmolLM2, whose
norms and activations are several operations; with GPT-2, whose are one each, nothing (``benchmarks.compiling``). How
long a run will be is estimated from what it computes and from what a core does. On an NVIDIA GPU it takes up to a
minute and saves half of the time that a processor needs to start a small step's kernels (``benchmarks/README.md``,
"On a GPU"); that time is what a run is estimated by. So the same run on the same machine decides alike.
"""

import logging
import os
import shutil
import sysconfig
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from lyric_lm.errors import InputError
from lyric_lm.hardware import device_of, has_triton
from lyric_lm.processes import n_processes

# A step multiplies and adds 6 times for each parameter and token (Kaplan et al. 2020, https://arxiv.org/abs/2001.08361).
_OPERATIONS = 6
# What a core of a CPU does in a second while training: with bf16 in hardware (two cores with AMX: 5e11), and without.
_PER_CORE, _PER_CORE_32 = 2.5e11, 5e10
LEAST_SECONDS = 600  # of training on a CPU, of which a seventh is three times what it costs
KINDS = ("llama",)  # of models that were measured to gain there
_PER_LAYER = 2.5e-3  # seconds in which a processor starts the kernels of a layer, forward and backward
LEAST_SECONDS_GPU = 300  # of that

log = logging.getLogger(__name__)


def decide_compiling(
    settings: dict[str, Any],
    network: PreTrainedModel,
    precision: str,
    n_tokens: int,
    n_batches: int,
    then: dict[str, Any] | None,
) -> bool:
    """Return what ``trainer.compile`` comes to, and say so where it is true.

    Args:
        settings: of ``train``.
        network: to be trained.
        precision: Lightning's name of it.
        n_tokens, n_batches: that the whole run trains on at most.
        then: what a checkpoint says of the settings, dotted; a run goes on as it began.

    Raises:
        InputError: it is asked for and cannot be.
    """
    wanted = settings["trainer"]["compile"]
    if wanted is False:
        return False
    obstacle = obstacle_to_compiling(settings, network)
    if wanted is True:
        if obstacle:
            raise InputError(f"trainer.compile=true: {obstacle}; set trainer.compile=false")
        return True
    if then is not None:
        return bool(then.get("trainer.compile", False))
    device = device_of(settings["trainer"]["accelerator"])
    if obstacle or device == "mps" or (device == "cpu" and network.config.model_type not in KINDS):
        return False
    if device == "cuda":
        seconds, least, cost = n_batches * network.config.num_hidden_layers * _PER_LAYER, LEAST_SECONDS_GPU, "a minute"
    else:
        seconds, least, cost = seconds_of_training(network, precision, n_tokens), LEAST_SECONDS, "half a minute"
    if seconds < least:
        return False
    log.info(
        "The network is compiled first, about %s: up to %.0f minutes of training earn that "
        "(trainer.compile=false leaves it out)",
        *(cost, seconds / 60),
    )
    return True


def seconds_of_training(network: PreTrainedModel, precision: str, n_tokens: int) -> float:
    """Estimate what a CPU takes to train on so many tokens, from what it computes."""
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    per_core = _PER_CORE if "16" in precision else _PER_CORE_32
    return _OPERATIONS * n_parameters * n_tokens / (per_core * torch.get_num_threads())


def obstacle_to_compiling(settings: dict[str, Any], network: PreTrainedModel) -> str:
    """Return why blocks cannot be compiled here, or nothing."""
    if n_processes(settings["trainer"]) > 1:
        return "it is for one process"
    if settings["model"]["gradient_checkpointing"]:
        return "it does not go with model.gradient_checkpointing"
    if network.config._attn_implementation == "eager":
        return "it does not go with attention=eager (MPS, or model.attention=eager)"
    device = device_of(settings["trainer"]["accelerator"])
    if device == "cuda" and not has_triton():
        return "there is no triton, which torch needs for it on a GPU"
    if device == "cpu":
        if not any(map(shutil.which, (os.environ.get("CXX", "g++"), "g++", "clang++", "cl"))):
            return "there is no C++ compiler (g++ or clang++), which torch needs for it"
        if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
            return "there is no Python.h, which torch needs for it (on Debian and Ubuntu: apt install python3-dev)"
    return ""
