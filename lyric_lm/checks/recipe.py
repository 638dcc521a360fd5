"""Is this going to work? Checks of machine, model and recipe, each with its figure and what to do.

Every check is a function that returns a ``Check``.
"""

import math
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.checks.check import FAIL, PASS, WARN, Check
from lyric_lm.checks.computer import check_computer
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import Corpus
from lyric_lm.model.optim import n_warmup_steps
from lyric_lm.model_for_language import ENGLISH_MODELS, model_for


def check_baseline(loss: float, vocabulary: int, from_scratch: bool) -> Check:
    """A pretrained model is far better than guessing evenly, which costs ln(vocabulary).

    Songs in a language that it hardly knows do not cost as much: unknown words are spelt out, and the next letter is
    guessed far better than evenly. So what does is not that model, or not its tokenizer.

    >>> check_baseline(4.1, 50257, False).status, check_baseline(10.9, 50257, False).status
    ('pass', 'fail')
    >>> check_baseline(5.6, 257, True).status
    'pass'
    """
    guessing = math.log(vocabulary)
    limit = f"below {0.8 * guessing:.2f}; guessing evenly costs ln {vocabulary} = {guessing:.2f}"
    figure = f"{loss:.3f} nats per token"
    if from_scratch:
        return Check("untrained_loss", PASS, figure, "none: the weights are random on purpose", "")
    if loss < 0.8 * guessing:
        return Check("untrained_loss", PASS, figure, limit, "")
    return Check(
        *("untrained_loss", FAIL, figure, limit),
        "this model is guessing; it was not loaded, its weights are damaged, or, where it passes the check of its "
        "predictions, its tokenizer is another model's; check model.pretrained (model.from_scratch=true says that "
        "random weights are meant)",
    )


def check_warmup(note: str, n_warmup: int, total_steps: int) -> Check:
    """A warm-up that is not shorter than the run was cut, and that is said."""
    return Check("warmup", WARN if note else PASS, f"{n_warmup} of {total_steps} steps", "shorter than the run", note)


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


def check_disk(network: PreTrainedModel, folder: Path) -> Check:
    """Two checkpoints of weights and AdamW's two moments, one more while the next is written, and the model."""
    parameter_bytes = 4 * sum(p.numel() for p in network.parameters())
    needed = 3 * 3 * parameter_bytes + 2 * parameter_bytes
    free = shutil.disk_usage(folder).free
    is_enough = free >= needed
    meaning = "" if is_enough else "free some space, or choose another place with hydra.run.dir=FOLDER"
    return Check(
        "disk",
        PASS if is_enough else FAIL,
        f"{free / 1e9:.1f} GB free",
        f"{needed / 1e9:.1f} GB for checkpoints",
        meaning,
    )


def check_memory(network: PreTrainedModel, n_rows: int, block_size: int) -> Check:
    """Weights, gradients and two AdamW moments in 32 bits; the logits three times; an estimate for the layers.

    A layer keeps about 34 values per token and hidden unit for the backward pass (Korthikanti et al. 2022,
    https://arxiv.org/abs/2205.05198, table 2, in bytes at 16 bit), taken at 32 bit.
    """
    config = network.config
    states = 4 * 4 * sum(p.numel() for p in network.parameters())
    tokens = n_rows * block_size
    layers = 34 * 2 * tokens * config.hidden_size * config.num_hidden_layers
    logits = 3 * 4 * tokens * config.vocab_size
    needed = states + layers + logits
    there = torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else psutil.virtual_memory().available
    fits = needed < there
    meaning = "" if fits else "set data.batch_size=1, a smaller data.block_size, or a smaller model"
    return Check(
        "memory", PASS if fits else WARN, f"about {needed / 1e9:.1f} GB needed", f"{there / 1e9:.1f} GB there", meaning
    )


def n_steps(songs: LyricsDataModule, trainer: dict[str, Any]) -> int:
    """Return how many optimizer steps a run has at most.

    Raises:
        InputError: it has none.
    """
    if trainer["max_epochs"] < 1 or trainer["accumulate_grad_batches"] < 1:
        raise InputError(
            f"trainer.max_epochs={trainer['max_epochs']} and trainer.accumulate_grad_batches="
            f"{trainer['accumulate_grad_batches']} must both be at least 1"
        )
    per_epoch = -(-len(songs.train_batches) // trainer["accumulate_grad_batches"])
    steps = per_epoch * trainer["max_epochs"]
    return min(steps, trainer["max_steps"]) if trainer["max_steps"] > 0 else steps


def check_all(
    settings: dict[str, Any],
    network: PreTrainedModel,
    corpus: Corpus,
    songs: LyricsDataModule,
    folder: Path,
    baseline_loss: float | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    is_full: bool = False,
) -> list[Check]:
    """Make every check that the settings of ``train`` allow; the untrained model's loss where it is known.

    With ``tokenizer`` the weights and the machine are checked too; ``is_full``: at length.
    """
    data, optim, model = settings["data"], settings["optim"], settings["model"]
    total = n_steps(songs, settings["trainer"])
    n_warmup, note = n_warmup_steps(total, optim["warmup_steps"], optim["warmup_fraction"])
    n_characters = sum(len(song.lyrics) for song in corpus.splits["train"])
    checks = [
        check_language(songs.n_targets("train"), n_characters, model["name"], corpus.languages, corpus.scripts),
        check_warmup(note, n_warmup, total),
        check_memory(network, data["batch_size"], data["block_size"]),
        check_disk(network, folder),
    ]
    if tokenizer is not None:
        texts = [song.lyrics for song in corpus.songs]
        checks = [*check_computer(network, tokenizer, settings, texts, is_full), *checks]
    if baseline_loss is not None:
        checks.append(check_baseline(baseline_loss, network.config.vocab_size, model["from_scratch"]))
    return checks
