"""The network's blocks as code that torch generates for them (``torch.compile``): quicker steps, after half a minute.

What is between matrix products (norms, activations, sums) becomes one pass over memory each. Attention to songs stays
as it is, called between two such pieces. Only training steps run that code: to measure and to write songs is too short
to generate it for.
"""

import contextlib
import warnings
from typing import Any

import torch
from transformers import AttentionInterface, PreTrainedModel

from lyric_lm.model import attention
from lyric_lm.model.pretrained import blocks_of

_MOST_VARIANTS = 64  # of a block's code: songs of one token, the first layer, gradients or not


def compile_blocks(network: PreTrainedModel) -> None:
    """Let the blocks of a network be compiled when they are first run within ``compiled()``."""
    AttentionInterface.register(attention.NAME, torch.compiler.disable(attention.songs_attention))  # type: ignore[no-untyped-call]
    torch._dynamo.config.recompile_limit = max(_MOST_VARIANTS, torch._dynamo.config.recompile_limit)
    # Dynamo asks every tensor for its gradient.
    warnings.filterwarnings("ignore", "The .grad attribute of a Tensor that is not a leaf", UserWarning)
    for block in blocks_of(network):
        block.compile(dynamic=True)


def compiled() -> contextlib.AbstractContextManager[Any]:
    """Let compiled blocks run compiled."""
    return torch.compiler.set_stance("default")


def as_written() -> contextlib.AbstractContextManager[Any]:
    """Let compiled blocks run as they are written, but for what is within ``compiled()``."""
    return torch.compiler.set_stance("force_eager")
