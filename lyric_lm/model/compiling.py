"""A network as code that torch generates for it (``torch.compile``): quicker steps, after half a minute or a whole one.

What is between matrix products (norms, activations, sums) becomes one pass over memory each. On NVIDIA GPUs in half
precision the whole network is one piece of code, attention to songs included, for rows of one length. Elsewhere each
block is two, for any length, and attention stays as it is between them. Only training steps run it: to measure and to
write songs is too short to generate it for.
"""

import contextlib
import warnings
from typing import Any

import torch
from transformers import AttentionInterface, PreTrainedModel

from lyric_lm.data.batches import collate, on
from lyric_lm.data.packing import Part
from lyric_lm.model import attention
from lyric_lm.model.loss import batch_sums
from lyric_lm.model.pretrained import blocks_of, has_dropout

_MOST_VARIANTS = 64  # of a block's code: songs of one token, the first layer, gradients or not


def compile_network(network: PreTrainedModel, device: str, precision: str) -> bool:
    """Let a network, or block after block, be compiled when it is first run within ``compiled()``.

    Args:
        device: ``cuda`` or ``cpu``.
        precision: Lightning's name of it.

    Returns:
        Whether rows have to be of one length (``BlockBatches.filled_to``).
    """
    with torch.no_grad():  # what a network is found out to be, it is before
        batch_sums(network, on(network.device, collate([[Part([0, 1, 2], 0, 0, "")]], 0)))
    config = network.config
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    is_whole = device == "cuda" and "16" in precision and not has_dropout(network) and attention.has_kernel(head_dim)
    if not is_whole:
        AttentionInterface.register(attention.NAME, torch.compiler.disable(attention.songs_attention))  # type: ignore[no-untyped-call]
    torch._dynamo.config.recompile_limit = max(_MOST_VARIANTS, torch._dynamo.config.recompile_limit)
    # Dynamo asks every tensor for its gradient.
    warnings.filterwarnings("ignore", "The .grad attribute of a Tensor that is not a leaf", UserWarning)
    for part in [network.base_model] if is_whole else blocks_of(network):
        part.compile(dynamic=None if is_whole else True)
    return is_whole


def compiled() -> contextlib.AbstractContextManager[Any]:
    """Let what is compiled run compiled."""
    return torch.compiler.set_stance("default")


def as_written() -> contextlib.AbstractContextManager[Any]:
    """Let what is compiled run as it is written, but for what is within ``compiled()``."""
    return torch.compiler.set_stance("force_eager")
