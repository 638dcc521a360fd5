"""Low-rank adapters (LoRA): two small matrices beside every linear layer of the blocks are trained, and nothing else.

A layer then computes ``W x + alpha / r * B A x``, with W as it was loaded, A (r, n_in) random and B (n_out, r) zero at
first, so that the untrained model is unchanged (Hu et al. 2021, https://arxiv.org/abs/2106.09685). The layers are
PEFT's; the network keeps its class and its configuration. For use, both are added up: a plain model again.
"""

from typing import Any

from torch import Tensor
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from lyric_lm.errors import InputError

METHODS = ("full", "lora")


def prepare(network: PreTrainedModel, method: str, **options: Any) -> None:
    """Make a network ready to be trained as the ``finetune`` settings say: all of it, or adapters put into it.

    Raises:
        InputError: a setting cannot work.
    """
    if method not in METHODS:
        raise InputError(f"finetune.method={method} is not one of {', '.join(METHODS)}; set finetune=full or lora")
    if method == "lora":
        add_adapters(network, **options)


def add_adapters(network: PreTrainedModel, r: int, alpha: int, dropout: float) -> None:
    """Put adapters into a network and freeze all else; its output stays the same until they are trained.

    Args:
        network: changed in place.
        r: the rank: columns of B and rows of A.
        alpha: the adapters count ``alpha / r`` times.
        dropout: rate of the adapters' input.

    Raises:
        InputError: a value is out of range, or the network has no linear layers.
    """
    if not isinstance(r, int) or r < 1:
        raise InputError(f"finetune.r={r} is not a whole number of at least 1; set finetune.r=16")
    if not alpha > 0:
        raise InputError(f"finetune.alpha={alpha} is not above 0; set finetune.alpha={2 * r}")
    if not 0 <= dropout < 1:
        raise InputError(f"finetune.dropout={dropout} is not in [0, 1)")
    from peft import LoraConfig, inject_adapter_in_model  # seconds to import

    config = LoraConfig(
        r=r,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules="all-linear",  # not the output layer
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in network.modules()),  # GPT-2's, W transposed
    )
    try:
        inject_adapter_in_model(config, network)
    except ValueError as error:
        raise InputError(
            f"finetune=lora does not know models of the kind {network.config.model_type} "
            f"({str(error).partition(chr(10))[0]}); set finetune=full"
        ) from error
    for layer in _adapted(network).values():
        layer.cast_input_dtype_enabled = False  # autocast does it; PEFT would make a float32 copy first


def merged(network: PreTrainedModel) -> dict[str, Tensor]:
    """Return the state of the plain model that computes what this one does, adapters added up with the weights.

    Of a network without adapters, it is the network's own state. Nothing is changed; only the sums are new memory.
    """
    state = {
        name.replace(".base_layer.", "."): value for name, value in network.state_dict().items() if not is_adapter(name)
    }
    for name, layer in _adapted(network).items():
        weight = layer.get_base_layer().weight.detach()
        state[f"{name}.weight"] = weight + layer.get_delta_weight("default").detach()
    return state


def is_adapter(name: str) -> bool:
    """Return whether a weight of this name belongs to an adapter, and not to the model that was loaded.

    >>> is_adapter("h.0.attn.c_attn.lora_A.default.weight"), is_adapter("h.0.attn.c_attn.base_layer.weight")
    (True, False)
    """
    return ".lora_A." in name or ".lora_B." in name


def is_adapted(network: PreTrainedModel) -> bool:
    """Return whether a network has adapters, and so other layers than the model that was loaded."""
    return bool(_adapted(network))


def n_trained(network: PreTrainedModel) -> int:
    """Return how many parameters are trained."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _adapted(network: PreTrainedModel) -> dict[str, Any]:
    """Return the layers that have an adapter, by name."""
    return {name: module for name, module in network.named_modules() if hasattr(module, "lora_A")}
