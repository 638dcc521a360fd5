"""Attention that never crosses from one song into another, without a mask: each song is computed by itself.

A batch is one row of songs behind each other, and their lengths come with it. A mask that says the same costs the
squares of the whole row where only the songs' own are needed. Registered with transformers as ``songs``, for every
architecture that calls attention through its interface; without lengths, it is transformers' own ``sdpa``.
"""

import inspect
import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

try:
    from torch.nn.attention.varlen import varlen_attn  # from torch 2.10 on
except ImportError:
    _OPTIONS: set[str] = set()
else:
    _OPTIONS = set(inspect.signature(varlen_attn).parameters)

NAME = "songs"
# Tokens up to which probabilities are kept for the backward pass: for songs of a few hundred, the CPU's flash kernel
# needs longer for both passes; from about here on it is the quicker one, and the leaner.
MOST_KEPT = 512


class Songs:
    """The songs that lie behind each other in a row of T tokens.

    Not a list: a compiler would make code for every number of songs.

    Args:
        lengths: in tokens; they add up to T.
        starts: (n_songs + 1,) int32 on the device: where each begins, and T.
        longest: no song is longer.

    Attributes:
        n_asked: how many layers heeded them.
    """

    def __init__(self, lengths: list[int], starts: Tensor | None = None, longest: int | None = None):
        self.lengths, self.starts = lengths, starts
        self.longest = max(lengths) if longest is None else longest
        self.n_asked = 0


def songs_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    songs: Songs | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """Attend to earlier tokens of the same song.

    Args:
        module: the layer, with what it knows of itself.
        query: (B, H, T, D); key, value: (B, G, T, D), where H is a multiple of G. With songs, B is 1.
        attention_mask: used without songs only.
        dropout: the share of weights dropped in training.
        scaling: of the scores; None is 1 / sqrt(D).
        songs: of the row.

    Returns:
        (B, T, H, D), and no weights.
    """
    if songs is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **more
        )
    if not torch.compiler.is_compiling():
        songs.n_asked += 1
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    query, key = query.to(value.dtype), key.to(value.dtype)  # rotary positions are float32 in autocast
    if query.is_cuda and not dropout and value.dtype in (torch.bfloat16, torch.float16) and has_kernel(query.shape[-1]):
        return _by_starts(query, key, value, songs, scale), None
    if query.device.type == "cpu" and not dropout and songs.longest <= MOST_KEPT:
        return _KeptAttention.apply(query[0], key[0], value[0], songs.lengths, scale)[None], None  # type: ignore[no-untyped-call]
    options = {"dropout_p": dropout, "is_causal": True, "scale": scale, "enable_gqa": query.shape[1] != key.shape[1]}
    alone = zip(*(torch.split(x, songs.lengths, dim=2) for x in (query, key, value)), strict=True)
    parts = [scaled_dot_product_attention(q, k, v, **options) for q, k, v in alone]  # type: ignore[arg-type]
    return torch.cat(parts, dim=2).transpose(1, 2), None


def has_kernel(head_dim: int) -> bool:
    """Tell whether torch has a kernel for songs of several lengths in a row, in half precision on NVIDIA GPUs."""
    return "window_size" in _OPTIONS and head_dim % 8 == 0 and head_dim <= 256  # causal by a window


def _by_starts(query: Tensor, key: Tensor, value: Tensor, songs: Songs, scale: float) -> Tensor:
    """Return (1, T, H, D) by the kernel that knows songs."""
    assert songs.starts is not None
    how: dict[str, Any] = {"scale": scale, "window_size": (-1, 0)}
    if "enable_gqa" in _OPTIONS:  # before torch 2.12, queries that share keys need not be told
        how["enable_gqa"] = query.shape[1] != key.shape[1]
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))  # (T, H, D)
    out = varlen_attn(q, k, v, songs.starts, songs.starts, songs.longest, songs.longest, **how)
    assert isinstance(out, Tensor)
    return out[None]


class _KeptAttention(torch.autograd.Function):
    """Attention by matrix products over each song, its probabilities kept for the backward pass.

    Heads that share keys and values are rows of one product.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, lengths: list[int], scale: float) -> Tensor:
        """Return (T, H, D) for a query (H, T, D) and a key and value (G, T, D)."""
        n_heads, n_tokens, size = query.shape
        n_groups = key.shape[0]
        out = query.new_empty((n_tokens, n_heads, size))
        longest = max(lengths)
        is_later = query.new_full((longest, longest), -math.inf).triu_(1)  # added where a token would see a later one
        kept, start = [], 0
        for n in lengths:
            song = slice(start, start + n)
            rows = (query[:, song] * scale).reshape(n_groups, -1, size)  # (G, H / G * n, D)
            scores = torch.bmm(rows, key[:, song].transpose(1, 2)).view(n_heads, n, n).add_(is_later[:n, :n])
            weights = scores.softmax(dim=-1)
            out[song] = torch.bmm(weights.view(n_groups, -1, n), value[:, song]).view(n_heads, n, size).transpose(0, 1)
            kept.append(weights)
            start += n
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(query, key, value, *kept)
        ctx.lengths, ctx.scale = lengths, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, *kept = ctx.saved_tensors
        size, n_groups = query.shape[2], key.shape[0]
        d_query, d_key, d_value = (_by_token(x) for x in (query, key, value))
        start = 0
        for n, weights in zip(ctx.lengths, kept, strict=True):
            song = slice(start, start + n)
            rows = query[:, song].reshape(n_groups, -1, size)
            d_out = grads[0][song].transpose(0, 1).reshape(n_groups, -1, size)  # (G, H / G * n, D)
            d_value[:, song] = torch.bmm(weights.view(n_groups, -1, n).transpose(1, 2), d_out)
            d_weights = torch.bmm(d_out, value[:, song].transpose(1, 2)).view_as(weights)
            d_scores = torch._softmax_backward_data(d_weights, weights, -1, weights.dtype).view(n_groups, -1, n)
            d_query[:, song] = torch.bmm(d_scores, key[:, song]).view(-1, n, size)
            d_key[:, song] = torch.bmm(d_scores.transpose(1, 2), rows)
            start += n
        return d_query.mul_(ctx.scale), d_key.mul_(ctx.scale), d_value, None, None


def _by_token(like: Tensor) -> Tensor:
    """Return an empty (H, T, D) whose memory lies token by token, as the layer before has it."""
    n_heads, n_tokens, size = like.shape
    return like.new_empty((n_tokens, n_heads, size)).transpose(0, 1)


AttentionInterface.register(NAME, songs_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
