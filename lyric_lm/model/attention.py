"""Attention that never crosses from one song into another, without a mask: each song is computed by itself.

A batch is one row of songs behind each other, and their lengths come with it. A mask that says the same costs the
squares of the whole row where only the songs' own are needed. Registered with transformers as ``songs``, for every
architecture that calls attention through its interface; without lengths, it is transformers' own ``sdpa``.
"""

import functools
import inspect
import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "songs"
# Tokens up to which probabilities are kept for the backward pass: for songs of a few hundred, the CPU's flash kernel
# needs longer for both passes; from about here on it is the quicker one, and the leaner.
MOST_KEPT = 512


class Lengths(list[int]):
    """The lengths of a row's songs; ``n_asked`` counts the layers that heeded them."""

    n_asked = 0


def songs_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    song_lengths: Lengths | None = None,
    song_starts: Tensor | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """Attend to earlier tokens of the same song.

    Args:
        module: the layer, with what it knows of itself.
        query: (B, H, T, D); key, value: (B, G, T, D), where H is a multiple of G. With lengths, B is 1.
        attention_mask: used without lengths only.
        dropout: the share of weights dropped in training.
        scaling: of the scores; None is 1 / sqrt(D).
        song_lengths: of the row's songs; they add up to T.
        song_starts: (n_songs + 1,) int32 on the device, the same as running sums.

    Returns:
        (B, T, H, D), and no weights.
    """
    if song_lengths is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **more
        )
    song_lengths.n_asked += 1
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    query, key = query.to(value.dtype), key.to(value.dtype)  # rotary positions are float32 in autocast
    if _knows_songs(query.device.type) and not dropout and value.dtype in (torch.bfloat16, torch.float16):
        return _by_starts(query, key, value, song_lengths, song_starts, scale), None
    if query.device.type == "cpu" and not dropout and max(song_lengths) <= MOST_KEPT:
        return _KeptAttention.apply(query[0], key[0], value[0], song_lengths, scale)[None], None  # type: ignore[no-untyped-call]
    options = {"dropout_p": dropout, "is_causal": True, "scale": scale, "enable_gqa": query.shape[1] != key.shape[1]}
    songs = zip(*(torch.split(x, song_lengths, dim=2) for x in (query, key, value)), strict=True)
    parts = [scaled_dot_product_attention(q, k, v, **options) for q, k, v in songs]  # type: ignore[arg-type]
    return torch.cat(parts, dim=2).transpose(1, 2), None


@functools.cache
def _knows_songs(kind: str) -> bool:
    """Tell whether torch has a kernel for songs of several lengths in one row, on this kind of device."""
    try:
        from torch.nn.attention.varlen import varlen_attn  # from torch 2.10 on, causal by a window later
    except ImportError:
        return False
    return kind == "cuda" and "window_size" in inspect.signature(varlen_attn).parameters


def _by_starts(
    query: Tensor, key: Tensor, value: Tensor, lengths: Lengths, starts: Tensor | None, scale: float
) -> Tensor:
    """Return (1, T, H, D) by that kernel."""
    from torch.nn.attention.varlen import varlen_attn

    assert starts is not None
    longest, is_shared = max(lengths), query.shape[1] != key.shape[1]
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))  # (T, H, D)
    out = varlen_attn(q, k, v, starts, starts, longest, longest, scale=scale, window_size=(-1, 0), enable_gqa=is_shared)
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
