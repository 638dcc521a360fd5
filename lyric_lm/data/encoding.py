"""Turn songs into token ids, with what teaches a model where songs begin and end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lyric_lm.data.plain_tokenizer import AnyTokenizer
from lyric_lm.lyrics.song import Song

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

END_OF_TEXT = "<|endoftext|>"
CHUNK = 1_000  # songs encoded at a time; what the tokenizer makes beside the ids takes thirty times their room

Ids = Sequence[int] | NDArray[np.int32]  # of one song or a part of it, (T,)


@dataclass(frozen=True, eq=False, slots=True)
class EncodedSong:
    """A song as ids: opening, lyrics, separator.

    The first ``n_context`` ids are the opening (``opening_ids``). ``n_bytes`` is the UTF-8 size of the lyrics alone.
    """

    title: str
    ids: Ids
    n_bytes: int
    n_context: int = 1


def separator_id(tokenizer: AnyTokenizer) -> int:
    """Return the id that stands between songs: ``<|endoftext|>``, or the tokenizer's own end token.

    Raises:
        ValueError: the tokenizer has neither.
    """
    # Not looked up in get_vocab(), which is made anew each time: 50 ms for 50,000 tokens.
    token = tokenizer.convert_tokens_to_ids(END_OF_TEXT)  # what is not known may be <unk>
    if token is not None and tokenizer.convert_ids_to_tokens(token) == END_OF_TEXT:
        return int(token)
    if tokenizer.eos_token_id is None:
        raise ValueError(f"the tokenizer has no {END_OF_TEXT} and no end-of-text token of its own")
    return int(tokenizer.eos_token_id)


def opening_ids(tokenizer: AnyTokenizer) -> list[int]:
    """Return what stands before every song, as context and never as a target: the separator and a line end.

    After the line end a song begins as any of its lines does. What a model is taught to write right after the separator
    comes out as anything but a song (measured in benchmarks/README.md, "How songs begin"). A tokenizer that does not
    know line ends has the separator alone.
    """
    line_end: list[int] = tokenizer("\n", add_special_tokens=False, verbose=False)["input_ids"]
    is_known = tokenizer.decode(line_end).strip(" ") == "\n"
    return [separator_id(tokenizer), *(line_end if is_known else [])]


def encode_songs(songs: Sequence[Song], tokenizer: "PreTrainedTokenizerBase") -> list[EncodedSong]:
    """Encode songs as opening + lyrics + separator.

    The opening is the first token's context, so every token of the song and the closing separator are targets: the
    model learns to begin a song and to end it.
    """
    n_context = len(opening_ids(tokenizer))
    return [
        EncodedSong(song.title, ids, len(song.lyrics.encode()), n_context)
        for song, ids in zip(songs, encoded_one_by_one(songs, tokenizer), strict=True)
    ]


def encoded_one_by_one(songs: Sequence[Song], tokenizer: "PreTrainedTokenizerBase") -> Iterator[NDArray[np.int32]]:
    """Yield each song's ids, (T,), with opening and separator, ``CHUNK`` songs encoded at a time."""
    opening, separator = opening_ids(tokenizer), separator_id(tokenizer)
    lyrics = (song.lyrics for song in tqdm(songs, "Encoding", unit=" songs", delay=2, leave=False, disable=None))
    while texts := list(islice(lyrics, CHUNK)):
        for ids in tokenizer(texts, add_special_tokens=False, return_attention_mask=False, verbose=False)["input_ids"]:
            yield np.array([*opening, *ids, separator], dtype=np.int32)


def line_end_ids(tokenizer: "PreTrainedTokenizerBase", songs: Iterable[EncodedSong]) -> set[int]:
    """Return the ids among the songs' tokens whose text ends a line; a long song may be cut after them."""
    used: set[int] = set()
    for song in songs:
        used.update(np.unique(song.ids).tolist())
    return {token for token in used if tokenizer.decode([token]).endswith("\n")}
