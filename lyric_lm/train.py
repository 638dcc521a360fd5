"""Fine-tune a model on one artist's songs: the whole main job.

Run: ``python -m lyric_lm.train data.path=MY_SONGS model=distilgpt2 trainer.max_epochs=15``

Leaves a run folder under ``outputs/train/MODEL/DATE_TIME`` and copies its curves to ``images/``. With ``-m``
and commas it sweeps. ``resume=RUN`` goes on where a run stopped, with its own settings.
"""

import json
import logging
import shutil
from pathlib import Path

import hydra
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from lyric_lm.command import HYDRA, run, told
from lyric_lm.errors import InputError, Interrupted
from lyric_lm.lyrics.corpus import corpus_from
from lyric_lm.lyrics.report import describe
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
    from lyric_lm.runs import OUTPUTS, latest_run

    folder = latest_run(OUTPUTS, "checkpoints/last.ckpt") if asked[-1] == "latest" else Path(asked[-1]).expanduser()
    saved = folder / ".hydra" / "overrides.yaml"
    if not saved.is_file():
        raise InputError(f"resume={asked[-1]} is not a run folder (no .hydra/overrides.yaml); give one, or latest")
    summary = folder / "summary.json"
    is_longer = any(argument.startswith("trainer.max_") for argument in arguments)
    if summary.is_file() and not json.loads(summary.read_text(encoding="utf-8"))["interrupted"] and not is_longer:
        raise InputError(f"resume={asked[-1]}: this run is complete; to train on, also give trainer.max_epochs=N")
    old = [item for item in yaml.safe_load(saved.read_text(encoding="utf-8")) or [] if not item.startswith("resume=")]
    new = [argument for argument in arguments if not argument.startswith("resume=")]
    return [*old, *new, f"resume={folder}", f"hydra.run.dir={folder}"]


@hydra.main(**HYDRA, config_name="train")
@told
def main(cfg: DictConfig) -> float | None:
    settings = plain(cfg)
    run_dir = Path(HydraConfig.get().runtime.output_dir)
    if run_dir.is_relative_to(Path.cwd()):
        run_dir = run_dir.relative_to(Path.cwd())  # shorter to read, and the same place
    if (run_dir / "summary.json").exists() and not settings["resume"]:
        raise InputError(f"hydra.run.dir={run_dir} holds a run already; choose another folder, or resume={run_dir}")
    corpus = corpus_from(settings["data"], settings["seed"])
    log.info("%s", describe(corpus))
    from lyric_lm.fit import fit_run
    from lyric_lm.summary import summary_of_nothing, write_json

    try:
        summary = fit_run(settings, corpus, run_dir)
    except (KeyboardInterrupt, Interrupted):
        if not (run_dir / "summary.json").exists():
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
    return summary["best_val_loss"]


if __name__ == "__main__":
    run(main, resume_arguments)
