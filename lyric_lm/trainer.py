"""Build Lightning's Trainer for a run: the configured loggers and callbacks, and those that every run has."""

from pathlib import Path
from typing import Any

import hydra.utils
import lightning as L
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins.environments import LightningEnvironment

from lyric_lm.callbacks.originality import Originality
from lyric_lm.callbacks.progress import WholeRunProgress
from lyric_lm.callbacks.samples import Samples
from lyric_lm.checkpoints import CheckpointFiles
from lyric_lm.errors import InputError
from lyric_lm.hardware import resolve_precision
from lyric_lm.lyrics.song import Song
from lyric_lm.processes import n_processes

OURS = ("on_nan", "checkpoint_minutes")  # keys of ``trainer`` that Lightning does not know


def make_trainer(
    settings: dict[str, Any],
    run_dir: Path,
    resume_step: int | None,
    tokenizer: Any,
    splits: dict[str, list[Song]],
    always: list[L.Callback],
    metrics: Any,
) -> L.Trainer:
    """Build the Trainer of the process that writes: its callbacks come between the first of ``always`` and the others.

    Raises:
        InputError: Lightning does not know a key, or training is not known to be right that way.
    """
    loggers = []
    for entry in settings["logger"].values():
        if entry:
            is_board = settings["resume"] and entry["_target_"] == _name_of(TensorBoardLogger)
            # What an earlier start logged after this step is about to be logged again.
            again = {"purge_step": 0 if resume_step is None else resume_step + 1} if is_board else {}
            loggers.append(hydra.utils.instantiate(entry, save_dir=run_dir, **again))
    callbacks = always[:1]
    given: dict[str, dict[str, Any]] = {
        _name_of(Samples): {"run_dir": run_dir, "tokenizer": tokenizer},
        _name_of(Originality): {"run_dir": run_dir, "tokenizer": tokenizer, "splits": splits},
    }
    for entry in settings["callbacks"].values():
        if entry:
            # Given afterwards: Hydra would make a configuration of the songs, in which "${" means something.
            make = hydra.utils.instantiate(entry, _partial_=True)
            callbacks.append(make(**given.get(entry["_target_"], {})))
    return _trainer(settings, run_dir, [*callbacks, *always[1:], WholeRunProgress()], [metrics, *loggers])


def make_silent_trainer(settings: dict[str, Any], run_dir: Path, always: list[L.Callback]) -> L.Trainer:
    """Build the Trainer of a further process of a run: it decides as the first one does, and writes nothing."""
    writers = (_name_of(Samples), _name_of(Originality))
    entries = [entry for entry in settings["callbacks"].values() if entry and entry["_target_"] not in writers]
    return _trainer(settings, run_dir, [*map(hydra.utils.instantiate, entries), *always], [])


def _trainer(settings: dict[str, Any], run_dir: Path, callbacks: list[L.Callback], loggers: list[Any]) -> L.Trainer:
    options = {key: value for key, value in settings["trainer"].items() if key not in OURS}
    options["precision"] = resolve_precision(options["precision"], options["accelerator"])
    world_size = n_processes(options)
    options |= {"devices": world_size, "strategy": "auto" if world_size == 1 else "ddp"}
    plugins: list[Any] = [CheckpointFiles()]
    if world_size > 1:
        plugins.append(LightningEnvironment())  # whatever scheduler the machine has: one machine, our processes
    try:
        return L.Trainer(
            **options,
            plugins=plugins,
            logger=loggers,
            callbacks=callbacks,
            default_root_dir=run_dir,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            enable_model_summary=False,
        )
    except TypeError as error:
        raise InputError(
            f"trainer: {str(error).partition(') ')[2] or error}; the keys are those of Lightning's Trainer"
        ) from error


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
