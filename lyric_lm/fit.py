"""The main job as a function: settings and a folder in, a whole run folder out.

songs → clean songs → split → packed blocks → fit → curves, samples, exported model, summary. Every stage is
called from here and lives elsewhere; what a run folder holds is told in ``outputs/README.md``.
"""

import json
import logging
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra.utils
import lightning as L
from lightning.pytorch.loggers import TensorBoardLogger

from lyric_lm.callbacks.checkpoints import Checkpoints
from lyric_lm.callbacks.curves import Curves
from lyric_lm.callbacks.export import ExportBest
from lyric_lm.callbacks.metrics_file import MetricsFile
from lyric_lm.callbacks.progress import WholeRunProgress
from lyric_lm.callbacks.samples import Samples
from lyric_lm.card import model_card
from lyric_lm.checkpoints import LAST, PREVIOUS, CheckpointFiles, find_checkpoint
from lyric_lm.checks.check import heed
from lyric_lm.checks.recipe import check_all, check_baseline, n_steps
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.durable import write_text
from lyric_lm.errors import InputError, Interrupted
from lyric_lm.fingerprint import blocks_fingerprint, refuse_changes, songs_fingerprint, step_settings
from lyric_lm.hardware import device_name, resolve_precision
from lyric_lm.lyrics.corpus import Corpus
from lyric_lm.lyrics.report import as_data
from lyric_lm.model.module import SongModule
from lyric_lm.model.pretrained import context_length, load_model
from lyric_lm.summary import log_hyperparameters, summarise, write_json

log = logging.getLogger(__name__)
for noisy in ("lightning.pytorch", "lightning.fabric", "httpx", "matplotlib"):
    logging.getLogger(noisy).setLevel(logging.ERROR)


