"""What a network computes, taken apart into the few functions that a step calls: embedding, norms, products, head.

A plain GPT-2 or Llama goes in as transformers would describe it (``plain.Plain``), with its weights as they are now.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from lyric_lm.decoding.linear import Linear, activation_dtype, make_linear
from lyric_lm.decoding.plain import Plain

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


def take_apart(plain: Plain, precision: str) -> Parts:
    """Make a plain network's weights ready, as they are now."""
    with torch.inference_mode():
        return _gpt2(plain, precision) if plain.kind == "gpt2" else _llama(plain, precision)


def _gpt2(plain: Plain, precision: str) -> Parts:
    config = plain.config

    def product(name: str) -> Linear:
        weight, bias = plain.pair(name)
        return make_linear(weight.t(), bias, precision)

    def mlp(name: str) -> Map:
        widen, narrow = product(f"{name}.c_fc"), product(f"{name}.c_proj")
        return lambda x: narrow(F.gelu(widen(x), approximate="tanh"))

    def norm(name: str) -> Map:
        weight, bias = plain.pair(name)
        eps, dtype = config["layer_norm_epsilon"], activation_dtype(precision)
        return lambda x: F.layer_norm(x, weight.shape, weight, bias, eps).to(dtype)

    names = [f"transformer.h.{layer}" for layer in range(config["n_layer"])]
    blocks = [
        Block(
            *(norm(f"{name}.ln_1"), product(f"{name}.attn.c_attn"), product(f"{name}.attn.c_proj")),
            *(norm(f"{name}.ln_2"), mlp(f"{name}.mlp")),
        )
        for name in names
    ]
    tokens, places = plain.weight("transformer.wte.weight"), plain.weight("transformer.wpe.weight")
    return Parts(
        embed=lambda ids, positions: tokens[ids] + places[positions],
        rotations=None,
        blocks=blocks,
        norm=norm("transformer.ln_f"),
        head=make_linear(*plain.pair("lm_head"), precision),
        n_heads=config["n_head"],
        n_kv_heads=config["n_head"],
        head_dim=config["n_embd"] // config["n_head"],
        widths={config["n_embd"], config["n_inner"] or 4 * config["n_embd"]},
    )


def _llama(plain: Plain, precision: str) -> Parts:
    config = plain.config
    n_heads, n_kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    head_dim = config["head_dim"] or config["hidden_size"] // n_heads

    def paired(name: str, n: int) -> tuple[Tensor, Tensor | None]:
        """Put the two numbers that turn together side by side; queries and keys alike, so their products stay."""
        weight, bias = plain.pair(name)
        weight = weight.view(n, 2, head_dim // 2, -1).transpose(1, 2).reshape(weight.shape)
        return weight, None if bias is None else bias.view(n, 2, head_dim // 2).transpose(1, 2).reshape(-1)

    def qkv(name: str) -> Linear:
        queries, keys = paired(f"{name}.q_proj", n_heads), paired(f"{name}.k_proj", n_kv_heads)
        return _joined([queries, keys, plain.pair(f"{name}.v_proj")], precision)

    def product(name: str) -> Linear:
        return make_linear(*plain.pair(name), precision)

    def mlp(name: str) -> Map:
        widen = _joined([plain.pair(f"{name}.{part}_proj") for part in ("gate", "up")], precision)
        narrow = product(f"{name}.down_proj")

        def gated(x: Tensor) -> Tensor:
            gate, up = widen(x).chunk(2, dim=-1)
            return narrow(F.silu(gate).mul_(up))

        return gated

    def norm(name: str) -> Map:
        weight, _ = plain.pair(name)
        eps, dtype = config["rms_norm_eps"], activation_dtype(precision)
        return lambda x: F.rms_norm(x, weight.shape, weight, eps).to(dtype)

    names = [f"model.layers.{layer}" for layer in range(config["num_hidden_layers"])]
    blocks = [
        Block(
            *(norm(f"{name}.input_layernorm"), qkv(f"{name}.self_attn"), product(f"{name}.self_attn.o_proj")),
            *(norm(f"{name}.post_attention_layernorm"), mlp(f"{name}.mlp")),
        )
        for name in names
    ]
    tokens = plain.weight("model.embed_tokens.weight")
    return Parts(
        embed=lambda ids, positions: tokens[ids],
        rotations=_rotations(head_dim, config["rope_parameters"]["rope_theta"], plain.context),
        blocks=blocks,
        norm=norm("model.norm"),
        head=product("lm_head"),
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        head_dim=head_dim,
        widths={config["hidden_size"], n_heads * head_dim, config["intermediate_size"]},
    )


def _rotations(head_dim: int, theta: float, n_positions: int) -> Tensor:
    """Return by what the pairs of a head's numbers are turned, (positions, 1, D / 2) complex64: RoPE's, unscaled."""
    frequencies = 1.0 / theta ** (torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)
    angles = torch.outer(torch.arange(n_positions, dtype=torch.float32), frequencies)
    return torch.polar(torch.ones_like(angles), angles)[:, None]


def _joined(parts: list[tuple[Tensor, Tensor | None]], precision: str) -> Linear:
    """Return several products of the same rows as one; either all of them have a bias or none."""
    weights, biases = zip(*parts, strict=True)
    return make_linear(torch.cat(weights), None if biases[0] is None else torch.cat(biases), precision)
