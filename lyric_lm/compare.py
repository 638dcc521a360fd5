"""Compare runs: a table with the best first, their curves over each other, and all of it on a page.

Run: ``python -m lyric_lm.compare run=outputs/sweep/DATE_TIME`` or ``run=RUN,RUN``

Writes ``compare.html``, ``compare_val_loss.png``, ``compare_train_loss.png`` and ``compare_grad_norm.png`` into
``out`` and prints the table, with the settings in which the runs differ. Best is the lowest held-out loss; between
models with different tokenizers, whose losses do not compare, the fewest bits per byte.
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
    from lyric_lm import comparison
    from lyric_lm.comparison import draw, findings, has_one_tokenizer, label_runs, table, write_page
    from lyric_lm.runs import find_runs, read_run

    found = [read_run(folder) for folder in find_runs(settings["run"])]
    runs, out = label_runs(found), Path(settings["out"]).expanduser()
    is_comparable = has_one_tokenizer(found)
    if not is_comparable:
        print("models with different tokenizers: sorted by bits per byte, losses per token do not compare")
    if len({run.summary["artist"] for run in found}) > 1:
        print("songs of several artists: what their losses fell by compares, how low they are does not")
    print(table(runs))
    together = findings(runs, is_comparable)
    if text := comparison.told(together):
        print(f"\n{text}")
    images: Sequence[Path] = draw(runs, out, is_comparable)
    print("\ncurves: " + ", ".join(str(image) for image in images))
    print(f"page: {write_page(runs, out, is_comparable, together)}")


if __name__ == "__main__":
    run(main)
