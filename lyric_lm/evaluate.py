"""Evaluate a run: is it any good, and is it new?

Run: ``python -m lyric_lm.evaluate`` or ``python -m lyric_lm.evaluate run=RUN num_samples=200``

Scores songs that the model has not seen, writes new ones, and measures whether they copy and whether they are in style,
each beside the artist's own figures and the untrained model's. Leaves ``RUN/evaluation/``: ``report.html`` to read,
``metrics.json`` to work with, and the songs. When interrupted, the same command goes on.
"""

import logging
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hydra
from omegaconf import DictConfig

from lyric_lm.command import HYDRA, run, told
from lyric_lm.errors import InputError
from lyric_lm.sampling_settings import Sampling
from lyric_lm.settings import plain

log = logging.getLogger(__name__)

SIGNS = {"yes": "yes", "partly": "partly", "no": "NO", "unknown": "?"}


@hydra.main(**HYDRA, config_name="evaluate")
@told
def main(cfg: DictConfig) -> None:
    settings = plain(cfg)
    settings["prompt"] = settings["prompt"] or ""
    for key, least in (("num_samples", 1), ("num_base_samples", 0), ("seed", 0)):
        if type(settings[key]) is not int or settings[key] < least:
            raise InputError(f"{key}={settings[key]} cannot work; it must be a whole number, at least {least}")
    sampling = Sampling.of(settings)
    began = time.perf_counter()
    from lyric_lm.evaluation.measuring import evaluate
    from lyric_lm.evaluation.place import evaluation_folder, identity_of
    from lyric_lm.evaluation.report import write_report
    from lyric_lm.evaluation.subject import subject_of
    from lyric_lm.lock import only_writer

    subject = subject_of(settings)
    with ExitStack() as stack:

        def claim() -> Path:
            folder = evaluation_folder(settings["out"], subject, identity_of(subject, settings["prompt"], sampling))
            stack.enter_context(only_writer(folder))
            log.info(
                "%s: %s held-out songs, %s training songs", subject.run_dir or subject.name,
                len(subject.corpus.splits[subject.split]), len(subject.corpus.splits["train"]),
            )  # fmt: skip
            return folder

        folder, metrics, samples = evaluate(subject, settings, claim)
        write_report(folder, metrics, samples, subject.corpus.splits["train"], subject.run_dir)
    print(summary(metrics))
    print(f"\nThe whole of it, to read: {folder}/report.html ({time.perf_counter() - began:.0f} s)")


def summary(metrics: dict[str, Any]) -> str:
    """Return the three answers and what to try next, for the screen."""
    lines = [f"{SIGNS[part['answer']]:>7}  {part['sentence']}" for part in metrics["verdict"].values()]
    lines += ["", "What to try next:"]
    for advice in metrics["advice"]:
        lines.append(f"  - {advice['do']}: {advice['why']}")
        if advice["command"]:
            lines.append(f"    {advice['command']}")
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
