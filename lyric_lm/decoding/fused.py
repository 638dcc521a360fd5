"""Songs written side by side with a network taken apart: each has its own keys and values, and its own length.

Rows meet in the products only, where they are multiplied by the same weights; each attends to its own past by itself.
So nothing is padded or masked, a finished song makes room for another in the middle of the others, and a song is the
same in any company.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.nn import functional as F

from lyric_lm.decoding.linear import activation_dtype
from lyric_lm.decoding.network import take_apart
from lyric_lm.decoding.plain import Plain

Attend = Callable[[int, Tensor], Tensor]  # layer, (M, (H + 2K) D) -> (M, H D)
# Songs at a time: the kernel of int8 multiplies four rows together, eight cost as much as twice four; those of the
# others may sum otherwise from 33 rows on.
MOST_ROWS = {"float32": 32, "bfloat16": 32, "int8": 4}
_DEPTH = 32  # numbers that the processor's tiles of bfloat16 sum at once; the rest of a row is summed otherwise


class FusedDecoder:
    """A plain network made ready to write in ``precision``; a copy of its weights, as they are.

    Args:
        precision: ``float32``, ``bfloat16`` or ``int8``; see ``linear``.
    """

    def __init__(self, plain: Plain, precision: str):
        self.precision, self.dtype = precision, activation_dtype(precision)
        self.vocabulary, self.context = int(plain.config["vocab_size"]), plain.context
        self.parts = take_apart(plain, precision)

    def writing(self) -> AbstractContextManager[None]:
        """Return what to write songs within: here nothing is needed."""
        return nullcontext()

    @torch.inference_mode()
    def keeps_rows_apart(self) -> bool:
        """Tell whether rows that are multiplied together are, bit for bit, what they are alone and in other groups."""
        if self.precision == "bfloat16" and any(width % _DEPTH for width in self.parts.widths):
            return False
        n_queries = self.parts.n_heads * self.parts.head_dim

        def logits(ids: Tensor) -> Tensor:
            return self.parts.head(self.run(ids, torch.zeros_like(ids), lambda layer, qkv: qkv[:, :n_queries]))

        ids = torch.arange(MOST_ROWS[self.precision]) % self.vocabulary
        together = logits(ids)
        return all(torch.equal(logits(ids[some]), together[some]) for some in (slice(1), slice(1, 4), slice(3, 20)))

    def songs(self, n_tokens: int, most: int) -> "FusedSongs":
        """Make room for songs.

        Args:
            n_tokens: the most that a song may have, its prompt's included.
            most: songs at a time.
        """
        return FusedSongs(self, n_tokens, min(most, MOST_ROWS[self.precision]))

    def cache(self, n_tokens: int) -> Tensor:
        """Return room for keys and values: (layers, 2, 1, K, n_tokens, D). Memory is taken as it is written to."""
        parts = self.parts
        return torch.empty((len(parts.blocks), 2, 1, parts.n_kv_heads, n_tokens, parts.head_dim), dtype=self.dtype)

    def read(self, ids: list[int], cache: Tensor) -> Tensor:
        """Read a text from its beginning into a cache; return the last layer's output (T, d)."""
        parts, n = self.parts, len(ids)
        shape = (n, -1, parts.head_dim)

        def attend(layer: int, qkv: Tensor) -> Tensor:
            sizes = [heads * parts.head_dim for heads in (parts.n_heads, parts.n_kv_heads, parts.n_kv_heads)]
            q, k, v = (x.view(shape).transpose(0, 1)[None] for x in torch.split(qkv, sizes, dim=1))  # (1, heads, T, D)
            cache[layer, 0, :, :, :n], cache[layer, 1, :, :, :n] = k, v
            group = parts.n_heads // parts.n_kv_heads
            k, v = (x.repeat_interleave(group, dim=1) for x in (k, v)) if group > 1 else (k, v)
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)[0].transpose(0, 1).reshape(n, -1)

        return self.run(torch.tensor(ids), torch.arange(n), attend)

    def run(self, ids: Tensor, positions: Tensor, attend: Attend) -> Tensor:
        """Return the output (M, d) of the last layer, normed, for ids (M,) at positions (M,)."""
        parts = self.parts
        x = parts.embed(ids, positions)
        turns = None if parts.rotations is None else parts.rotations[positions]  # (M, 1, D / 2)
        n_turned = (parts.n_heads + parts.n_kv_heads) * parts.head_dim
        for layer, block in enumerate(parts.blocks):
            qkv = block.qkv(block.norm_1(x))
            if turns is not None:
                turned = qkv[:, :n_turned]
                pairs = torch.view_as_complex(turned.float().view(len(x), -1, parts.head_dim // 2, 2))
                turned.copy_(torch.view_as_real(pairs * turns).view(turned.shape))
            x += block.out(attend(layer, qkv))
            x += block.mlp(block.norm_2(x))
        return parts.norm(x)


class _Song:
    """The keys and values of one song, of which the first ``n`` tokens are there."""

    def __init__(self, cache: Tensor, n: int):
        self.cache, self.n = cache, n


class FusedSongs:
    """The songs that are being written, a row each."""

    def __init__(self, decoder: FusedDecoder, n_tokens: int, most: int):
        self.decoder, self.n_tokens, self.most = decoder, n_tokens, most
        self.rows: list[_Song] = []
        self.free: list[Tensor] = []  # caches of finished songs
        self.prompt_ids: list[int] = []  # the last prompt that was read, which the next song often begins with too
        self.prompt, self.first = torch.empty(0), torch.empty(0)  # its keys and values; the logits (1, V) after it

    @property
    def room(self) -> int:
        """How many songs more may begin now."""
        return self.most - len(self.rows)

    @torch.inference_mode()
    def begin(self, prompts: list[list[int]]) -> Tensor:
        """Begin songs in rows after those that are there; return the logits (n, V) of their first tokens.

        Args:
            prompts: ids of each, at least one; there must be ``room``.
        """
        firsts = []
        for ids in prompts:
            if ids != self.prompt_ids:
                self.prompt_ids, self.prompt = ids, self.decoder.cache(len(ids))
                self.first = self.decoder.parts.head(self.decoder.read(ids, self.prompt)[-1:]).float()
            cache = self.free.pop() if self.free else self.decoder.cache(self.n_tokens)
            cache[..., : len(ids), :] = self.prompt
            self.rows.append(_Song(cache, len(ids)))
            firsts.append(self.first)
        return torch.cat(firsts)

    @torch.inference_mode()
    def go_on(self, keep: list[int], tokens: list[int]) -> Tensor:
        """Go on with the rows ``keep`` alone, in this order, each with its token; return the next logits (M, V)."""
        kept = set(keep)
        self.free += [song.cache for row, song in enumerate(self.rows) if row not in kept]
        self.rows = [self.rows[row] for row in keep]
        if not keep:
            return torch.empty(0)
        parts = self.decoder.parts
        shape = (parts.n_kv_heads, parts.n_heads // parts.n_kv_heads, parts.head_dim)  # queries of one key together
        n_queries = parts.n_heads * parts.head_dim
        # All views of all layers at once: a view costs as much as a small product.
        places = [song.cache[..., song.n : song.n + 1, :].unbind() for song in self.rows]  # (2, 1, K, 1, D) each
        pasts = [song.cache[..., : song.n + 1, :].flatten(0, 1).unbind() for song in self.rows]  # (1, K, T, D) each

        def attend(layer: int, qkv: Tensor) -> Tensor:
            queries = qkv[:, :n_queries].view(-1, 1, *shape).unbind()
            new = qkv[:, n_queries:].view(-1, 2, 1, shape[0], 1, shape[2]).unbind()
            found = []
            for q, kv, place, past in zip(queries, new, places, pasts, strict=True):
                place[layer].copy_(kv)
                found.append(F.scaled_dot_product_attention(q, past[2 * layer], past[2 * layer + 1]))  # (1, K, H/K, D)
            return torch.cat(found).view(-1, n_queries)

        positions = torch.tensor([song.n for song in self.rows])
        logits = parts.head(self.decoder.run(torch.tensor(tokens), positions, attend))
        for song in self.rows:
            song.n += 1
        return logits.float()
