"""Is there room for what a run writes?"""

import shutil
from pathlib import Path

from transformers import PreTrainedModel

from lyric_lm.checks.check import FAIL, PASS, Check


def check_disk(network: PreTrainedModel, folder: Path, is_averaged: bool) -> Check:
    """At its fullest a run folder holds three checkpoints and two models; a resumed run has some of it already.

    Checkpoints: ``last``, ``best``, and the one before ``last`` or the one being written; the weights each, and of
    those that are trained AdamW's two moments and the average (``optim.ema_decay``). Models: ``model/``, and its
    successor while that is written. All in 32 bits; the rest of a run folder is a few megabytes.
    """
    weights = sum(p.nbytes for p in network.parameters())
    trained = sum(p.nbytes for p in network.parameters() if p.requires_grad)
    states = 3 * trained if is_averaged else 2 * trained
    needed = max(
        0, 3 * (weights + states) + 2 * weights - _bytes_in(folder / "checkpoints") - _bytes_in(folder / "model")
    )
    free = shutil.disk_usage(folder).free
    is_enough = free >= needed
    meaning = "" if is_enough else "free some space, or choose another place with hydra.run.dir=FOLDER"
    return Check(
        "disk",
        PASS if is_enough else FAIL,
        f"{free / 1e9:.1f} GB free",
        f"{needed / 1e9:.1f} GB for checkpoints and model",
        meaning,
    )


def _bytes_in(folder: Path) -> int:
    """Return the size of a folder's files; a file that has two names counts once."""
    sizes = {entry.stat().st_ino: entry.stat().st_size for entry in folder.glob("*") if entry.is_file()}
    return sum(sizes.values())
