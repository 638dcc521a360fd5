"""Do the songs, the model and the blocks go together? Language, lengths, and how many are held out."""

import math
from collections import Counter
from collections.abc import Iterable

from lyric_lm.checks.check import PASS, WARN, Check
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.packing import Part
from lyric_lm.model_for_language import ENGLISH_MODELS, model_for

_FEWEST_HELD_OUT = 5


def check_language(
    n_tokens: int, n_characters: int, model: str, languages: Counter[str], scripts: Counter[str]
) -> Check:
    """A tokenizer made for the songs' language needs 0.2 to 0.4 tokens per character, of Chinese up to 1.

    One made for English takes 0.3 there, 0.35 to 0.5 of other languages in Latin letters (which its model has read
    little of, so that is mentioned), 0.8 (SmolLM2) to 1.1 (GPT-2) of Russian and about 2 (SmolLM2) of Chinese.
    ``languages`` and ``scripts`` count songs.

    >>> russian = Counter(ru=9, en=1), Counter(Cyrillic=9, Latin=1)
    >>> check_language(300, 1000, "gpt2", Counter(en=9), Counter(Latin=9)).status
    'pass'
    >>> check_language(1100, 1000, "gpt2", *russian).meaning
    'gpt2 spells these songs out nearly letter by letter: take a model of their language (model=rugpt3small)'
    """
    rate = n_tokens / n_characters
    (language, _), *_ = languages.most_common(1) or [("", 0)]
    (script, _), *_ = scripts.most_common(1) or [("", 0)]
    limit = 1.2 if script in ("Han", "Kana", "Hangul") else 0.6  # a character there is a syllable or a word
    better = model_for(language, script)
    status, meaning = PASS, ""
    if rate >= limit and model != "tiny":
        status = WARN
        named = better.rpartition("=")[2].rpartition("/")[2]
        is_it = model == named or model.startswith(f"{named}_")  # rugpt3small is rugpt3small_based_on_gpt2
        way_out = "model.pretrained=ID" if is_it else better
        meaning = f"{model} spells these songs out nearly letter by letter: take a model of their language ({way_out})"
    elif language not in ("", "en") and model in ENGLISH_MODELS:
        meaning = f"{model} was made for English and most songs are not ({language}): {better} knows their language"
    return Check("language", status, f"{rate:.2f} tokens per character", f"below {limit:.2f}", meaning)


def check_lengths(lengths: list[int], block_size: int, context_length: int, fill: float, model: str) -> Check:
    """A song longer than a block is cut, and what comes after the cut is learned without what came before it.

    One in ten may be; more, and it is the usual thing. ``fill`` is the share of the blocks that songs take up.

    >>> check_lengths([100] * 9 + [600], 512, 1024, 0.9, "gpt2").figure
    '1 of 10 songs are longer than a block (512 tokens; the longest 600); blocks are 90 % full'
    >>> check_lengths([100] * 5 + [700] * 5, 512, 1024, 0.9, "gpt2").meaning
    'what follows the cut is learned without what came before it: data.block_size=704 holds 95 % of the songs'
    >>> check_lengths([100] * 5 + [1500] * 5, 512, 1024, 0.9, "gpt2").meaning.partition(": ")[2]
    'data.block_size=1024 is the most that gpt2 knows and holds 50 %; model=smollm2 knows 8192'

    Args:
        lengths: tokens of each song, its opening and the separator behind it included.
        block_size, context_length: of the run and the model.
        fill: in [0, 1].
        model: its name; of ``tiny``, whose tokens are bytes, nothing is expected.
    """
    n_cut = sum(length > block_size for length in lengths)
    figure = (
        f"{n_cut} of {len(lengths)} songs are longer than a block ({block_size} tokens; the longest {max(lengths)}); "
        f"blocks are {fill:.0%} full".replace("%", " %")
    )
    limit = "at most a tenth of the songs"
    if n_cut <= len(lengths) / 10 or model == "tiny":
        return Check("song_lengths", PASS, figure, limit, "")
    for_most = sorted(lengths)[math.ceil(0.95 * len(lengths)) - 1]
    larger = min(-(-for_most // 64) * 64, context_length)
    held = sum(length <= larger for length in lengths) / len(lengths)
    if for_most <= context_length:
        way_out = f"data.block_size={larger} holds 95 % of the songs"
    elif block_size < context_length:
        way_out = f"data.block_size={larger} is the most that {model} knows and holds {100 * held:.0f} %"
    else:
        way_out = f"{model} knows no more than {context_length} tokens"
    if for_most > context_length and context_length < 8192:
        way_out += "; model=smollm2 knows 8192"
    return Check(
        *("song_lengths", WARN, figure, limit),
        f"what follows the cut is learned without what came before it: {way_out}",
    )


def check_held_out(n_songs: int, n_held_out: int) -> Check:
    """The held-out loss chooses the best epoch, and from few songs it is a matter of luck.

    The losses of the demo album's 85 songs under SmolLM2 deviate by 0.35 nats per token from their mean; a run gains
    about 0.5.

    >>> check_held_out(75, 8).status, check_held_out(40, 3).status
    ('pass', 'warn')
    """
    figure, limit = f"{n_held_out} held out, {n_songs} to train on", f"at least {_FEWEST_HELD_OUT} held out"
    if n_held_out >= _FEWEST_HELD_OUT:
        return Check("held_out_songs", PASS, figure, limit, "")
    fraction = math.ceil(20 * _FEWEST_HELD_OUT / (n_songs + n_held_out)) / 20
    way_out = f"set data.val_fraction={fraction:g}" if fraction <= 0.25 else "give more songs"
    return Check(
        *("held_out_songs", WARN, figure, limit),
        f"by which songs these happen to be, the held-out loss varies by {0.35 / math.sqrt(max(1, n_held_out)):.2f}: "
        f"{way_out}",
    )


def song_lengths(parts: Iterable[Part], separator: int) -> list[int]:
    """Return the tokens of each song, from the parts that it was cut into, in their order.

    >>> parts = [Part([0, 9, 5, 9], 0, 9, "a", 2), Part([9, 6, 0], 2, 9, "a"), Part([0, 9, 7, 0], 0, 9, "b", 2)]
    >>> song_lengths(parts, separator=0)
    [6, 4]
    """
    lengths: list[int] = []
    for part in parts:
        if part.ids[0] == separator:  # the token before a song; the other parts begin with the song's own
            lengths.append(part.n_context)
        lengths[-1] += part.n_targets
    return lengths


def fill_of(songs: LyricsDataModule, block_size: int) -> float:
    """Return the share of the training blocks that songs take up."""
    n_tokens = sum(len(part.ids) for part in songs.parts["train"])
    return n_tokens / (block_size * len(songs.blocks["train"]))
