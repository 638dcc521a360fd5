"""Turn songs into token ids, with the separator that teaches a model where songs begin and end."""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from lyric_lm.lyrics.song import Song

END_OF_TEXT = "<|endoftext|>"


@dataclass(frozen=True)
class EncodedSong:
    """A song as ids: separator, lyrics, separator. ``n_bytes`` is the UTF-8 size of the lyrics alone."""

    title: str
    ids: list[int]
    n_bytes: int


def separator_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the id that stands between songs: ``<|endoftext|>``, or the tokenizer's own end token.

    Raises:
        ValueError: the tokenizer has neither.
    """
    vocabulary = tokenizer.get_vocab()
    if END_OF_TEXT in vocabulary:
        return vocabulary[END_OF_TEXT]
    if tokenizer.eos_token_id is None:
        raise ValueError(f"the tokenizer has no {END_OF_TEXT} and no end-of-text token of its own")
    return int(tokenizer.eos_token_id)


def encode_songs(songs: list[Song], tokenizer: PreTrainedTokenizerBase) -> list[EncodedSong]:
    """Encode songs as separator + lyrics + separator.

    The leading separator is the first token's context, so every token of the song and the closing
    separator are targets: the model learns to begin a song and to end it.
    """
    separator = separator_id(tokenizer)
    texts = [song.lyrics for song in songs]
    encoded = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []
    return [
        EncodedSong(song.title, [separator, *ids, separator], len(song.lyrics.encode()))
        for song, ids in zip(songs, encoded, strict=True)
    ]


def line_end_ids(tokenizer: PreTrainedTokenizerBase, songs: list[EncodedSong]) -> set[int]:
    """Return the ids among the songs' tokens whose text ends a line; a long song may be cut after them."""
    used = {token for song in songs for token in song.ids}
    return {token for token in used if tokenizer.decode([token]).endswith("\n")}
