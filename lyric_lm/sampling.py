"""Write songs with a model: token by token, each sample with its own seed, many at a time.

Prompts and seeds go in, texts come out. How logits come about is ``decoding``'s, which tokens they allow is
``drawing``'s. The draw is made on the CPU with one generator per sample, so a sample's text depends on its seed and not
on its neighbours, and not on the device's random numbers (on MPS, ``multinomial`` can return tokens of probability
zero, https://github.com/pytorch/pytorch/issues/192577).
"""

import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch

from lyric_lm import drawing
from lyric_lm.data.encoding import opening_ids, separator_id
from lyric_lm.data.plain_tokenizer import AnyTokenizer
from lyric_lm.decoding.choice import Decoder, Network, Songs, decoder_for
from lyric_lm.drawing import Scores
from lyric_lm.errors import InputError
from lyric_lm.originality.guard import Guard, GuardedSong
from lyric_lm.originality.hashes import Hashes
from lyric_lm.sampling_settings import Sampling

MAX_BATCH = 16  # samples at a time


@dataclass(frozen=True)
class Wanted:
    """A song to write: it begins with ``prompt`` (empty: from nothing)."""

    prompt: str
    seed: int
    sampling: Sampling


@dataclass(frozen=True)
class Sample:
    """A written song: prompt and continuation, whether it ended by itself, and the seed that makes it again."""

    prompt: str
    text: str
    ended: bool
    seed: int


def write_songs(
    network: Network,
    tokenizer: AnyTokenizer,
    prompt: str,
    seeds: list[int],
    sampling: Sampling,
    **how: Any,
) -> Iterator[Sample]:
    """Write one song per seed, all from one prompt; ``how``: what else ``write_each`` takes."""
    return write_each(network, tokenizer, [Wanted(prompt, seed, sampling) for seed in seeds], **how)


def write_each(
    network: Network,
    tokenizer: AnyTokenizer,
    wanted: Sequence[Wanted],
    on_text: Callable[[str], None] | None = None,
    hashes: Hashes | None = None,
    batch_size: int = MAX_BATCH,
    on_end: Callable[[int], object] | None = None,
    decoder: Decoder | None = None,
) -> Iterator[Sample]:
    """Write the songs that are wanted, side by side; in any company, a song is what it is alone.

    Args:
        hashes: of what may not be written, for ``Sampling.originality`` (``originality.hashes``).
        batch_size: songs at a time; it changes no text.
        on_end: called with the number of songs that have just come to their ends, maybe long before their turn.
        on_text: called with each piece of the text as it is written, the prompt first; for a single song only.
        decoder: of this network as it is now; None makes one (``decoding.choice``).

    Yields:
        Samples in the order in which they are wanted.

    Raises:
        InputError: a prompt and ``max_new_tokens`` do not fit the model's context.
    """
    if not wanted:
        return
    separator = separator_id(tokenizer)
    decoder = decoder or decoder_for(network)
    waiting = deque(_songs(decoder.context, tokenizer, wanted, hashes))
    first, n_tokens = waiting[0], max(len(song.prompt_ids) + song.sampling.max_new_tokens for song in waiting)
    stream = _Stream(tokenizer, on_text, first.prompt, first.own_ids) if on_text and len(wanted) == 1 else None
    finished: dict[int, Sample] = {}  # by place: those whose turn has not come
    turn = 0
    with decoder.writing():
        for song in _written(decoder.songs(n_tokens, batch_size), waiting, separator, stream):
            ended = song.new[-1] == separator
            new = song.new[:-1] if ended else song.new
            text = song.prompt + _continuation(tokenizer, song.own_ids, new)
            if stream:
                stream.finish(text)
            if on_end:
                on_end(1)
            finished[song.place] = Sample(song.prompt, text, ended, song.seed)
            while turn in finished:
                yield finished.pop(turn)
                turn += 1


def _songs(context: int, tokenizer: AnyTokenizer, wanted: Sequence[Wanted], hashes: Hashes | None) -> Iterator["_Song"]:
    """Return the songs as they are before their first new tokens."""
    encoded = functools.cache(functools.partial(encode_prompt, context, tokenizer))
    n_context = len(opening_ids(tokenizer))
    for place, song in enumerate(wanted):
        prompt = song.prompt.rstrip(" ")  # a trailing space would be a token of its own, which no song has
        ids, guarded = encoded(prompt, song.sampling.max_new_tokens), None
        if song.sampling.originality is not None:
            if hashes is None:
                raise ValueError("originality wants the hashes of the training songs")
            guarded = GuardedSong(Guard(song.sampling.originality, hashes), tokenizer, prompt, ids[n_context:])
        yield _Song(place, prompt, ids, n_context, song.seed, song.sampling, guarded)


