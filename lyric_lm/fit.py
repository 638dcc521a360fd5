"""The main job as a function: settings and a folder in, a whole run folder out.

songs → clean songs → split → packed blocks → fit → curves, samples, exported model, summary. Every stage is
called from here and lives elsewhere; what a run folder holds is told in ``outputs/README.md``.
"""

import contextlib
import json
import logging
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
from transformers import PreTrainedModel

from lyric_lm.arguments import check_trainer
from lyric_lm.callbacks.checkpoints import Checkpoints
from lyric_lm.callbacks.curves import Curves
from lyric_lm.callbacks.export import ExportBest
from lyric_lm.callbacks.metrics_file import MetricsFile
from lyric_lm.callbacks.picture import Picture
from lyric_lm.callbacks.watch import watchers
from lyric_lm.card import model_card
from lyric_lm.checkpoints import BEST, LAST, PREVIOUS, find_checkpoint
from lyric_lm.checks.batch_size import with_batch_size
from lyric_lm.checks.check import heed
from lyric_lm.checks.compiling import decide_compiling
from lyric_lm.checks.memory import with_changes
from lyric_lm.checks.recipe import check_all, check_baseline, n_steps
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.durable import write_text
from lyric_lm.errors import Interrupted, NotFinite
from lyric_lm.fingerprint import blocks_fingerprint, refuse_changes, songs_fingerprint, step_settings
from lyric_lm.hardware import device_name, keep_freed_memory, resolve_precision
from lyric_lm.lyrics.corpus import Corpus
from lyric_lm.lyrics.report import as_data
from lyric_lm.model.compiling import as_written, compile_network
from lyric_lm.model.lora import prepare
from lyric_lm.model.module import SongModule
from lyric_lm.model.pretrained import context_length, hold_trained, load_model
from lyric_lm.originality.hashes import hashes_of
from lyric_lm.processes import is_shared_out, n_processes, others
from lyric_lm.recall import identity
from lyric_lm.summary import log_hyperparameters, summarise, write_json
from lyric_lm.trainer import make_silent_trainer, make_trainer

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
        NotFinite: a loss or a gradient was not finite; what is known of it is in ``not_finite.json``.
        Interrupted: the run was asked to stop; what it learned is in ``run_dir``.
    """
    began = time.perf_counter()
    if not is_shared_out(settings["trainer"]):
        keep_freed_memory()
    L.seed_everything(settings["seed"], verbose=False)
    warnings.filterwarnings("ignore", category=UserWarning, module="lightning")
    found = find_checkpoint(run_dir, is_begun(run_dir)) if settings["resume"] else None
    if settings["resume"] and found is None:
        log.info("%s was stopped before its first checkpoint: it begins anew", run_dir)

    model, data = settings["model"], settings["data"]
    log.info("Model: %s", model["name"])
    network, tokenizer = load_model(**model)
    settings = with_batch_size(settings, network, found.ours["settings"] if found else None)
    known_as = None if model["from_scratch"] else identity(network, tokenizer)  # the weights as they were loaded
    songs, module = make_parts(settings, corpus, network, tokenizer, known_as=known_as)
    then = found.ours["settings"] if found else None
    steps = n_steps(songs, settings["trainer"])
    n_batches = steps * settings["trainer"]["accumulate_grad_batches"]
    n_tokens = songs.n_targets("train") * n_batches // len(songs.train_batches)
    precision = resolve_precision(settings["trainer"]["precision"], settings["trainer"]["accelerator"])
    is_compiled = decide_compiling(settings, network, precision, n_tokens, n_batches, then)
    settings = with_changes(settings, {"trainer.compile": is_compiled})
    resume_step = found.step if found else None
    # What tells new lines from learnt ones holds every sequence of words of every song.
    hashes = None if data["streamed"] else hashes_of(song.lyrics for song in corpus.splits["train"])
    if data["streamed"] and settings["callbacks"].get("originality"):
        log.info("data=streamed: how much of what it writes stands in its training songs is not measured")
        settings = with_changes(settings, {"callbacks.originality": None})
    export = ExportBest(run_dir / "model", tokenizer, run_dir / "checkpoints" / BEST, hashes)
    curves = Curves(run_dir, settings["trainer"]["gradient_clip_val"])
    metrics = MetricsFile(run_dir / "metrics.csv")
    checkpoints = Checkpoints(run_dir / "checkpoints" / LAST, settings["trainer"]["checkpoint_minutes"], metrics)
    always = [export, *watchers(settings, run_dir, tokenizer, corpus.splits), curves, checkpoints]
    trainer = make_trainer(settings, run_dir, resume_step, tokenizer, corpus.splits, always, metrics)
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
        "%s songs to train on in %s blocks of %s tokens, %s tokens; %s steps in %s epochs; %s on %s%s",
        *(len(corpus.splits["train"]), len(songs.blocks["train"]), data["block_size"], f"{songs.n_targets('train'):,}"),
        *(
            steps,
            trainer.max_epochs,
            trainer.precision,
            device_name(trainer.strategy.root_device),
            f", {trainer.world_size} processes" if trainer.world_size > 1 else "",
        ),
    )
    log.info("Checking machine, model and recipe ...")
    checks = check_all(settings, network, corpus, songs, run_dir, tokenizer=tokenizer, known_as=known_as)
    heed(checks, run_dir / "preflight.json")
    if found:
        mark_unfinished(run_dir)
    file = found.file if found else None
    was_interrupted, asked_by, not_finite = False, None, None
    try:
        same = with_changes(settings, {"trainer.precision": str(trainer.precision)})  # whatever other machines prefer
        device = trainer.strategy.root_device.type
        with others(trainer.world_size, device, fit_along, same, corpus, run_dir.absolute(), file and file.absolute()):
            if found is None:
                log.info("Measuring the untrained model on the held-out songs ...")
                trainer.validate(module, songs, verbose=False)
                assert export.baseline_loss is not None
                checks.append(check_baseline(export.baseline_loss, network.config.vocab_size, model["from_scratch"]))
                heed(checks, run_dir / "preflight.json")
            if is_compiled:
                if compile_network(network, trainer.strategy.root_device.type, str(trainer.precision)):
                    songs.train_batches.filled_to = data["block_size"]
                module.is_compiled = True
            with as_written() if is_compiled else contextlib.nullcontext():
                trainer.fit(module, songs, ckpt_path=file, weights_only=True)
    except (Interrupted, KeyboardInterrupt) as stop:
        was_interrupted, asked_by = True, getattr(stop, "signal", None)
    except NotFinite as error:
        was_interrupted, not_finite = True, error
        write_json(run_dir / "not_finite.json", error.account)
    if was_interrupted and found and trainer.global_step == 0:  # not even the checkpoint was read
        raise Interrupted(f"nothing has changed; go on with: python -m lyric_lm.train resume={run_dir}", asked_by)
    if was_interrupted and export.best_loss is None and trainer.global_step > 0:
        export.export(module)  # nothing was measured yet; what was learned is kept all the same
    if trainer.global_step > 0:
        for callback in trainer.callbacks:
            if isinstance(callback, Picture):
                callback.draw()
    summary = summarise(settings, corpus, songs, module, trainer, export, run_dir, was_interrupted)
    summary["seconds"] = round(time.perf_counter() - began, 1)
    if (run_dir / "model").is_dir():
        card = model_card(summary, settings, as_data(corpus))
        write_text(run_dir / "model" / "README.md", card)
    log_hyperparameters(trainer, settings, summary)
    if not was_interrupted:  # the last checkpoint is whole, and there will be no other
        for leftover in (checkpoints.file.with_name(PREVIOUS), *checkpoints.file.parent.glob("*.unfinished")):
            leftover.unlink(missing_ok=True)
    write_json(run_dir / "summary.json", summary)
    if not_finite is not None:
        raise NotFinite(f"{not_finite}; all of it is in {run_dir}/not_finite.json", not_finite.account)
    if was_interrupted:
        raise Interrupted(
            f"stopped after {trainer.global_step} steps; go on with: python -m lyric_lm.train resume={run_dir}"
            if checkpoints.file.is_file()
            else f"nothing was learned yet; {run_dir} can be deleted",
            asked_by,
        )
    return summary


def make_parts(
    settings: dict[str, Any],
    corpus: Corpus,
    network: PreTrainedModel,
    tokenizer: Any,
    rank: int = 0,
    known_as: str | None = None,
) -> tuple[LyricsDataModule, SongModule]:
    """Lay the songs out for a model, and make the module that trains it, or adapters that are put into it."""
    data, trainer = settings["data"], settings["trainer"]
    sizes = (context_length(network), data["block_size"], data["batch_size"])
    songs = LyricsDataModule(corpus.splits, tokenizer, *sizes, settings["seed"], rank, n_processes(trainer))
    check_trainer(trainer)
    skips = trainer["on_nan"] == "skip"
    prepare(network, **settings["finetune"])
    if not is_shared_out(trainer):  # shards are copies already
        hold_trained(network)
    name = settings["model"]["name"]
    return songs, SongModule(network, name, **settings["optim"], skips_not_finite=skips, identity=known_as)


def fit_along(
    settings: dict[str, Any],
    corpus: Corpus,
    run_dir: Path,
    checkpoint: Path | None,
    rank: int,
    is_ready: Callable[[], None],
) -> None:
    """Be one of the other processes of a run: train a share of the batches, and write nothing."""
    if not is_shared_out(settings["trainer"]):
        keep_freed_memory()
    L.seed_everything(settings["seed"] + rank, verbose=False)  # dropout differs; weights come from the first process
    network, tokenizer = load_model(**settings["model"])
    songs, module = make_parts(settings, corpus, network, tokenizer, rank)
    checkpoints = Checkpoints(run_dir / "checkpoints" / LAST, settings["trainer"]["checkpoint_minutes"])
    trainer = make_silent_trainer(settings, run_dir, [checkpoints])
    is_ready()
    if checkpoint is None:
        trainer.validate(module, songs, verbose=False)
    trainer.fit(module, songs, ckpt_path=checkpoint, weights_only=True)


def mark_unfinished(run_dir: Path) -> None:
    """Take back what an earlier start said in ``summary.json``, now that the run goes on."""
    file = run_dir / "summary.json"
    if file.is_file():
        write_json(file, {**json.loads(file.read_text(encoding="utf-8")), "interrupted": True})


def is_begun(run_dir: Path) -> bool:
    """Return whether a run says of itself that it has taken steps, so that it once had a checkpoint."""
    summary = run_dir / "summary.json"
    return summary.is_file() and bool(json.loads(summary.read_text(encoding="utf-8"))["steps"])