def fit_run(
    settings: dict[str, Any], corpus: Corpus, run_dir: Path, on_begin: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Train a model on a corpus and leave a run folder; return its summary.

    Args:
        settings: the composed configuration of ``train``, as plain data. With ``resume``, the run in
            ``run_dir`` goes on from its ``checkpoints/last.ckpt``.
        corpus: the songs.
        run_dir: an existing folder.
        on_begin: called once nothing stands in the way of the run; until then, one that goes on is left as it is.

    Raises:
        InputError: the settings cannot work, or a preflight check failed.
        Interrupted: the run was asked to stop; what it learned is in ``run_dir``.
    """
    began = time.perf_counter()
    L.seed_everything(settings["seed"], verbose=False)
    warnings.filterwarnings("ignore", category=UserWarning, module="lightning")
    found = find_checkpoint(run_dir, is_begun(run_dir)) if settings["resume"] else None
    if settings["resume"] and found is None:
        log.info("%s was stopped before its first checkpoint: it begins anew", run_dir)

    model, data = settings["model"], settings["data"]
    log.info("Model: %s", model["name"])
    network, tokenizer = load_model(**model)
    songs = LyricsDataModule(
        corpus.splits, tokenizer, context_length(network), data["block_size"], data["batch_size"], settings["seed"]
    )
    module = SongModule(network, model["name"], **settings["optim"])
    resume_step = found.step if found else None
    export = ExportBest(run_dir / "model", tokenizer)
    curves = Curves(run_dir, settings["trainer"]["gradient_clip_val"])
    metrics = MetricsFile(run_dir / "metrics.csv")
    checkpoints = Checkpoints(run_dir / "checkpoints" / LAST, settings["trainer"]["checkpoint_minutes"], metrics)
    trainer = make_trainer(settings, run_dir, resume_step, tokenizer, [export, curves, checkpoints], metrics)
    checkpoints.identity = {
        "model": model["name"],
        "songs": songs_fingerprint(songs),
        "blocks": blocks_fingerprint(songs),
        "settings": step_settings(settings, str(trainer.precision)),
        "world_size": trainer.world_size,
    }
    if found:
        refuse_changes(found.ours, checkpoints.identity, str(run_dir))
    on_begin()
    metrics.begin(resume_step, trainer.log_every_n_steps)
    write_json(run_dir / "corpus.json", as_data(corpus))
    write_json(run_dir / "split.json", corpus.titles_by_split())
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
    checks = check_all(settings, network, corpus, songs, run_dir)
    heed(checks, run_dir / "preflight.json")
    if found:
        mark_unfinished(run_dir)
    was_interrupted = False
    try:
        if resume_step is None:
            log.info("Measuring the untrained model on the held-out songs ...")
            trainer.validate(module, songs, verbose=False)
            assert export.baseline_loss is not None
            checks.append(check_baseline(export.baseline_loss, network.config.vocab_size, model["from_scratch"]))
            heed(checks, run_dir / "preflight.json")
        trainer.fit(module, songs, ckpt_path=found.file if found else None, weights_only=True)
    except (Interrupted, KeyboardInterrupt):
        was_interrupted = True
    if was_interrupted and found and trainer.global_step == 0:  # not even the checkpoint was read
        raise Interrupted(f"nothing has changed; go on with: python -m lyric_lm.train resume={run_dir}")
    if was_interrupted and export.best_loss is None and trainer.global_step > 0:
        export.export(module)  # nothing was measured yet; what was learned is kept all the same
    if trainer.global_step > 0:
        curves.draw()
    summary = summarise(settings, corpus, songs, module, trainer, export, run_dir, was_interrupted)
    summary["seconds"] = round(time.perf_counter() - began, 1)
    if (run_dir / "model").is_dir():
        card = model_card(summary, settings, as_data(corpus))
        write_text(run_dir / "model" / "README.md", card)
    log_hyperparameters(trainer, settings, summary)
    write_json(run_dir / "summary.json", summary)
    if was_interrupted:
        raise Interrupted(
            f"stopped after {trainer.global_step} steps; go on with: python -m lyric_lm.train resume={run_dir}"
            if checkpoints.file.is_file()
            else f"nothing was learned yet; {run_dir} can be deleted"
        )
    # The last one is whole, and there will be no other.
    for leftover in (PREVIOUS, *(file.name for file in checkpoints.file.parent.glob("*.unfinished"))):
        checkpoints.file.with_name(leftover).unlink(missing_ok=True)
    return summary


def make_trainer(
    settings: dict[str, Any],
    run_dir: Path,
    resume_step: int | None,
    tokenizer: Any,
    always: list[L.Callback],
    metrics: MetricsFile,
) -> L.Trainer:
    """Build the Trainer: the configured loggers and callbacks between the first and the others that every run has."""
    options = dict(settings["trainer"])
    del options["checkpoint_minutes"]
    options["precision"] = resolve_precision(options["precision"], options["accelerator"])
    if options["devices"] not in (1, "1", [0]) or options["num_nodes"] != 1:
        raise InputError(f"trainer.devices={options['devices']}: training runs on one device; set trainer.devices=1")
    loggers = []
    for entry in settings["logger"].values():
        if entry:
            is_board = settings["resume"] and entry["_target_"] == _name_of(TensorBoardLogger)
            # What an earlier start logged after this step is about to be logged again.
            again = {"purge_step": 0 if resume_step is None else resume_step + 1} if is_board else {}
            loggers.append(hydra.utils.instantiate(entry, save_dir=run_dir, **again))
    callbacks = always[:1]
    for entry in settings["callbacks"].values():
        if entry:
            given = {"run_dir": run_dir, "tokenizer": tokenizer} if entry["_target_"] == _name_of(Samples) else {}
            callbacks.append(hydra.utils.instantiate(entry, **given))
    callbacks += [*always[1:], WholeRunProgress()]
    try:
        return L.Trainer(
            **options,
            plugins=[CheckpointFiles()],
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


def mark_unfinished(run_dir: Path) -> None:
    """Take back what an earlier start said in ``summary.json``, now that the run goes on."""
    file = run_dir / "summary.json"
    if file.is_file():
        write_json(file, {**json.loads(file.read_text(encoding="utf-8")), "interrupted": True})


def is_begun(run_dir: Path) -> bool:
    """Return whether a run says of itself that it has taken steps, so that it once had a checkpoint."""
    summary = run_dir / "summary.json"
    return summary.is_file() and bool(json.loads(summary.read_text(encoding="utf-8"))["steps"])


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
