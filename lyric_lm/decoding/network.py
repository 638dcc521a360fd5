"""What a network computes, taken apart into the few functions that a step calls: embedding, norms, products, head.

A plain GPT-2 or Llama of transformers goes in (``plain.is_plain``), with its weights as they are now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import GPT2LMHeadModel, LlamaForCausalLM, PreTrainedModel

from lyric_lm.decoding.linear import Linear, activation_dtype, make_linear

Map = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Block:
    """One layer: ``x += out(attention(qkv(norm_1(x)))); x += mlp(norm_2(x))``.

    ``qkv`` gives (M, (H + 2K) D): the heads of the queries, of the keys, of the values.
    """

    norm_1: Map
    qkv: Linear
    out: Linear
    norm_2: Map
    mlp: Map


@dataclass(frozen=True)
class Parts:
    """A network taken apart.

    Attributes:
        embed: ids (M,) and positions (M,) to (M, d) float32.
        rotations: (positions, 1, D / 2) complex64, by which pairs of a head's numbers are turned; None: none are.
        n_heads: H, of the queries.
        n_kv_heads: K, of the keys and the values.
        norm, head: (M, d) to logits (M, V).
        widths: of the rows that are multiplied.
    """

    embed: Callable[[Tensor, Tensor], Tensor]
    rotations: Tensor | None
    blocks: list[Block]
    norm: Map
    head: Linear
    n_heads: int
    n_kv_heads: int
    head_dim: int
    widths: set[int]


def take_apart(network: PreTrainedModel, precision: str) -> Parts:
    """Make a plain network's weights ready, as they are now."""
    with torch.inference_mode():
        return _gpt2(network, precision) if isinstance(network, GPT2LMHeadModel) else _llama(network, precision)


def _gpt2(network: GPT2LMHeadModel, precision: str) -> Parts:
    config: Any = network.config
    model: Any = network.transformer

    def product(module: Any) -> Linear:
        return make_linear(module.weight.detach().t(), module.bias.detach(), precision)

    def mlp(block: Any) -> Map:
        widen, narrow = product(block.mlp.c_fc), product(block.mlp.c_proj)
        return lambda x: narrow(F.gelu(widen(x), approximate="tanh"))

    blocks = [
        Block(
            *(_layer_norm(block.ln_1, precision), product(block.attn.c_attn), product(block.attn.c_proj)),
            *(_layer_norm(block.ln_2, precision), mlp(block)),
        )
        for block in model.h
    ]
    tokens, places = model.wte.weight.detach(), model.wpe.weight.detach()
    return Parts(
        embed=lambda ids, positions: tokens[ids] + places[positions],
        rotations=None,
        blocks=blocks,
        norm=_layer_norm(model.ln_f, precision),
        head=make_linear(network.lm_head.weight.detach(), _bias(network.lm_head), precision),
        n_heads=config.n_head,
        n_kv_heads=config.n_head,
        head_dim=config.n_embd // config.n_head,
        widths={config.n_embd, config.n_inner or 4 * config.n_embd},
    )


def _llama(network: LlamaForCausalLM, precision: str) -> Parts:
    config: Any = network.config
    model: Any = network.model
    n_heads, n_kv_heads = config.num_attention_heads, config.num_key_value_heads
    head_dim = model.layers[0].self_attn.head_dim

    def paired(module: Any, n: int) -> tuple[Tensor, Tensor | None]:
        """Put the two numbers that turn together side by side; queries and keys alike, so their products stay."""
        weight, bias = module.weight.detach(), _bias(module)
        weight = weight.view(n, 2, head_dim // 2, -1).transpose(1, 2).reshape(weight.shape)
        return weight, None if bias is None else bias.view(n, 2, head_dim // 2).transpose(1, 2).reshape(-1)

    def qkv(attention: Any) -> Linear:
        value = (attention.v_proj.weight.detach(), _bias(attention.v_proj))
        return _joined([paired(attention.q_proj, n_heads), paired(attention.k_proj, n_kv_heads), value], precision)

    def product(module: Any) -> Linear:
        return make_linear(module.weight.detach(), _bias(module), precision)

    def mlp(module: Any) -> Map:
        both = [(part.weight.detach(), _bias(part)) for part in (module.gate_proj, module.up_proj)]
        widen, narrow = _joined(both, precision), product(module.down_proj)

        def gated(x: Tensor) -> Tensor:
            gate, up = widen(x).chunk(2, dim=-1)
            return narrow(F.silu(gate).mul_(up))

        return gated

    blocks = [
        Block(
            *(_rms_norm(layer.input_layernorm, precision), qkv(layer.self_attn), product(layer.self_attn.o_proj)),
            *(_rms_norm(layer.post_attention_layernorm, precision), mlp(layer.mlp)),
        )
        for layer in model.layers
    ]
    tokens = model.embed_tokens.weight.detach()
    positions = torch.arange(config.max_position_embeddings, dtype=torch.float32)
    angles = torch.outer(positions, model.rotary_emb.inv_freq.float())  # (positions, D / 2)
    return Parts(
        embed=lambda ids, positions: tokens[ids],
        rotations=torch.polar(torch.ones_like(angles), angles)[:, None],
        blocks=blocks,
        norm=_rms_norm(model.norm, precision),
        head=product(network.lm_head),
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        head_dim=head_dim,
        widths={config.hidden_size, n_heads * head_dim, config.intermediate_size},
    )


def _bias(module: Any) -> Tensor | None:
    return None if module.bias is None else module.bias.detach()


def _joined(parts: list[tuple[Tensor, Tensor | None]], precision: str) -> Linear:
    """Return several products of the same rows as one; either all of them have a bias or none."""
    weights, biases = zip(*parts, strict=True)
    return make_linear(torch.cat(weights), None if biases[0] is None else torch.cat(biases), precision)


def _layer_norm(module: Any, precision: str) -> Map:
    weight, bias, eps, dtype = module.weight.detach(), _bias(module), module.eps, activation_dtype(precision)
    return lambda x: F.layer_norm(x, weight.shape, weight, bias, eps).to(dtype)


def _rms_norm(module: Any, precision: str) -> Map:
    weight, dtype = module.weight.detach(), activation_dtype(precision)
    eps = module.variance_epsilon if hasattr(module, "variance_epsilon") else module.eps
    return lambda x: F.rms_norm(x, weight.shape, weight, eps).to(dtype)
