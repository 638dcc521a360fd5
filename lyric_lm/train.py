"""Fine-tune a model on one artist's songs: the whole main job.

Run: ``python -m lyric_lm.train data.path=MY_SONGS model=distilgpt2 trainer.max_epochs=15``

Leaves a run folder under ``outputs/train/MODEL/DATE_TIME`` and copies its curves to ``images/``. With ``-m``
and commas it sweeps. ``resume=RUN`` goes on where a run stopped, with its own settings.
"""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from lyric_lm import jobs
from lyric_lm.arguments import check_training
from lyric_lm.command import HYDRA, run, told
from lyric_lm.durable import write_text
from lyric_lm.errors import InputError, Interrupted
from lyric_lm.imports import quick_imports
from lyric_lm.lock import only_writer
from lyric_lm.lyrics.corpus import corpus_from
from lyric_lm.lyrics.report import describe
from lyric_lm.runs import complete_summary, from_here
from lyric_lm.settings import plain
from lyric_lm.train_arguments import rewritten

log = logging.getLogger(__name__)


@hydra.main(**HYDRA, config_name="train")
@told
def main(cfg: DictConfig) -> float | None:
    jobs.begin()
    settings = plain(cfg)
    check_training(settings)
    run_dir = from_here(Path(HydraConfig.get().runtime.output_dir))
    is_job = HydraConfig.get().mode == RunMode.MULTIRUN
    with only_writer(run_dir):
        if holds_run(run_dir) and not settings["resume"]:
            if not (is_job and is_same_job(run_dir)):
                key = "hydra.sweep.dir" if is_job else "hydra.run.dir"
                raise InputError(f"{key}: {run_dir} holds a run already; choose another folder, or resume={run_dir}")
            if (summary := complete_summary(run_dir)) is not None:
                log.info("%s is complete already", run_dir)
                return summary[settings["objective"]]
            settings["resume"] = str(run_dir)
        try:
            return train(settings, run_dir, lambda: save_settings(cfg, run_dir))
        except Interrupted as stopped:
            jobs.give_way(stopped)
            if is_job:
                folder = from_here(Path(HydraConfig.get().sweep.dir).absolute())
                raise Interrupted(f"go on with the same command and hydra.sweep.dir={folder}") from None
            raise


def is_same_job(run_dir: Path) -> bool:
    """Return whether the run in a sweep's folder was begun with the arguments that this job has."""
    saved = run_dir / ".hydra" / "overrides.yaml"
    if not saved.is_file():
        return False
    return list(HydraConfig.get().overrides.task) == yaml.safe_load(saved.read_text(encoding="utf-8"))


def holds_run(run_dir: Path) -> bool:
    """Return whether a run has left something in a folder that another one would destroy."""
    metrics = run_dir / "metrics.csv"
    is_measured = metrics.is_file() and metrics.read_bytes().count(b"\n") > 1
    return is_measured or (run_dir / "summary.json").exists() or any((run_dir / "checkpoints").glob("*.ckpt"))


def save_settings(cfg: DictConfig, run_dir: Path) -> None:
    """Write ``.hydra/`` as Hydra does, but whole, and only by the run that owns the folder."""
    whole = HydraConfig.instance().cfg
    assert whole is not None
    parts = {"config": cfg, "hydra": OmegaConf.masked_copy(whole, "hydra"), "overrides": whole.hydra.overrides.task}
    for name, content in parts.items():
        write_text(run_dir / ".hydra" / f"{name}.yaml", OmegaConf.to_yaml(content))


def train(settings: dict[str, Any], run_dir: Path, on_begin: Callable[[], None]) -> float | None:
    """Read the songs, train, and say how it came out; return the objective, for searches."""
    corpus = corpus_from(settings["data"], settings["seed"])
    log.info("%s", describe(corpus))
    with quick_imports():
        from lyric_lm.fit import fit_run
        from lyric_lm.summary import summary_of_nothing, write_json

    try:
        summary = fit_run(settings, corpus, run_dir, on_begin)
    except (KeyboardInterrupt, Interrupted):
        is_begun = (run_dir / ".hydra" / "overrides.yaml").is_file()  # else there is nothing to go on with
        if is_begun and not (run_dir / "summary.json").exists() and not any((run_dir / "checkpoints").glob("*.ckpt")):
            write_json(run_dir / "summary.json", summary_of_nothing(settings, corpus))
        raise
    if HydraConfig.get().mode == RunMode.RUN:
        for image in sorted((run_dir / "images").glob("*.png")):
            Path("images").mkdir(exist_ok=True)
            shutil.copy(image, "images")
    log.info(
        "\nHeld-out loss: untrained %.3f, best %.3f in epoch %s (perplexity %.1f, %.3f bits per byte), %.0f s\n"
        "Run folder: %s\nWrite songs: python -m lyric_lm.generate run=%s",
        *(summary["baseline_val_loss"], summary["best_val_loss"], summary["best_epoch"], summary["perplexity"]),
        *(summary["bits_per_byte"], summary["seconds"], run_dir, run_dir),
    )
    return summary[settings["objective"]]


if __name__ == "__main__":
    if jobs.is_follower():
        from lyric_lm.processes import follow

        follow()
    run(main, rewritten)
