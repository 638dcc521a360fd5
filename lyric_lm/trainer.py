"""Build Lightning's Trainer for a run: the configured loggers and callbacks, and those that every run has."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hydra.utils
import lightning as L
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins.environments import LightningEnvironment, TorchElasticEnvironment
from lightning.pytorch.strategies import DDPStrategy

from lyric_lm.callbacks.memory import GiveBack
from lyric_lm.callbacks.originality import Originality
from lyric_lm.callbacks.progress import WholeRunProgress
from lyric_lm.callbacks.samples import Samples
from lyric_lm.checkpoints import CheckpointFiles
from lyric_lm.errors import InputError
from lyric_lm.hardware import device_of, resolve_precision
from lyric_lm.jobs import is_launched, is_side_by_side
from lyric_lm.lyrics.song import Song
from lyric_lm.processes import PATIENCE, backend_of, n_processes

OURS = ("on_nan", "compile", "checkpoint_minutes")  # keys of ``trainer`` that Lightning does not know


def make_trainer(
    settings: dict[str, Any],
    run_dir: Path,
    resume_step: int | None,
    tokenizer: Any,
    splits: Mapping[str, Sequence[Song]],
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
    progress = WholeRunProgress()
    if is_side_by_side():
        progress.disable()
    return _trainer(settings, run_dir, [*callbacks, *always[1:], progress], [metrics, *loggers])


def make_silent_trainer(settings: dict[str, Any], run_dir: Path, always: list[L.Callback]) -> L.Trainer:
    """Build the Trainer of a further process of a run: it decides as the first one does, and writes nothing."""
    writers = (_name_of(Samples), _name_of(Originality))
    entries = [entry for entry in settings["callbacks"].values() if entry and entry["_target_"] not in writers]
    return _trainer(settings, run_dir, [*map(hydra.utils.instantiate, entries), *always], [])


def _trainer(settings: dict[str, Any], run_dir: Path, callbacks: list[L.Callback], loggers: list[Any]) -> L.Trainer:
    options = {key: value for key, value in settings["trainer"].items() if key not in OURS}
    options["precision"] = resolve_precision(options["precision"], options["accelerator"])
    device = device_of(options["accelerator"])
    options |= _several(n_processes(options), options["strategy"], device, options["precision"])
    # Whatever scheduler the machine has: the processes are ours, and so is what happens on its signals.
    plugins: list[Any] = [CheckpointFiles(), TorchElasticEnvironment() if is_launched() else LightningEnvironment()]
    given_back: list[L.Callback] = [GiveBack()] if device == "cpu" else []
    try:
        return L.Trainer(
            **options,
            plugins=plugins,
            logger=loggers,
            callbacks=[*callbacks, *given_back],
            default_root_dir=run_dir,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            enable_model_summary=False,
        )
    except TypeError as error:
        raise InputError(
            f"trainer: {str(error).partition(') ')[2] or error}; the keys are those of Lightning's Trainer"
        ) from error


def _several(world_size: int, strategy: str, device: str, precision: str) -> dict[str, Any]:
    """Return what Lightning wants to know about several processes.

    Raises:
        InputError: it is not known to be right that way.
    """
    if world_size == 1:
        return {"devices": 1, "strategy": "auto", "num_nodes": 1}
    talk: dict[str, Any] = {"process_group_backend": backend_of(device), "timeout": PATIENCE}
    here = int(os.environ["LOCAL_WORLD_SIZE"]) if is_launched() else world_size
    several: dict[str, Any] = {"devices": here, "num_nodes": world_size // here}
    if strategy == "fsdp" and precision == "16-mixed":
        raise InputError("trainer.precision=16-mixed is not known to be right with trainer=fsdp; set bf16-mixed")
    if strategy != "fsdp":
        return {**several, "strategy": DDPStrategy(**talk)}
    from lyric_lm.model.sharded import Sharded  # a second, which others need not wait for

    return {**several, "strategy": Sharded(world_size, **talk)}


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
