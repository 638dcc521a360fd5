"""Evaluate a model: score the held-out songs, write songs, and measure them; ``metrics.json`` as plain data.

A subject and the settings of ``evaluate`` go in, the content of ``metrics.json`` comes out (its keys are
told in ``docs/evaluation.md``); the songs that were written stay in the folder. One model is in memory at a time. What
is measured lives elsewhere: ``held_out``, ``originality``, ``style``; what it means, in ``verdict`` and ``advice``.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase

import lyric_lm
from lyric_lm.evaluation import VERSION, guide, verdict
from lyric_lm.evaluation.advice import advice_of
from lyric_lm.evaluation.held_out import SongScore, held_out_report, score_songs
from lyric_lm.evaluation.mauve import mauve_library, mauve_report
from lyric_lm.evaluation.noise import NoiseMeter
from lyric_lm.evaluation.subject import Subject
from lyric_lm.evaluation.writing import ended_of, write_samples, written
from lyric_lm.hardware import best_device, give_back_memory
from lyric_lm.lyrics.song import Song
from lyric_lm.model.pretrained import context_length, load_model
from lyric_lm.originality.copies import TrainingLines, copying, near_lines, passages
from lyric_lm.originality.hashes import Hashes, hashes_for
from lyric_lm.originality.index import SongIndex
from lyric_lm.sampling import Sample, encode_prompt
from lyric_lm.sampling_settings import Sampling
from lyric_lm.style.nearness import nearer
from lyric_lm.style.profile import features_of, style_of
from lyric_lm.style.two_sample import told_apart

SAMPLES, BASE_SAMPLES, GUIDE = "samples.jsonl", "base_samples.jsonl", "guide"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heard:
    """What a model did: the held-out songs' scores, and the songs that it wrote; ``guide`` by setting."""

    scores: list[SongScore]
    samples: list[Sample]
    guide: list[list[Sample]]


def evaluate(
    subject: Subject, settings: dict[str, Any], claim: Callable[[], Path]
) -> tuple[Path, dict[str, Any], list[Sample]]:
    """Evaluate a subject; return the folder, the metrics, and the songs that were written by the tuned model.

    Args:
        claim: makes the folder for the songs and returns it; called once nothing stands in the way of the evaluation.

    Raises:
        InputError: a setting cannot work with this model.
    """
    if settings["mauve"]:
        mauve_library()
    sampling = Sampling.of(settings)
    hashes = hashes_for(subject.folder, sampling.originality)
    train, held_out = subject.corpus.splits["train"], subject.corpus.splits[subject.split]
    seeds = [settings["seed"] + i for i in range(settings["num_samples"])]
    base_seeds = [settings["seed"] + i for i in range(settings["num_base_samples"])]
    network, tokenizer = _load(subject.tuned, settings["prompt"], sampling)
    folder = claim()
    tuned = _hear(network, tokenizer, subject.name, held_out, settings, seeds, sampling, hashes, folder / SAMPLES)
    base, noise = None, None
    noise_in_guide: list[float | None] = [None for _ in tuned.guide]
    if subject.base is not None:
        del network, tokenizer
        give_back_memory()
        network, tokenizer = _load(subject.base, settings["prompt"], sampling)
        free = replace(sampling, originality=None)
        plain = {**settings, "guide": False}
        name = f"{subject.name}, untrained"
        base = _hear(network, tokenizer, name, held_out, plain, base_seeds, free, None, folder / BASE_SAMPLES)
        n_tokens = sum(score.n_tokens for score in base.scores)
        meter = NoiseMeter(
            *(network, tokenizer, base.samples, _lyrics(train), _lyrics(held_out)),
            sum(score.nats for score in base.scores) / n_tokens,
        )
        noise = meter.noisy_fraction(tuned.samples)
        noise_in_guide = [meter.noisy_fraction(songs) for songs in tuned.guide]
    sets: dict[str, list[str] | None] = {
        "samples": written(tuned.samples),
        "held_out": _lyrics(held_out),
        "base": written(base.samples) if base and base.samples else None,
        "train": _lyrics(train),
    }
    log.info("Measuring originality and style ...")
    index, lines = SongIndex.of(train), TrainingLines.of(train)
    originality = _originality(sets, index, lines, settings["seed"])
    ended = {"samples": ended_of(tuned.samples), "base": ended_of(base.samples) if base and base.samples else None}
    style = _style(sets, subject.language, ended, settings["seed"])
    if settings["mauve"]:
        style["mauve"] = mauve_report(network, tokenizer, sets, settings["seed"])
    del network, tokenizer
    metrics: dict[str, Any] = {
        "version": VERSION,
        "lyric_lm": lyric_lm.__version__,
        "run": str(subject.run_dir) if subject.run_dir else None,
        "model": subject.name,
        "artist": subject.corpus.artist,
        "split": subject.split,
        "n_train_songs": len(train),
        "n_held_out_songs": len(held_out),
        "settings": {key: settings[key] for key in _SETTINGS},
        "held_out": held_out_report(tuned.scores, base.scores if base else None, settings["seed"]),
        "noise": noise,
        "originality": originality,
        "style": style,
        "guide": None,
    }
    if settings["guide"]:
        chosen = [setting for setting, _ in guide.grid(sampling)]
        metrics["guide"] = [
            guide.row(setting, songs, noisy, sets, index, lines, subject.language, settings["seed"])
            for setting, songs, noisy in zip(chosen, tuned.guide, noise_in_guide, strict=True)
        ]
    metrics["verdict"] = {
        "learned": verdict.learned(metrics["held_out"]),
        "original": verdict.original(originality["sets"]),
        "in_style": verdict.in_style(style["told_apart"], style["nearer"]),
    }
    metrics["advice"] = advice_of(metrics, subject.trained)
    return folder, metrics, tuned.samples


