"""The same tokens read in several ways: alone, with a cache, in a batch, left-padded, packed into a block.

Each way returns logits (..., V) on the CPU, and, beside them, those of the same rows read alone on the same device.
"""

from itertools import pairwise

import torch
from torch import Tensor
from transformers import PreTrainedModel

from lyric_lm.data.batches import collate, on
from lyric_lm.data.packing import Part
from lyric_lm.decoding.choice import Decoder
from lyric_lm.decoding.forward import ForwardSongs
from lyric_lm.model.loss import logits_of


def logits_alone(network: PreTrainedModel, ids: list[int]) -> Tensor:
    """Return the logits (T, V) of a single row, read at once and without a cache."""
    output = network(input_ids=torch.tensor([ids], device=network.device), use_cache=False)
    return output.logits[0].float().cpu()


def decoded(decoder: Decoder, prompt: list[int], n_new: int) -> tuple[list[int], Tensor]:
    """Write the likeliest tokens one by one, as ``sampling`` does; also return the logits (n_new, V) before each.

    With transformers' forward the prompt is read in two pieces, the second of four tokens: up to eight at a time, MPS
    takes another way, which once was wrong (https://github.com/pytorch/pytorch/issues/163597).
    """
    n_read = len(prompt) - 4
    songs = decoder.songs(len(prompt) + n_new, most=1)
    songs.begin([prompt[:n_read]])
    if isinstance(songs, ForwardSongs):
        logits = songs.read([prompt[n_read:]])
    else:
        for token in prompt[n_read:]:
            logits = songs.go_on([0], [token])
    tokens, rows = [], []
    for _ in range(n_new):
        rows.append(logits[0].cpu())
        tokens.append(int(rows[-1].argmax()))
        logits = songs.go_on([0], [tokens[-1]])
    return tokens, torch.stack(rows)


def stepwise(decoder: Decoder, prompt: list[int], tokens: list[int]) -> Tensor:
    """Read a prompt, then tokens one by one; return the logits (T, V) before each of them."""
    songs = decoder.songs(len(prompt) + len(tokens), most=1)
    rows = [songs.begin([prompt]), *(songs.go_on([0], [token]) for token in tokens[:-1])]
    return torch.cat(rows).cpu()


def batched(network: PreTrainedModel, decoder: Decoder, ids: list[int]) -> tuple[Tensor, Tensor]:
    """Write three texts side by side, as ``sampling`` does; the middle one leaves half-way, and another takes its place
    where the decoder has room for it."""
    n_steps = (len(ids) - 2) // 3
    texts = [ids[:2] + ids[2 + n_steps * i :][:n_steps] for i in range(3)]
    songs = decoder.songs(len(texts[0]), most=3)
    rows, keep = [0, 1, 2], [0, 1, 2]  # the text of each row; the rows that go on
    n_read = [2, 2, 2]  # tokens, by text
    logits = songs.begin([ids[:2]] * 3)
    found, right = [], []
    for step in range(n_steps):
        if step == n_steps // 2:
            keep, rows = [0, 2], [0, 2]
        logits = songs.go_on(keep, [texts[text][n_read[text]] for text in rows])
        found.append(logits.cpu())
        for text in rows:
            n_read[text] += 1
            right.append((text, n_read[text] - 1))
        if step == n_steps // 2 and songs.room:
            found.append(songs.begin([ids[:2]]).cpu())
            right.append((1, 1))
            n_read[1], rows = 2, [0, 2, 1]
        keep = list(range(len(rows)))
    alone = [logits_alone(network, text) for text in texts]
    return torch.cat(found), torch.stack([alone[text][position] for text, position in right])


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
    blocks = [texts[:3], texts[3:]]
    batch = collate([[Part(text, 0, 0, "") for text in block] for block in blocks], pad_id=ids[0])
    logits = logits_of(network, on(network.device, batch))[0].float().cpu()  # (T, V)
    return logits, torch.cat([logits_alone(network, text) for text in texts])


def long_decoded(network: PreTrainedModel, decoder: Decoder, ids: list[int]) -> tuple[Tensor, Tensor]:
    """Read the last four tokens of a long text from the cache."""
    n_read = len(ids) - 4
    found = stepwise(decoder, ids[:n_read], [*ids[n_read:], 0])  # the last one's place holds what would follow
    return found, logits_alone(network, ids)[n_read - 1 :]
