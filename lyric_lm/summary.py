"""A run in figures: ``summary.json``, and the same for TensorBoard's table of runs.

The keys are told in ``outputs/README.md``.
"""

import json
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.loggers import TensorBoardLogger

from lyric_lm.callbacks.export import ExportBest
from lyric_lm.callbacks.watch import Language
from lyric_lm.checks.overfitting import overfitting_since
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.durable import write_text
from lyric_lm.hardware import device_name, peak_memory_bytes
from lyric_lm.lyrics.corpus import Corpus
from lyric_lm.model.lora import n_trained
from lyric_lm.model.loss import perplexity
from lyric_lm.model.module import SongModule
from lyric_lm.runs import read_metrics


def summarise(
    settings: dict[str, Any],
    corpus: Corpus,
    songs: LyricsDataModule,
    module: SongModule,
    trainer: L.Trainer,
    export: ExportBest,
    run_dir: Path,
    was_interrupted: bool,
) -> dict[str, Any]:
    """Return the run in figures, the content of ``summary.json`` (told in ``outputs/README.md``)."""
    metrics = read_metrics(run_dir)
    steps = metrics[metrics["train/loss"].notna()]
    judged = [callback.is_language for callback in trainer.callbacks if isinstance(callback, Language)]
    last_epoch = steps[steps["epoch"] == steps["epoch"].max()]
    return {
        "model": settings["model"]["name"],
        "artist": corpus.artist,
        "n_songs": len(corpus.songs),
        "n_train_tokens": songs.n_targets("train"),
        "finetune": settings["finetune"]["method"],
        "n_trained_parameters": n_trained(module.network),
        "baseline_val_loss": export.baseline_loss,
        "best_val_loss": export.best_loss,
        "best_epoch": export.best_epoch,
        "perplexity": None if export.best_loss is None else perplexity(export.best_loss),
        "bits_per_byte": export.best_bits_per_byte,
        "final_train_loss": float(last_epoch["train/loss"].mean()) if len(last_epoch) else None,
        "overfitting_since_epoch": overfitting_since(metrics),
        "samples_are_language": next(filter(None, judged), None),
        "epochs": trainer.current_epoch,
        "steps": trainer.global_step,
        "n_skipped_steps": module.n_skipped_steps,
        "seconds": None,
        "tokens_per_second": round(module.n_tokens_trained / module.seconds_trained, 1) if len(steps) else None,
        "peak_memory_bytes": peak_memory_bytes(),
        "precision": str(trainer.precision),
        "device": device_name(trainer.strategy.root_device),
        "seed": settings["seed"],
        "interrupted": was_interrupted,
    }


def summary_of_nothing(settings: dict[str, Any], corpus: Corpus) -> dict[str, Any]:
    """Return the summary of a run that was stopped before its first step."""
    unknown = (
        *(
            "n_train_tokens",
            "n_trained_parameters",
            "baseline_val_loss",
            "best_val_loss",
            "best_epoch",
            "perplexity",
            "bits_per_byte",
        ),
        *("final_train_loss", "overfitting_since_epoch", "samples_are_language"),
        *("seconds", "tokens_per_second", "peak_memory_bytes", "precision", "device"),
    )
    known = {"model": settings["model"]["name"], "artist": corpus.artist, "n_songs": len(corpus.songs)}
    known |= {"finetune": settings["finetune"]["method"]}
    return {**known, **dict.fromkeys(unknown), "epochs": 0, "steps": 0, "seed": settings["seed"], "interrupted": True}


def log_hyperparameters(trainer: L.Trainer, settings: dict[str, Any], summary: dict[str, Any]) -> None:
    """Put settings and results into TensorBoard's HParams table, where runs can be sorted by them."""
    groups = {"model": ("name", "dropout"), "data": ("block_size", "batch_size"), "optim": tuple(settings["optim"])}
    groups["finetune"] = tuple(settings["finetune"])
    groups["trainer"] = ("max_epochs", "accumulate_grad_batches", "gradient_clip_val")
    chosen = {f"{group}.{key}": settings[group][key] for group, keys in groups.items() for key in keys}
    chosen |= {"artist": summary["artist"], "precision": summary["precision"], "seed": summary["seed"]}
    names = ("best_val_loss", "bits_per_byte", "best_epoch", "final_train_loss", "tokens_per_second")
    results = {f"result/{name}": summary[name] for name in names if summary[name] is not None}
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.log_hyperparams({key: "none" if value is None else value for key, value in chosen.items()}, results)
            logger.finalize("success")


def write_json(file: Path, content: Any) -> None:
    """Write plain data as readable JSON, whole or not at all."""
    write_text(file, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
