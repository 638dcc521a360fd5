"""A tiny model with opinions, whose next token a test can decide, and the songs that it writes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from lyric_lm.decoding.choice import decoder_for
from lyric_lm.model.tiny import make_tiny
from lyric_lm.sampling import Sample, write_songs
from lyric_lm.sampling_settings import Sampling

SEPARATOR = 0
PROMPT = "Row on, row home"

Model = tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]


def choice(**changes: Any) -> Sampling:
    plain: dict[str, Any] = {
        **{"max_new_tokens": 24, "temperature": 1.0, "top_k": 0, "top_p": None, "min_p": None},
        **{"repetition_penalty": 1.0, "originality": None},
    }
    return Sampling(**{**plain, **changes})


def write(model: Model, prompt: str, seeds: list[int], precision: str = "float32", **changes: Any) -> list[Sample]:
    decoder = decoder_for(model[0], precision)
    return list(write_songs(*model, prompt, seeds, choice(**changes), decoder=decoder))


def sharp() -> Model:
    """The tiny model with opinions: a head of its own whose logits have a standard deviation of about 2."""
    network, tokenizer = make_tiny()
    weights = torch.randn(257, 48, generator=torch.Generator().manual_seed(0)) * 0.3
    network.lm_head.weight = torch.nn.Parameter(weights)
    return network.eval(), tokenizer


def decide(network: GPT2LMHeadModel, rule: Callable[[Tensor, int, Tensor], None]) -> list[int]:
    """Let ``rule(last tokens (B,), tokens so far, logits (B, V))`` change the next token's logits.

    Returns the numbers of rows of each forward pass, as they come.
    """
    n_rows: list[int] = []

    def hook(module: torch.nn.Module, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        n_rows.append(len(kwargs["input_ids"]))
        rule(kwargs["input_ids"][:, -1], kwargs["attention_mask"].shape[1], output.logits[:, -1])

    network.register_forward_hook(hook, with_kwargs=True)
    return n_rows
