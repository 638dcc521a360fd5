"""Is this going to work? Checks of machine, model and recipe, each with its figure and what to do.

Every check is a function that returns a ``Check``; ``check_all`` makes those of a run.
"""

import math
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.checks.check import FAIL, PASS, WARN, Check
from lyric_lm.checks.computer import N_SONGS, check_computer
from lyric_lm.checks.disk import check_disk
from lyric_lm.checks.memory import check_memory
from lyric_lm.checks.songs import check_held_out, check_language, check_lengths, fill_of, song_lengths
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.hardware import device_of, multiplies_bf16, resolve_precision
from lyric_lm.lyrics.corpus import Corpus
from lyric_lm.lyrics.song import spread
from lyric_lm.model.optim import lr_factor, n_warmup_steps
from lyric_lm.model.pretrained import context_length

_FEWEST_STEPS = 20
_LEAST_WAY = 1e-3  # sum of the learning rates of a run


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


def check_precision(precision: str, device: str) -> Check:
    """Half precision is quick where the hardware multiplies it, and very slow where it must be taken apart.

    A processor with AVX2 alone makes 62 GFLOP/s in 32 bits and 1 in bf16 (torch 2.13).
    """
    is_slow = "16" in precision and device == "cpu" and not multiplies_bf16(device)
    return Check(
        *("precision", WARN if is_slow else PASS, f"{precision} on {device}", "one that the hardware multiplies"),
        "this processor takes half precision apart, which is many times as slow: set trainer.precision=auto"
        if is_slow
        else "",
    )


def check_warmup(note: str, n_warmup: int, total_steps: int) -> Check:
    """A warm-up that is not shorter than the run was cut, and that is said; one of half the run is a mistake too.

    Usual are a few per cent; a third of a short run is ten steps, which do no harm.

    >>> check_warmup("", 10, 30).status, check_warmup("", 100, 120).status
    ('pass', 'warn')
    """
    figure, limit = f"{n_warmup} of {total_steps} steps", "at most a third of the run"
    if note:
        return Check("warmup", WARN, figure, "shorter than the run", note)
    if n_warmup <= total_steps / 3 or n_warmup <= 1:
        return Check("warmup", PASS, figure, limit, "")
    return Check(
        *("warmup", WARN, figure, limit),
        f"optim.lr is reached late and left soon: set optim.warmup_steps={max(1, total_steps // 10)}",
    )


