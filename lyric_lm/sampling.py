"""Write songs with a model: token by token, each sample with its own seed, many at a time.

A prompt and seeds go in, texts come out. The filters are transformers' own; the draw is made on the CPU
with one generator per sample, so a sample's text depends on its seed and not on its neighbours, and not on
the device's random numbers (on MPS, ``multinomial`` can return tokens of probability zero,
https://github.com/pytorch/pytorch/issues/192577).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from lyric_lm.data.encoding import separator_id
from lyric_lm.errors import InputError
from lyric_lm.originality.guard import Guard, GuardedSong
from lyric_lm.originality.hashes import Hashes, check_allowed

MAX_BATCH = 16  # samples at a time


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen; names and meanings are those of transformers' ``generate``.

    ``temperature`` 0 always takes the likeliest token; ``top_k`` 0, ``top_p`` 1 or None, and ``min_p`` None
    or 0 choose among all; ``repetition_penalty`` 1 is none. ``originality`` is ours: the most words in a row that may
    be a training song's; None: any number.

    Raises:
        InputError: a value is out of range.
    """

    max_new_tokens: int
    temperature: float
    top_k: int | None
    top_p: float | None
    min_p: float | None
    repetition_penalty: float
    originality: int | None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and "None" in str(field.type):
                continue
            kinds = (int,) if "int" in str(field.type) else (int, float)
            if not isinstance(value, kinds) or isinstance(value, bool):
                what = "a whole number" if kinds == (int,) else "a number"
                raise InputError(f"{field.name}={value} cannot work; it must be {what}")
        allowed = {
            "max_new_tokens": (self.max_new_tokens >= 1, "at least 1"),
            "temperature": (self.temperature >= 0, "0 or more"),
            "top_k": (self.top_k is None or self.top_k >= 0, "0 (all tokens) or more"),
            "top_p": (self.top_p is None or 0 < self.top_p <= 1, "above 0 and at most 1"),
            "min_p": (self.min_p is None or 0 <= self.min_p <= 1, "from 0 to 1"),
            "repetition_penalty": (self.repetition_penalty > 0, "above 0; 1 is none"),
        }
        for key, (is_allowed, what) in allowed.items():
            if not is_allowed:
                raise InputError(f"{key}={getattr(self, key)} cannot work; it must be {what}")
        if self.originality is not None:
            check_allowed(self.originality)

    def filters(self) -> LogitsProcessorList:
        """Return what is applied to the logits (B, V) before the draw, in transformers' order."""
        filters = LogitsProcessorList()
        if self.repetition_penalty != 1.0:
            filters.append(RepetitionPenaltyLogitsProcessor(float(self.repetition_penalty)))
        if self.temperature not in (0.0, 1.0):
            filters.append(TemperatureLogitsWarper(float(self.temperature)))
        if self.top_k:
            filters.append(TopKLogitsWarper(self.top_k))
        if self.top_p is not None and self.top_p < 1.0:
            filters.append(TopPLogitsWarper(self.top_p))
        if self.min_p:
            filters.append(MinPLogitsWarper(self.min_p))
        return filters


@dataclass(frozen=True)
class Sample:
    """A written song: prompt and continuation, whether it ended by itself, and the seed that makes it again."""

    prompt: str
    text: str
    ended: bool
    seed: int


def write_songs(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    seeds: list[int],
    sampling: Sampling,
    on_text: Callable[[str], None] | None = None,
    hashes: Hashes | None = None,
    batch_size: int = MAX_BATCH,
    on_end: Callable[[int], object] | None = None,
) -> Iterator[Sample]:
    """Write one song per seed, each beginning with ``prompt`` (empty: from nothing).

    Args:
        hashes: of what may not be written, for ``sampling.originality`` (``originality.hashes``).
        batch_size: samples at a time; it changes no text.
        on_end: called with the number of songs that have just come to their ends, before their batch is done.
        on_text: called with each piece of the text as it is written, the prompt first; for a single seed only.

    Yields:
        Samples in the order of the seeds.

    Raises:
        InputError: the prompt and ``max_new_tokens`` do not fit the model's context.
    """
    separator = separator_id(tokenizer)
    prompt = prompt.rstrip(" ")  # a trailing space would be a token of its own, which no song has
    ids = encode_prompt(network, tokenizer, prompt, sampling.max_new_tokens)
    guard = _guard(sampling, hashes)
    for first in range(0, len(seeds), batch_size):
        batch = seeds[first : first + batch_size]
        stream = _Stream(tokenizer, on_text, prompt, ids[1:]) if on_text and len(seeds) == 1 else None
        watched = [GuardedSong(guard, tokenizer, prompt, ids[1:]) for _ in batch] if guard else []
        drawn = _draw(network, ids, batch, sampling, separator, stream, watched, on_end)
        for seed, new in zip(batch, drawn, strict=True):
            ended = new[-1] == separator
            text = prompt + _continuation(tokenizer, ids[1:], new[:-1] if ended else new)
            if stream:
                stream.finish(text)
            yield Sample(prompt, text, ended, seed)


def _guard(sampling: Sampling, hashes: Hashes | None) -> Guard | None:
    if sampling.originality is None:
        return None
    if hashes is None:
        raise ValueError("originality wants the hashes of the training songs")
    return Guard(sampling.originality, hashes)


