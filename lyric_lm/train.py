"""Fine-tune a model on one artist's songs: the whole main job.

Run: ``python -m lyric_lm.train data.path=MY_SONGS model=distilgpt2 trainer.max_epochs=15``

Leaves a run folder under ``outputs/train/MODEL/DATE_TIME`` and copies its curves to ``images/``. With ``-m``
and commas it sweeps. ``resume=RUN`` goes on where a run stopped, with its own settings.
"""

import json
import logging
import os
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
from lyric_lm.lock import only_writer
from lyric_lm.lyrics.corpus import corpus_from
from lyric_lm.lyrics.report import describe
from lyric_lm.runs import OUTPUTS, from_here, latest_run
from lyric_lm.settings import plain

log = logging.getLogger(__name__)


def resume_arguments(arguments: list[str]) -> list[str]:
    """Return the arguments of a resumed run: those it was started with, then the new ones, in its folder.

    Raises:
        InputError: the run cannot be resumed, or is complete.
    """
    asked = [argument.partition("=")[2].strip("'\"") for argument in arguments if argument.startswith("resume=")]
    if not asked or asked[-1] in ("", "null"):
        return arguments
    folder = latest_run(OUTPUTS, ".hydra/overrides.yaml") if asked[-1] == "latest" else Path(asked[-1]).expanduser()
    saved = folder / ".hydra" / "overrides.yaml"
    if not saved.is_file():
        raise InputError(f"resume={asked[-1]} is not a run folder (no .hydra/overrides.yaml); give one, or latest")
    is_longer = any(argument.startswith("trainer.max_") for argument in arguments)
    if complete_summary(folder) is not None and not is_longer:
        raise InputError(f"resume={asked[-1]}: this run is complete; to train on, also give trainer.max_epochs=N")
    began_in = folder / ".hydra" / "hydra.yaml"
    old_cwd = yaml.safe_load(began_in.read_text(encoding="utf-8"))["hydra"]["runtime"]["cwd"]
    old = [
        seen_from(item, Path(old_cwd))
        for item in yaml.safe_load(saved.read_text(encoding="utf-8")) or []
        if not item.startswith(("resume=", "hydra.run.dir=", "sweep=", "artist="))  # of a sweep, this run alone
    ]
    new = [argument for argument in arguments if not argument.startswith("resume=")]
    return [*old, *new, f"resume={folder}", f"hydra.run.dir={folder}"]


def seen_from(argument: str, old_cwd: Path) -> str:
    """Return an argument as it was typed in another folder: a relative path of songs or weights is found there.

    >>> seen_from("data.path=songs", Path("/nowhere")), seen_from("optim.lr=1e-3", Path("/"))
    ('data.path=songs', 'optim.lr=1e-3')
    >>> seen_from("data.path='proc'", Path("/")) if Path("/proc").is_dir() else "data.path='/proc'"
    "data.path='/proc'"
    """
    key, _, value = argument.partition("=")
    path = value.strip("'\"")
    if key not in ("data.path", "model.pretrained") or old_cwd == Path.cwd() or not path or "\\" in path:
        return argument
    there = old_cwd / Path(path).expanduser()
    return f"{key}='{there}'" if there.exists() and "'" not in str(there) else argument


def absolute_sweep(arguments: list[str]) -> list[str]:
    """Return the arguments with a sweep's folder as a whole path: its jobs may run where another folder is the current.

    >>> absolute_sweep(["-m", "hydra.sweep.dir='/a b'", "hydra.sweep.dir=${b}"])
    ['-m', 'hydra.sweep.dir=/a b', 'hydra.sweep.dir=${b}']
    """
    key = "hydra.sweep.dir="
    typed = {argument: argument.removeprefix(key).strip("'\"") for argument in arguments if argument.startswith(key)}
    whole = {a: f"{key}{Path(folder).expanduser().absolute()}" for a, folder in typed.items() if "${" not in folder}
    return [whole.get(argument, argument) for argument in arguments]


def for_ray(arguments: list[str]) -> list[str]:
    """Return the arguments so that Ray can be told of a cluster that is there already.

    Hydra's launcher asks for memory for it, which Ray refuses: only a cluster that is started can be asked for that.

    >>> for_ray(["hydra/launcher=ray"]), for_ray(["model=tiny"])
    (['hydra/launcher=ray', '+hydra.launcher.ray.init.object_store_memory=null'], ['model=tiny'])
    """
    key = "hydra.launcher.ray.init.object_store_memory"
    if "hydra/launcher=ray" not in arguments or any(key in argument for argument in arguments):
        return arguments
    return [*arguments, f"+{key}=null"]


def rewritten(arguments: list[str]) -> list[str]:
    """Return the arguments that are meant by those that were typed."""
    return resume_arguments(for_ray(absolute_sweep(arguments)))


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


def complete_summary(run_dir: Path) -> dict[str, Any] | None:
    """Return what a run came to; None if there is none that has come to its end."""
    file = run_dir / "summary.json"
    summary = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    return None if summary is None or summary["interrupted"] else summary


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
        "\nHeld-out loss: untrained %.3f, best %.3f after epoch %s (perplexity %.1f, %.3f bits per byte), %.0f s\n"
        "Run folder: %s\nWrite songs: python -m lyric_lm.generate run=%s",
        *(summary["baseline_val_loss"], summary["best_val_loss"], summary["best_epoch"], summary["perplexity"]),
        *(summary["bits_per_byte"], summary["seconds"], run_dir, run_dir),
    )
    return summary[settings["objective"]]


if __name__ == "__main__":
    if "TORCHELASTIC_RUN_ID" in os.environ:  # torchrun's; without it, nothing of torch is needed yet
        from lyric_lm.processes import follow, is_follower

        if is_follower():
            follow()
    run(main, rewritten)
