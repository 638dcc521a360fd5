"""Is a network exactly what the steps of our own are made for?

A plain GPT-2 or Llama of transformers is. Whatever is not one of them to the letter (another architecture, adapters,
hooks, another activation, scaled positions) is left to transformers' own forward. Transformers itself is imported only
where there is a network of its own to ask about: a plain one may have come from its files (``reopening``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, LlamaForCausalLM, PreTrainedModel

_TANH_GELUS = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")  # one function, in several printings


@dataclass(frozen=True, eq=False)
class Plain:
    """A plain network as its configuration and its weights, which may be shared with it.

    Attributes:
        config: what ``PreTrainedConfig.to_dict`` tells.
        weights: float32, by transformers' names; that of the output layer may be missing where it is the embedding's.
    """

    config: dict[str, Any]
    weights: Mapping[str, Tensor]

    @property
    def kind(self) -> str:
        """``gpt2`` or ``llama``."""
        return str(self.config["model_type"])

    @property
    def context(self) -> int:
        """The most positions that the network knows."""
        return int(self.config["n_positions" if self.kind == "gpt2" else "max_position_embeddings"])

    def weight(self, name: str) -> Tensor:
        """Return a weight."""
        if name == "lm_head.weight" and name not in self.weights:
            name = "transformer.wte.weight" if self.kind == "gpt2" else "model.embed_tokens.weight"
        return self.weights[name].detach()

    def pair(self, name: str) -> tuple[Tensor, Tensor | None]:
        """Return the weight and the bias of a part; None: it has no bias."""
        bias = self.weights.get(f"{name}.bias")
        return self.weight(f"{name}.weight"), None if bias is None else bias.detach()


def plain_of(network: "PreTrainedModel") -> Plain | None:
    """Return a network that is plain as one, with its weights as they are now; None: it is not."""
    return Plain(network.config.to_dict(), network.state_dict()) if is_plain(network) else None


def is_plain(network: "PreTrainedModel") -> bool:
    """Tell whether ``network.take_apart`` knows a network: float32, on a CPU, fused attention not ruled out."""
    from transformers import GPT2LMHeadModel, LlamaForCausalLM

    if type(network) not in (GPT2LMHeadModel, LlamaForCausalLM):
        return False
    if network.device.type != "cpu" or network.dtype != torch.float32:
        return False
    if network.config._attn_implementation == "eager" or any(map(_is_tampered_with, network.modules())):
        return False
    return _is_plain_gpt2(network) if isinstance(network, GPT2LMHeadModel) else _is_plain_llama(network)


def _is_tampered_with(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module))


def _is_plain_gpt2(network: "GPT2LMHeadModel") -> bool:
    from transformers.pytorch_utils import Conv1D

    config: Any = network.config
    model: Any = network.transformer
    products = [m for block in model.h for m in (*_products(block.attn), *_products(block.mlp))]
    return (
        config.activation_function in _TANH_GELUS
        and config.scale_attn_weights
        and not config.scale_attn_by_inverse_layer_idx
        and not config.add_cross_attention
        and type(network.lm_head) is nn.Linear
        and type(model.wte) is type(model.wpe) is nn.Embedding
        and len(products) == 4 * config.n_layer
        and all(type(module) is Conv1D for module in products)
    )


def _is_plain_llama(network: "LlamaForCausalLM") -> bool:
    config: Any = network.config
    model: Any = network.model
    products = [m for layer in model.layers for m in (*_products(layer.self_attn), *_products(layer.mlp))]
    return (
        config.hidden_act == "silu"
        and config.rope_parameters["rope_type"] == "default"
        and model.rotary_emb.attention_scaling == 1.0
        and 2 * len(model.rotary_emb.inv_freq) == model.layers[0].self_attn.head_dim
        and type(network.lm_head) is nn.Linear
        and type(model.embed_tokens) is nn.Embedding
        and len(products) == 7 * config.num_hidden_layers
        and all(type(module) is nn.Linear for module in products)
    )


def _products(module: nn.Module) -> Iterator[nn.Module]:
    return (child for child in module.children() if getattr(child, "weight", None) is not None)
