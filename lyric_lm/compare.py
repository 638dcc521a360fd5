"""Compare runs: their curves over each other, and a table sorted by held-out loss.

Run: ``python -m lyric_lm.compare run=outputs/sweep/DATE_TIME`` or ``run=RUN,RUN``

Writes ``compare_val_loss.png``, ``compare_train_loss.png`` and ``compare_grad_norm.png`` into ``out`` and
prints the table, with the settings in which the runs differ.
"""

from collections.abc import Sequence
from pathlib import Path

import hydra
from omegaconf import DictConfig

from lyric_lm.command import HYDRA, run, told
from lyric_lm.settings import plain


@hydra.main(**HYDRA, config_name="compare")
@told
def main(cfg: DictConfig) -> None:
    settings = plain(cfg)
    from lyric_lm.comparison import draw, label_runs, table
    from lyric_lm.runs import find_runs, read_run

    runs = label_runs([read_run(folder) for folder in find_runs(settings["run"])])
    print(table(runs))
    images: Sequence[Path] = draw(runs, Path(settings["out"]).expanduser())
    print("\ncurves: " + ", ".join(str(image) for image in images))


if __name__ == "__main__":
    run(main)