def encode_prompt(context: int, tokenizer: AnyTokenizer, prompt: str, max_new_tokens: int) -> list[int]:
    """Return the ids that a song with this prompt begins with: the opening, then the prompt's own.

    Args:
        context: the most positions that the model knows.

    Raises:
        InputError: the prompt and ``max_new_tokens`` do not fit the model's context.
    """
    prompt_ids = tokenizer(prompt.rstrip(" "), add_special_tokens=False, verbose=False)["input_ids"] if prompt else []
    ids = [*opening_ids(tokenizer), *prompt_ids]
    if len(ids) >= context:
        raise InputError(
            f"prompt={prompt[:40]}... has {len(ids)} tokens, which leaves no room in the model's context of {context}; "
            "shorten the prompt"
        )
    if len(ids) + max_new_tokens > context:
        raise InputError(
            f"the prompt's {len(ids)} tokens and max_new_tokens={max_new_tokens} exceed the model's context "
            f"of {context}; set max_new_tokens <= {context - len(ids)} or shorten the prompt"
        )
    return ids


def _continuation(tokenizer: AnyTokenizer, prompt_ids: list[int], new: list[int]) -> str:
    """Decode the new tokens in the context of the prompt's, which decides about spaces between them."""
    whole = tokenizer.decode(prompt_ids + new, skip_special_tokens=True)
    return whole[len(tokenizer.decode(prompt_ids, skip_special_tokens=True)) :]


class _Song:
    """A song that is being written: its place among those wanted, its own random numbers, its new tokens so far.

    ``own_ids`` are the prompt's, of ``prompt_ids``, which begin with the opening.
    """

    def __init__(
        self,
        place: int,
        prompt: str,
        prompt_ids: list[int],
        n_context: int,
        seed: int,
        sampling: Sampling,
        guarded: GuardedSong | None,
    ):
        self.place, self.prompt = place, prompt
        self.prompt_ids, self.own_ids = prompt_ids, prompt_ids[n_context:]
        self.seed, self.sampling, self.guarded = seed, sampling, guarded
        self.generator = torch.Generator().manual_seed(seed)
        self.new: list[int] = []


def _written(
    songs: Songs,
    waiting: deque[_Song],
    separator: int,
    on_token: Callable[[list[int]], None] | None,
) -> Iterator[_Song]:
    """Yield songs as they are finished, with their new tokens, the closing separator included where it came."""
    rows: list[_Song] = []  # which song each row is of
    scores = np.empty((0, 0), dtype=np.float32)  # (B, V)
    while waiting or rows:
        if waiting and songs.room:
            first = songs.begin([song.prompt_ids for song in islice(waiting, songs.room)]).cpu().numpy()
            scores = np.concatenate([scores, first]) if rows else first
            rows += [waiting.popleft() for _ in first]
        keep = []
        for row, song in enumerate(rows):
            token = _draw(scores[row], song, separator)
            song.new.append(token)
            if on_token and token != separator:
                on_token(song.new)
            if token == separator or len(song.new) == song.sampling.max_new_tokens:
                yield song
            else:
                keep.append(row)
        rows = [rows[row] for row in keep]
        scores = songs.go_on(keep, [song.new[-1] for song in rows]).cpu().numpy()


def _draw(scores: Scores, song: _Song, separator: int) -> int:
    """Return the next token of a song by its logits (V,); where the guard refuses one, draw anew from the others."""
    written = song.prompt_ids + song.new
    while True:
        token = drawing.pick(*drawing.choices(song.sampling, scores, written), song.generator)
        if song.guarded is None:
            return token
        if token == separator or not song.guarded.forbids(token):
            song.guarded.add(token)
            return token
        scores[token] = -np.inf  # of probability zero from here on; the filters choose anew among the others


class _Stream:
    """Pass text on as soon as it is whole: a letter may be several tokens."""

    def __init__(self, tokenizer: AnyTokenizer, on_text: Callable[[str], None], prompt: str, prompt_ids: list[int]):
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
