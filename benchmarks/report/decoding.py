"""Faults that touch writing and leave training alone: ``python -m benchmarks.report.decoding``.

Each fault is put into torch's attention or sampler while transformers' own ``generate`` writes; beside the text stand
its nats per token under the healthy model, and the held-out loss measured with the fault in place, which does not move:
that is why a training log cannot show it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.report.material import PROMPT, blocks, keep, load, loss_of, parser, read_songs, strangeness, write

ATTEND = functional.scaled_dot_product_attention
MULTINOMIAL = torch.multinomial
Inputs = tuple[Tensor, Tensor, Tensor, Tensor | None]  # query (B, H, T, D), key and value (B, H, S, D), mask


def as_if_contiguous(query: Tensor) -> Tensor:
    """Read the memory of a query (B, H, T, D) as though its strides were those of a contiguous tensor."""
    return torch.as_strided(query, query.shape, torch.empty(query.shape).stride(), query.storage_offset())


@contextmanager
def attention(fault: Callable[..., Inputs], when: Callable[..., bool]) -> Iterator[list[bool]]:
    """Let a fault change what attention is given, in passes without gradient; yield which calls it changed."""
    changed: list[bool] = []

    def attend(
        query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, *rest: Any, **how: Any
    ) -> Any:
        if not torch.is_grad_enabled() and when(query, key, attn_mask, how.get("is_causal", False)):
            before = query, key, value, attn_mask
            query, key, value, attn_mask = fault(*before)
            changed.append(
                not all(
                    a is b or (a.shape == b.shape and torch.equal(a, b))
                    for a, b in zip((query, key, value), before[:3], strict=True)
                )
                or attn_mask is not before[3]
            )
        return ATTEND(query, key, value, attn_mask, *rest, **how)

    functional.scaled_dot_product_attention = attend
    try:
        yield changed
    finally:
        functional.scaled_dot_product_attention = ATTEND


def row_0s_mask(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Inputs:
    """Give every row of the batch the mask of the first."""
    return q, k, v, None if mask is None else mask[:1].expand_as(mask)


@contextmanager
def forbidden_tokens(one_in: int) -> Iterator[None]:
    """Let the sampler return a token of probability zero once in so many draws (pytorch issue 192577)."""
    rng = torch.Generator().manual_seed(1)

    def draw(p: Tensor, *how: Any, **more: Any) -> Tensor:
        if torch.rand((), generator=rng) < 1 / one_in:
            return MULTINOMIAL((p == 0).float(), *how, generator=rng, **more)
        return MULTINOMIAL(p, *how, **more)

    torch.multinomial = draw  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.multinomial = MULTINOMIAL


def is_the_kernel(q: Tensor, k: Tensor, mask: Tensor | None, causal: bool) -> bool:
    """The conditions of pytorch issue 163597: no causal flag, mask none or boolean, at most 8 queries."""
    return not causal and (mask is None or mask.dtype == torch.bool) and q.shape[2] <= 8 <= k.shape[2]


def is_short(q: Tensor, k: Tensor, mask: Tensor | None, causal: bool) -> bool:
    """The same limit of queries, whatever the mask: what other people's code may hand to the kernel."""
    return q.shape[2] <= 8


def is_cached(q: Tensor, k: Tensor, mask: Tensor | None, causal: bool) -> bool:
    """One new token against a cache."""
    return q.shape[2] == 1 and k.shape[2] > 1


def misread(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Inputs:
    """Take the queries' memory for contiguous."""
    return as_if_contiguous(q), k, v, mask


def other_head(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Inputs:
    """Give every head its neighbour's queries."""
    return q.roll(1, dims=1), k, v, mask


def cache_lost(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Inputs:
    """Forget all but the newest token."""
    return q, k[:, :, -1:], v[:, :, -1:], None


def every_other_position(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Inputs:
    """Drop half of the cache."""
    return q, k[:, :, ::2], v[:, :, ::2], None


def first_lost(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Inputs:
    """Drop the oldest four positions of the cache."""
    return q, k[:, :, 4:], v[:, :, 4:], None


FAULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "none": (nullcontext, {}),
    "misread queries, pytorch 163597 to the letter": (lambda: attention(misread, is_the_kernel), {}),
    "misread queries, prompt of 8 tokens or fewer": (lambda: attention(misread, is_short), {}),
    "misread queries, every length, no cache": (lambda: attention(misread, lambda *_: True), {"use_cache": False}),
    "cached steps take another head's queries": (lambda: attention(other_head, is_cached), {}),
    "cached steps see only the newest token": (lambda: attention(cache_lost, is_cached), {}),
    "cached steps see every other position": (lambda: attention(every_other_position, is_cached), {}),
    "cached steps lack the first 4 positions": (lambda: attention(first_lost, is_cached), {}),
    "a forbidden token in 220 draws, pytorch 192577": (lambda: forbidden_tokens(220), {}),
    "a forbidden token in 10 draws": (lambda: forbidden_tokens(10), {}),
}


def padded(model: Any, tokenizer: Any, prompts: list[str]) -> list[str]:
    """Write from prompts of unequal lengths in one batch, padded at the left, always the likeliest token."""
    tokenizer.padding_side, tokenizer.pad_token = "left", "<|endoftext|>"
    batch = tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False)
    new = model.generate(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        do_sample=False,
        max_new_tokens=30,
        pad_token_id=tokenizer.pad_token_id,
    )
    return tokenizer.batch_decode(new[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)


def main() -> None:
    """Write with every fault, then from a padded batch with and without its own."""
    arguments = parser(__doc__)
    arguments.add_argument("--faults", nargs="*", default=list(FAULTS), help="some of them only; padding always")
    given = arguments.parse_args()
    model, tokenizer = load(given.model)
    held_out = blocks(tokenizer, read_songs(given.songs)[1][:3], 64)
    for name in given.faults:
        fault, how = FAULTS[name]
        with fault():
            loss = loss_of(model, held_out)
        with fault() as changed:
            texts = [write(model, tokenizer, seed=seed, **how) for seed in (1, 2, 3)]
        nats = [strangeness(model, tokenizer, text) for text in texts]
        found = {"nats": round(sum(nats) / len(nats), 2), "held-out loss": round(loss, 3), "text": texts}
        if changed is not None:
            found["attention calls changed"] = f"{sum(changed)} of {len(changed)}"
        print(f"{name}: {found}", flush=True)
        keep("decoding", {name: found})
    for order in ([PROMPT, "I remember"], ["I remember", PROMPT]):
        rows = {"prompts": order, "right": padded(model, tokenizer, order)}
        with attention(row_0s_mask, is_short):
            rows["with row 0's mask"] = padded(model, tokenizer, order)
        print(f"left padding: {rows}", flush=True)
        keep("decoding", {f"left padding, {order[0]!r} first": rows})


if __name__ == "__main__":
    main()
