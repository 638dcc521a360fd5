"""The main job as a function: settings and a folder in, a whole run folder out.

songs → clean songs → split → packed blocks → fit → curves, samples, exported model, summary. Every stage is
called from here and lives elsewhere; what a run folder holds is told in ``outputs/README.md``.
"""

import logging
import time
import warnings
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import hydra.utils
import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from lyric_lm.callbacks.curves import Curves
from lyric_lm.callbacks.export import ExportBest
from lyric_lm.callbacks.interrupt import StopOnSignal
from lyric_lm.callbacks.metrics_file import MetricsFile
from lyric_lm.callbacks.progress import WholeRunProgress
from lyric_lm.callbacks.samples import Samples
from lyric_lm.card import model_card
from lyric_lm.checks.check import heed
from lyric_lm.checks.recipe import check_all, check_baseline, n_steps
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.errors import InputError, Interrupted
from lyric_lm.hardware import device_name, resolve_precision
from lyric_lm.lyrics.corpus import Corpus
from lyric_lm.lyrics.report import as_data
from lyric_lm.model.module import SongModule
from lyric_lm.model.pretrained import context_length, load_model
from lyric_lm.summary import log_hyperparameters, summarise, write_json

log = logging.getLogger(__name__)
for noisy in ("lightning.pytorch", "lightning.fabric", "httpx", "matplotlib"):
    logging.getLogger(noisy).setLevel(logging.ERROR)


def fit_run(settings: dict[str, Any], corpus: Corpus, run_dir: Path) -> dict[str, Any]:
    """Train a model on a corpus and leave a run folder; return its summary.

    Args:
        settings: the composed configuration of ``train``, as plain data. With ``resume``, the run in
            ``run_dir`` goes on from its ``checkpoints/last.ckpt``.
        corpus: the songs.
        run_dir: an existing folder.

    Raises:
        InputError: the settings cannot work, or a preflight check failed.
        Interrupted: the run was asked to stop; what it learned is in ``run_dir``.
    """
    began = time.perf_counter()
    L.seed_everything(settings["seed"], verbose=False)
    warnings.filterwarnings("ignore", category=UserWarning, module="lightning")
    write_json(run_dir / "corpus.json", as_data(corpus))
    write_json(run_dir / "split.json", corpus.titles_by_split())

    model, data = settings["model"], settings["data"]
    log.info("Model: %s", model["name"])
    network, tokenizer = load_model(**model)
    songs = LyricsDataModule(
        corpus.splits, tokenizer, context_length(network), data["block_size"], data["batch_size"], settings["seed"]
    )
    module = SongModule(network, model["name"], **settings["optim"])
    last = run_dir / "checkpoints" / "last.ckpt"
    resume_step = checkpoint_step(last, model["name"]) if settings["resume"] else None
    export = ExportBest(run_dir / "model", tokenizer)
    curves = Curves(run_dir, settings["trainer"]["gradient_clip_val"])
    trainer = make_trainer(settings, run_dir, resume_step, tokenizer, export, curves, last)
    log.info(
        "%s songs to train on in %s blocks of %s tokens, %s tokens; %s steps in %s epochs; %s on %s",
        *(len(corpus.splits["train"]), len(songs.blocks["train"]), data["block_size"], f"{songs.n_targets('train'):,}"),
        *(
            n_steps(songs, settings["trainer"]),
            trainer.max_epochs,
            trainer.precision,
            device_name(trainer.strategy.root_device),
        ),
    )
    checks = check_all(settings, network, corpus, songs, run_dir, tokenizer=tokenizer)
    heed(checks, run_dir / "preflight.json")
    was_interrupted = False
    try:
        if resume_step is None:
            log.info("Measuring the untrained model on the held-out songs ...")
            trainer.validate(module, songs, verbose=False)
            assert export.baseline_loss is not None
            checks.append(check_baseline(export.baseline_loss, network.config.vocab_size, model["from_scratch"]))
            heed(checks, run_dir / "preflight.json")
        trainer.fit(module, songs, ckpt_path=last if resume_step is not None else None, weights_only=True)
    except (Interrupted, KeyboardInterrupt):
        was_interrupted = True
    if was_interrupted and export.best_loss is None and trainer.global_step > 0:
        export.export(module)  # nothing was measured yet; what was learned is kept all the same
    if trainer.global_step > 0:
        curves.draw()
    summary = summarise(settings, corpus, songs, module, trainer, export, run_dir, was_interrupted)
    summary["seconds"] = round(time.perf_counter() - began, 1)
    if (run_dir / "model").is_dir():
        card = model_card(summary, settings, as_data(corpus))
        (run_dir / "model" / "README.md").write_text(card, encoding="utf-8")
    log_hyperparameters(trainer, settings, summary)
    write_json(run_dir / "summary.json", summary)
    if was_interrupted:
        raise Interrupted(
            f"stopped after {trainer.global_step} steps; go on with: python -m lyric_lm.train resume={run_dir}"
            if last.is_file()
            else f"nothing was learned yet; {run_dir} can be deleted"
        )
    return summary


def make_trainer(
    settings: dict[str, Any],
    run_dir: Path,
    resume_step: int | None,
    tokenizer: Any,
    export: ExportBest,
    curves: Curves,
    last: Path,
) -> L.Trainer:
    """Build the Trainer: the configured loggers and callbacks, and those that every run has."""
    options = dict(settings["trainer"])
    options["precision"] = resolve_precision(options["precision"], options["accelerator"])
    if options["devices"] not in (1, "1", [0]) or options["num_nodes"] != 1:
        raise InputError(f"trainer.devices={options['devices']}: training runs on one device; set trainer.devices=1")
    metrics = MetricsFile(run_dir / "metrics.csv", resume_step)
    loggers = [hydra.utils.instantiate(entry, save_dir=run_dir) for entry in settings["logger"].values() if entry]
    callbacks: list[L.Callback] = [StopOnSignal(last), export]
    for entry in settings["callbacks"].values():
        if entry:
            given = {"run_dir": run_dir, "tokenizer": tokenizer} if entry["_target_"] == _name_of(Samples) else {}
            callbacks.append(hydra.utils.instantiate(entry, **given))
    checkpoint = ModelCheckpoint(
        run_dir / "checkpoints", filename="best", monitor="val/loss", save_last=True, enable_version_counter=False
    )
    callbacks += [curves, checkpoint, WholeRunProgress()]
    try:
        return L.Trainer(
            **options,
            logger=[metrics, *loggers],
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


def checkpoint_step(checkpoint: Path, model: str) -> int:
    """Return the step at which a checkpoint was written.

    Raises:
        InputError: it is missing, damaged, or of another model.
    """
    if not checkpoint.is_file():
        raise InputError(f"resume={checkpoint.parent.parent} has no checkpoints/last.ckpt to go on from")
    try:
        saved = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
        found, step = saved["lyric_lm"]["model"], int(saved["global_step"])
    except (RuntimeError, UnpicklingError, EOFError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{checkpoint} is damaged or not a checkpoint of lyric_lm; start a new run") from error
    if found != model:
        raise InputError(f"{checkpoint} is of model={found}, not of model={model}; resume it without model=")
    return step