_SETTINGS = (
    *("num_samples", "num_base_samples", "prompt", "max_new_tokens", "temperature", "top_k", "top_p", "min_p"),
    *("repetition_penalty", "originality", "seed"),
)


def _load(model: dict[str, Any], prompt: str, sampling: Sampling) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model onto the best device.

    Raises:
        InputError: it cannot be had, or the prompt and ``max_new_tokens`` do not fit its context.
    """
    network, tokenizer = load_model(**model)
    encode_prompt(context_length(network), tokenizer, prompt, sampling.max_new_tokens)
    return network.to(best_device()), tokenizer


def _hear(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    name: str,
    held_out: Sequence[Song],
    settings: dict[str, Any],
    seeds: list[int],
    sampling: Sampling,
    hashes: Hashes | None,
    file: Path,
) -> Heard:
    """Score the held-out songs by a model, and let it write songs."""
    with tqdm(total=len(held_out), desc=f"Held-out songs: {name}", unit=" songs", leave=False, disable=None) as bar:
        scores = score_songs(network, tokenizer, held_out, on_song=lambda _: bar.update(1))
    write = (network, tokenizer, settings["prompt"])
    samples = write_samples(*write, seeds, sampling, file, hashes, f"Writing songs: {name}") if seeds else []
    heard = []
    if settings["guide"]:
        settings_of_guide = list(guide.grid(sampling))
        for number, (_, chosen) in enumerate(settings_of_guide, start=1):
            what = f"Sampling guide, {number} of {len(settings_of_guide)}"
            of_guide = [settings["seed"] + i for i in range(guide.N_SONGS)]
            into = file.parent / GUIDE / f"{number:02}.jsonl"
            heard.append(write_samples(*write, of_guide, chosen, into, hashes, what))
    return Heard(scores, samples, heard)


def _originality(
    sets: dict[str, list[str] | None], index: SongIndex, lines: TrainingLines, seed: int
) -> dict[str, Any]:
    samples = sets["samples"] or []
    return {
        "sets": {
            name: None if (texts := sets[name]) is None else copying(texts, index, lines, seed)
            for name in ("samples", "held_out", "base")
        },
        "passages": passages(samples, index),
        "near": near_lines(samples, lines),
    }


def _style(
    sets: dict[str, list[str] | None], language: str, ended: dict[str, list[bool] | None], seed: int
) -> dict[str, Any]:
    features = features_of(sets, language, ended)
    held_out, of_held_out = sets["held_out"] or [], features["held_out"] or []
    apart = {
        name: None
        if (texts := sets[name]) is None
        else told_apart(texts, held_out, features[name] or [], of_held_out, seed)
        for name in ("samples", "train", "base")
    }
    rates = {name: sum(ends) / len(ends) if ends else None for name, ends in ended.items()}
    near = None
    if sets["base"]:
        known = {name: texts for name, texts in sets.items() if texts}
        near = nearer(known, {name: features[name] or [] for name in known}, "train", "base", seed)
    described = style_of(sets, language, ended)
    return {**described, "ended": rates, "told_apart": apart, "nearer": near, "mauve": None}


def _lyrics(songs: Sequence[Song]) -> list[str]:
    return [song.lyrics for song in songs]
