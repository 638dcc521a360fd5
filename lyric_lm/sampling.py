"""Write songs with a model: token by token, each sample with its own seed, many at a time.

A prompt and seeds go in, texts come out. How logits come about is ``decoding``'s, which tokens they allow is
``drawing``'s. The draw is made on the CPU with one generator per sample, so a sample's text depends on its seed and not
on its neighbours, and not on the device's random numbers (on MPS, ``multinomial`` can return tokens of probability
zero, https://github.com/pytorch/pytorch/issues/192577).
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from lyric_lm import drawing
from lyric_lm.data.encoding import separator_id
from lyric_lm.data.plain_tokenizer import AnyTokenizer
from lyric_lm.decoding.choice import Decoder, Network, Songs, decoder_for
from lyric_lm.drawing import Scores
from lyric_lm.errors import InputError
from lyric_lm.originality.guard import Guard, GuardedSong
from lyric_lm.originality.hashes import Hashes
from lyric_lm.sampling_settings import Sampling

MAX_BATCH = 16  # samples at a time


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
    on_text: Callable[[str], None] | None = None,
    hashes: Hashes | None = None,
    batch_size: int = MAX_BATCH,
    on_end: Callable[[int], object] | None = None,
    decoder: Decoder | None = None,
) -> Iterator[Sample]:
    """Write one song per seed, each beginning with ``prompt`` (empty: from nothing).

    Args:
        hashes: of what may not be written, for ``sampling.originality`` (``originality.hashes``).
        batch_size: samples at a time; it changes no text.
        on_end: called with the number of songs that have just come to their ends, maybe long before their turn.
        on_text: called with each piece of the text as it is written, the prompt first; for a single seed only.
        decoder: of this network as it is now; None makes one (``decoding.choice``).

    Yields:
        Samples in the order of the seeds.

    Raises:
        InputError: the prompt and ``max_new_tokens`` do not fit the model's context.
    """
    if not seeds:
        return
    separator = separator_id(tokenizer)
    prompt = prompt.rstrip(" ")  # a trailing space would be a token of its own, which no song has
    decoder = decoder or decoder_for(network)
    ids = encode_prompt(decoder.context, tokenizer, prompt, sampling.max_new_tokens)
    guard = _guard(sampling, hashes)
    stream = _Stream(tokenizer, on_text, prompt, ids[1:]) if on_text and len(seeds) == 1 else None
    waiting = deque(
        _Song(place, seed, GuardedSong(guard, tokenizer, prompt, ids[1:]) if guard else None)
        for place, seed in enumerate(seeds)
    )
    finished: dict[int, Sample] = {}  # by place: those whose turn has not come
    turn = 0
    with decoder.writing():
        songs = decoder.songs(ids, len(ids) + sampling.max_new_tokens, batch_size)
        for song in _written(songs, waiting, ids, sampling, separator, stream):
            ended = song.new[-1] == separator
            text = prompt + _continuation(tokenizer, ids[1:], song.new[:-1] if ended else song.new)
            if stream:
                stream.finish(text)
            if on_end:
                on_end(1)
            finished[song.place] = Sample(prompt, text, ended, song.seed)
            while turn in finished:
                yield finished.pop(turn)
                turn += 1


def _guard(sampling: Sampling, hashes: Hashes | None) -> Guard | None:
    if sampling.originality is None:
        return None
    if hashes is None:
        raise ValueError("originality wants the hashes of the training songs")
    return Guard(sampling.originality, hashes)


def encode_prompt(context: int, tokenizer: AnyTokenizer, prompt: str, max_new_tokens: int) -> list[int]:
    """Return the ids that a song with this prompt begins with: the separator, then the prompt's own.

    Args:
        context: the most positions that the model knows.

    Raises:
        InputError: the prompt and ``max_new_tokens`` do not fit the model's context.
    """
    prompt_ids = tokenizer(prompt.rstrip(" "), add_special_tokens=False, verbose=False)["input_ids"] if prompt else []
    ids = [separator_id(tokenizer), *prompt_ids]
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
    """A song that is being written: its place among the seeds, its own random numbers, its new tokens so far."""

    def __init__(self, place: int, seed: int, guarded: GuardedSong | None):
        self.place, self.seed, self.guarded = place, seed, guarded
        self.generator = torch.Generator().manual_seed(seed)
        self.new: list[int] = []


def _written(
    songs: Songs,
    waiting: deque[_Song],
    prompt_ids: list[int],
    sampling: Sampling,
    separator: int,
    on_token: Callable[[list[int]], None] | None,
) -> Iterator[_Song]:
    """Yield songs as they are finished, with their new tokens, the closing separator included where it came."""
    rows: list[_Song] = []  # which song each row is of
    scores = np.empty((0, 0), dtype=np.float32)  # (B, V)
    while waiting or rows:
        if n_new := min(songs.room, len(waiting)):
            first = songs.begin(n_new).cpu().numpy()
            scores = np.concatenate([scores, first]) if rows else first
            rows += [waiting.popleft() for _ in range(n_new)]
        keep = []
        for row, song in enumerate(rows):
            token = _draw(scores[row], song, prompt_ids, sampling, separator)
            song.new.append(token)
            if on_token and token != separator:
                on_token(song.new)
            if token == separator or len(song.new) == sampling.max_new_tokens:
                yield song
            else:
                keep.append(row)
        rows = [rows[row] for row in keep]
        scores = songs.go_on(keep, [song.new[-1] for song in rows]).cpu().numpy()


def _draw(scores: Scores, song: _Song, prompt_ids: list[int], sampling: Sampling, separator: int) -> int:
    """Return the next token of a song by its logits (V,); where the guard refuses one, draw anew from the others."""
    written = prompt_ids + song.new
    while True:
        token = drawing.pick(*drawing.choices(sampling, scores, written), song.generator)
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