def encode_prompt(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: str, max_new_tokens: int
) -> list[int]:
    """Return the ids that a song with this prompt begins with: the separator, then the prompt's own.

    Raises:
        InputError: the prompt and ``max_new_tokens`` do not fit the model's context.
    """
    prompt_ids = tokenizer(prompt.rstrip(" "), add_special_tokens=False, verbose=False)["input_ids"] if prompt else []
    ids = [separator_id(tokenizer), *prompt_ids]
    limit = int(network.config.max_position_embeddings)
    if len(ids) >= limit:
        raise InputError(
            f"prompt={prompt[:40]}... has {len(ids)} tokens, which leaves no room in the model's context of {limit}; "
            "shorten the prompt"
        )
    if len(ids) + max_new_tokens > limit:
        raise InputError(
            f"the prompt's {len(ids)} tokens and max_new_tokens={max_new_tokens} exceed the model's context "
            f"of {limit}; set max_new_tokens <= {limit - len(ids)} or shorten the prompt"
        )
    return ids


def _continuation(tokenizer: PreTrainedTokenizerBase, prompt_ids: list[int], new: list[int]) -> str:
    """Decode the new tokens in the context of the prompt's, which decides about spaces between them."""
    whole = tokenizer.decode(prompt_ids + new, skip_special_tokens=True)
    return whole[len(tokenizer.decode(prompt_ids, skip_special_tokens=True)) :]


@torch.no_grad()
def _draw(
    network: PreTrainedModel,
    prompt_ids: list[int],
    seeds: list[int],
    sampling: Sampling,
    separator: int,
    on_token: Callable[[list[int]], None] | None,
    watched: list[GuardedSong],
    on_end: Callable[[int], object] | None,
) -> list[list[int]]:
    """Return the new token ids of each seed's song, the closing separator included where it came."""
    was_training = network.training
    network.eval()
    device = network.device
    filters = sampling.filters()
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    new: list[list[int]] = [[] for _ in seeds]
    rows = list(range(len(seeds)))  # which sample each row of the batch is writing
    history = torch.tensor([prompt_ids] * len(seeds), device=device)  # (B, T)
    step_input, cache = history, None
    try:
        for _ in range(sampling.max_new_tokens):
            logits, cache = next_logits(network, step_input, history, cache)
            scores = filters(history, logits).cpu()  # (B, V)
            tokens = [pick(scores[i], generators[row], sampling.temperature) for i, row in enumerate(rows)]
            for i, row in enumerate(rows if watched else []):
                while tokens[i] != separator and watched[row].forbids(tokens[i]):
                    # Of probability zero from here on; the filters choose anew among the others.
                    logits[i, tokens[i]] = -torch.inf
                    anew = filters(history[i : i + 1], logits[i : i + 1])[0].cpu()
                    tokens[i] = pick(anew, generators[row], sampling.temperature)
                watched[row].add(tokens[i])
            for row, token in zip(rows, tokens, strict=True):
                new[row].append(token)
            if on_token and tokens[0] != separator:
                on_token(new[0])
            going = [i for i, token in enumerate(tokens) if token != separator]
            if on_end:
                on_end(len(rows) - len(going))
            if not going:
                break
            step_input = torch.tensor([[token] for token in tokens], device=device)  # (B, 1)
            history = torch.cat([history, step_input], dim=1)
            if len(going) < len(rows):  # finished songs leave the batch
                keep = torch.tensor(going, device=device)
                step_input, history = step_input[keep], history[keep]
                cache.batch_select_indices(keep)
                rows = [rows[i] for i in going]
    finally:
        network.train(was_training)
    if on_end:
        on_end(len(going))  # those that were cut off
    return new


def next_logits(network: PreTrainedModel, step_input: Tensor, history: Tensor, cache: Any) -> tuple[Tensor, Any]:
    """Return the logits (B, V) of each row's next token in float32, and the cache with ``step_input`` in it.

    Args:
        step_input: (B, T) int64, the tokens of ``history`` that ``cache`` does not hold yet.
        history: (B, T) int64, all tokens so far; rows are of one length, so nothing is padded.
        cache: what the last call returned, or None.
    """
    output = network(
        input_ids=step_input,
        attention_mask=torch.ones_like(history),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    return output.logits[:, -1].float(), output.past_key_values


def pick(scores: Tensor, generator: torch.Generator, temperature: float) -> int:
    """Draw a token from filtered scores (V,), which are on the CPU as the generator is."""
    if temperature == 0:
        return int(scores.argmax())
    allowed = scores.isfinite().nonzero()[:, 0]  # a few dozen of the vocabulary: the draw costs a number for each
    return int(allowed[torch.multinomial(scores[allowed].softmax(dim=-1), 1, generator=generator)])


class _Stream:
    """Pass text on as soon as it is whole: a letter may be several tokens."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, on_text: Callable[[str], None], prompt: str, prompt_ids: list[int]
    ):
        self.tokenizer, self.on_text = tokenizer, on_text
        self.prompt, self.prompt_ids = prompt, prompt_ids
        self.n_shown = 0  # characters
        self.finish(prompt)

    def __call__(self, new: list[int]) -> None:
        text = self.prompt + _continuation(self.tokenizer, self.prompt_ids, new)
        if not text.endswith("\ufffd"):
            self.finish(text)

    def finish(self, text: str) -> None:
        """Show the rest of the text, a letter cut in the middle included."""
        if len(text) > self.n_shown:
            self.on_text(text[self.n_shown :])
            self.n_shown = len(text)