def check_steps(total_steps: int, n_batches: int, data: dict[str, Any], trainer: dict[str, Any]) -> Check:
    """A run needs some steps to learn anything: AdamW's first ones rest on few gradients, and the rate warms up then.

    >>> check_steps(30, 40, {"batch_size": 1}, {"accumulate_grad_batches": 4, "max_epochs": 3, "max_steps": -1}).status
    'pass'
    >>> few = check_steps(3, 8, {"batch_size": 4}, {"accumulate_grad_batches": 16, "max_epochs": 3, "max_steps": -1})
    >>> few.figure, few.meaning
    ('3 steps, 1 in an epoch of 8 batches', 'so few hardly teach anything: set trainer.accumulate_grad_batches=1')

    Args:
        total_steps: of the run.
        n_batches: in an epoch.
        data, trainer: the settings of these groups.
    """
    accumulate, epochs = trainer["accumulate_grad_batches"], trainer["max_epochs"]
    figure = f"{total_steps} steps, {-(-n_batches // accumulate)} in an epoch of {n_batches} batches"
    limit = f"at least {_FEWEST_STEPS}" + (f", a step of {accumulate} batches in an epoch" if accumulate > 1 else "")
    if total_steps >= _FEWEST_STEPS and accumulate <= n_batches:
        return Check("steps", PASS, figure, limit, "")
    fewer = max(1, n_batches // -(-_FEWEST_STEPS // epochs))  # batches a step, for enough steps
    if trainer["max_steps"] > 0 and total_steps == trainer["max_steps"]:
        way_out = "set trainer.max_steps=-1 and choose trainer.max_epochs"
    elif fewer < accumulate:
        way_out = f"set trainer.accumulate_grad_batches={fewer}"
    elif data["batch_size"] > 1:
        way_out = "set data.batch_size=1"
    else:
        way_out = f"set trainer.max_epochs={-(-_FEWEST_STEPS * accumulate // n_batches)}, or give more songs"
    why = "a step is longer than an epoch" if total_steps >= _FEWEST_STEPS else "so few hardly teach anything"
    return Check("steps", WARN, figure, limit, f"{why}: {way_out}")


def check_step_size(n_targets: int, steps_per_epoch: int, batches_per_step: int) -> Check:
    """A step over few tokens follows their chance more than the artist.

    The loss of single tokens deviates by about 3 nats (from near 0 for the likely ones to 10 and more), so the mean
    over 100 of them is sure to 0.3, half of what a whole run gains.

    >>> check_step_size(30_000, 100, 1).status, check_step_size(3_000, 100, 1).meaning
    ('pass', 'its gradient is mostly chance: set trainer.accumulate_grad_batches=4')
    """
    n = n_targets / steps_per_epoch
    figure, limit = f"{n:,.0f} tokens", "at least 100"
    if n >= 100:
        return Check("tokens_per_step", PASS, figure, limit, "")
    more = batches_per_step * math.ceil(100 / n)
    return Check(
        *("tokens_per_step", WARN, figure, limit),
        f"its gradient is mostly chance: set trainer.accumulate_grad_batches={more}",
    )


def check_learning_rate(lr: float, factors: list[float], from_scratch: bool, is_lora: bool = False) -> Check:
    """The rate is neither above what pretraining takes, nor so low that the whole run moves nothing.

    AdamW moves a weight by about the rate at each step, whatever the gradient's size (Kingma & Ba 2015, section 2.1,
    https://arxiv.org/abs/1412.6980), so by no more than the sum of the rates in a run. Weights of a GPT-2 begin with
    a deviation of 0.02; a twentieth of that is the limit here. GPT-2's size is pretrained at 6e-4.

    >>> check_learning_rate(1e-4, [0.5] * 135, False).status, check_learning_rate(1e-2, [0.5] * 135, False).status
    ('pass', 'warn')
    >>> check_learning_rate(2e-5, [0.5] * 36, False).figure
    '2e-05; 0.00036 in all of 36 steps'

    Args:
        lr: the highest rate.
        factors: by which it is multiplied at each step.
        from_scratch: the weights are random; they bear more.
        is_lora: adapters are trained, which bear more too.
    """
    most = 1e-2 if from_scratch else 5e-3 if is_lora else 1e-3
    figure = f"{lr:g}; {lr * sum(factors):.2g} in all of {len(factors)} steps"
    limit = f"at most {most:g}; at least {_LEAST_WAY:g} in all"
    if lr > most:
        what = "training does not settle" if from_scratch else "the model forgets the language that it knows"
        return Check("learning_rate", WARN, figure, limit, f"{what}: set optim.lr={'2e-3' if is_lora else '2e-4'}")
    if lr * sum(factors) < _LEAST_WAY:
        return Check(
            *("learning_rate", WARN, figure, limit),
            "AdamW moves no weight further than that, so the model hardly learns: raise optim.lr (2e-4 is usual), "
            "or take more steps (trainer.max_epochs, trainer.accumulate_grad_batches=1)",
        )
    return Check("learning_rate", PASS, figure, limit, "")


def check_smoothing(label_smoothing: float) -> Check:
    """Label smoothing teaches that every token of the vocabulary may come next, a little.

    >>> check_smoothing(0.0).status, check_smoothing(0.1).status
    ('pass', 'warn')
    """
    figure, limit = f"{label_smoothing:g}", "below 0.05"
    if label_smoothing < 0.05:
        return Check("label_smoothing", PASS, figure, limit, "")
    return Check(
        *("label_smoothing", WARN, figure, limit),
        f"the model learns to give up to {100 * label_smoothing:.0f} % to tokens that do not fit, so text that is "
        "sampled without top_k or top_p has that share of noise, and train/objective is no cross-entropy "
        "(train/loss is): set optim.label_smoothing=0",
    )


def n_steps(songs: LyricsDataModule, trainer: dict[str, Any]) -> int:
    """Return how many optimizer steps a run has at most."""
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
    known_as: str | None = None,
) -> list[Check]:
    """Make every check that the settings of ``train`` allow; the untrained model's loss where it is known.

    With ``tokenizer`` the weights and the machine are checked too; ``is_full``: at length; ``known_as``: see
    ``check_computer``.
    """
    data, optim, model, trainer = (settings[group] for group in ("data", "optim", "model", "trainer"))
    total = n_steps(songs, trainer)
    n_warmup, note = n_warmup_steps(total, optim["warmup_steps"], optim["warmup_fraction"])
    factor = lr_factor(optim["schedule"], total, n_warmup)
    factors = [factor(step) for step in range(total)]
    accumulate, n_batches = trainer["accumulate_grad_batches"], len(songs.train_batches)
    n_characters = sum(len(song.lyrics) for song in corpus.splits["train"])
    lengths = song_lengths(songs.parts["train"], songs.pad_id)
    fill = fill_of(songs, data["block_size"])
    device = device_of(trainer["accelerator"])
    checks = [
        check_precision(resolve_precision(trainer["precision"], device), device),
        check_language(songs.n_targets("train"), n_characters, model["name"], corpus.languages, corpus.scripts),
        check_lengths(lengths, data["block_size"], context_length(network), fill, model["name"]),
        check_held_out(len(corpus.splits["train"]), len(corpus.splits["val"])),
        check_steps(total, n_batches, data, trainer),
        check_step_size(songs.n_targets("train"), -(-n_batches // accumulate), accumulate),
        check_warmup(note, n_warmup, total),
        check_learning_rate(optim["lr"], factors, model["from_scratch"], settings["finetune"]["method"] == "lora"),
        check_smoothing(optim["label_smoothing"]),
        check_memory(network, settings),
        check_disk(network, folder, bool(optim["ema_decay"])),
    ]
    if tokenizer is not None:
        texts = [song.lyrics for song in spread(corpus.songs, N_SONGS)]
        checks = [*check_computer(network, tokenizer, settings, texts, is_full, known_as), *checks]
    if baseline_loss is not None:
        checks.append(check_baseline(baseline_loss, network.config.vocab_size, model["from_scratch"]))
    return checks
