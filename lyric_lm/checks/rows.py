"""The same tokens read in several ways: alone, with a cache, in a batch, left-padded, packed into a block.

Each way returns logits (..., V) on the CPU, and, beside them, those of the same rows read alone on the same device.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from lyric_lm.data.batches import collate
from lyric_lm.data.packing import Part
from lyric_lm.model.loss import logits_of
from lyric_lm.sampling import next_logits


def logits_alone(network: PreTrainedModel, ids: list[int]) -> Tensor:
    """Return the logits (T, V) of a single row, read at once and without a cache."""
    output = network(input_ids=torch.tensor([ids], device=network.device), use_cache=False)
    return output.logits[0].float().cpu()


def decoded(network: PreTrainedModel, prompt: list[int], n_new: int) -> tuple[list[int], Tensor]:
    """Write the likeliest tokens one by one, as ``sampling`` does; also return the logits (n_new, V) before each.

    The prompt is read in two pieces, the second of four tokens: up to eight at a time, MPS takes another way, which
    once was wrong (https://github.com/pytorch/pytorch/issues/163597).
    """
    history = torch.tensor([prompt], device=network.device)  # (1, T)
    _, cache = next_logits(network, history[:, :-4], history[:, :-4], None)
    step_input = history[:, -4:]
    tokens, rows = [], []
    for _ in range(n_new):
        logits, cache = next_logits(network, step_input, history, cache)
        rows.append(logits[0].cpu())
        tokens.append(int(rows[-1].argmax()))
        step_input = torch.tensor([[tokens[-1]]], device=network.device)
        history = torch.cat([history, step_input], dim=1)
    return tokens, torch.stack(rows)


def batched(network: PreTrainedModel, ids: list[int]) -> tuple[Tensor, Tensor]:
    """Continue three rows of one length in a batch, as ``sampling`` does; the middle one leaves half-way."""
    size = len(ids) // 2
    texts = [ids[start : start + size] for start in (0, size // 2, len(ids) - size)]
    rows = [0, 1, 2]
    history = torch.tensor(texts, device=network.device)  # (B, T)
    step_input, cache = history, None
    found, right = [], []
    for step in range(4):
        logits, cache = next_logits(network, step_input, history, cache)
        found.append(logits.cpu())
        right += [(row, len(texts[row]) - 1) for row in rows]
        tokens = logits.argmax(dim=-1).tolist()
        for row, token in zip(rows, tokens, strict=True):
            texts[row] = [*texts[row], token]
        step_input = torch.tensor([[token] for token in tokens], device=network.device)
        history = torch.cat([history, step_input], dim=1)
        if step == 1:
            keep = torch.tensor([0, 2], device=network.device)
            step_input, history, rows = step_input[keep], history[keep], [0, 2]
            cache.batch_select_indices(keep)
    alone = [logits_alone(network, text) for text in texts]
    return torch.cat(found), torch.stack([alone[row][position] for row, position in right])


def left_padded(network: PreTrainedModel, ids: list[int]) -> tuple[Tensor, Tensor]:
    """Read rows of several lengths, padded at the left, then two more tokens of each from the cache."""
    texts = [ids[: len(ids) // 2], ids[: len(ids) // 3], ids[len(ids) // 3 :][: len(ids) // 5 + 2]]
    n_read = [len(text) - 2 for text in texts]
    width = max(n_read)
    mask = torch.tensor([[0] * (width - n) + [1] * n for n in n_read])  # (B, T)
    padded = [[ids[0]] * (width - n) + text[:n] for n, text in zip(n_read, texts, strict=True)]
    step_input, cache = torch.tensor(padded), None
    steps: list[Tensor] = []
    for step in range(3):
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -step_input.shape[1] :]
        output = network(
            input_ids=step_input.to(network.device),
            attention_mask=mask.to(network.device),
            position_ids=positions.to(network.device),
            past_key_values=cache,
            use_cache=True,
        )
        cache = output.past_key_values
        steps.append(output.logits.float().cpu())
        if step < 2:
            step_input = torch.tensor([[text[n + step]] for n, text in zip(n_read, texts, strict=True)])
            mask = torch.cat([mask, torch.ones_like(step_input)], dim=1)
    found = torch.cat(steps, dim=1)  # (B, T + 2, V)
    rows = [found[i, width - n :] for i, n in enumerate(n_read)]
    return torch.cat(rows), torch.cat([logits_alone(network, text) for text in texts])


def packed(network: PreTrainedModel, ids: list[int]) -> tuple[Tensor, Tensor]:
    """Read two blocks of several songs each, as training does."""
    cuts = [0, *(len(ids) * part // 20 for part in (6, 9, 13, 15)), len(ids)]
    texts = [ids[start:end] for start, end in pairwise(cuts)]
    blocks = [texts[:3], texts[3:]]  # where one row's songs meet, the other's do not
    batch = collate([[Part(text, 0, 0, "") for text in block] for block in blocks], pad_id=ids[0])
    logits = logits_of(network, on(network.device, batch)).float().cpu()  # (B, T, V)
    rows = [logits[i, : sum(map(len, block))] for i, block in enumerate(blocks)]
    return torch.cat(rows), torch.cat([logits_alone(network, text) for text in texts])


def long_decoded(network: PreTrainedModel, ids: list[int]) -> tuple[Tensor, Tensor]:
    """Read the last four tokens of a long text from the cache."""
    history = torch.tensor([ids], device=network.device)
    n_read = len(ids) - 4
    logits, cache = next_logits(network, history[:, :n_read], history[:, :n_read], None)
    steps = [logits.cpu()]
    for end in range(n_read + 1, len(ids) + 1):
        logits, cache = next_logits(network, history[:, end - 1 : end], history[:, :end], cache)
        steps.append(logits.cpu())
    return torch.cat(steps), logits_alone(network, ids)[n_read - 1 :]


def on(device: torch.device, batch: dict[str, Any]) -> dict[str, Any]:
    """Return a batch on a device."""
    return {name: value.to(device) for name, value in batch.items()}
