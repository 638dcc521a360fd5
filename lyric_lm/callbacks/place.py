"""Lightning's counters for the three places where a run can go on, so that it does the next thing and nothing twice.

Lightning counts what is ready, started, processed and completed, and guesses from the differences where it was
stopped. A checkpoint of ours is always one of three places, and its counters are written so that the guess is right.
"""

from collections.abc import Callable
from typing import Any

import lightning as L

Counters = dict[str, int]
Loops = dict[str, Any]  # the state of Lightning's fit loop

_EPOCHS, _BATCHES = "epoch_progress", "epoch_loop.batch_progress"
_VALIDATION = "epoch_loop.val_loop.batch_progress"


def told(trainer: L.Trainer) -> str:
    """Return where in a run a validation takes place: "epoch 2", or "step 28 (epoch 2)" where that goes on."""
    epoch = f"epoch {trainer.current_epoch + 1}"
    return epoch if _is_at_end(trainer) else f"step {trainer.global_step} ({epoch})"


def named(trainer: L.Trainer) -> str:
    """Return a file's name for it: "epoch_02" (00: the untrained model), or "epoch_02_step_0028"."""
    if trainer.state.fn == "validate":
        return "epoch_00"
    epoch = f"epoch_{trainer.current_epoch + 1:02}"
    return epoch if _is_at_end(trainer) else f"{epoch}_step_{trainer.global_step:04}"


def _is_at_end(trainer: L.Trainer) -> bool:
    return trainer.fit_loop.epoch_loop.batch_progress.is_last_batch


def before_step(loops: Loops) -> Loops:
    """Write the place before a step's first batch: what was asked for and not done is forgotten."""
    _forget_unfinished(loops[_BATCHES])
    loops[_BATCHES]["is_last_batch"] = False
    _set_all(loops[_VALIDATION], 0)
    return loops


def before_validation(loops: Loops) -> Loops:
    """Write the place after a step and before the validation that follows it: as if its first batch had begun."""
    _set_all(loops[_VALIDATION], 0)
    loops[_VALIDATION]["total"] |= {"ready": 1, "started": 1}
    return loops


def at_end(loops: Loops) -> Loops:
    """Write the place after the last step: before the next epoch, or inside this one if it was left early."""
    epochs, batches = loops[_EPOCHS], loops[_BATCHES]
    _set_all(loops[_VALIDATION], 0)
    if batches["is_last_batch"]:
        _set_all(batches, 0, "current")
        batches["is_last_batch"] = False
    else:
        for counters in (epochs["total"], epochs["current"]):
            counters["processed"] -= 1
            counters["completed"] -= 1
    return loops


def recut(loops: Loops, as_many: Callable[[int], int]) -> None:
    """Write the same place for batches of another size: as many as hold the same songs."""
    progress = loops[_BATCHES]
    now = {name: as_many(n) for name, n in progress["current"].items()}
    # Those of the epochs before are not told apart by size any more; nothing depends on them.
    progress["total"] |= {name: progress["total"][name] - progress["current"][name] + n for name, n in now.items()}
    progress["current"] |= now


def _forget_unfinished(progress: dict[str, Any]) -> None:
    for counters in (progress["total"], progress["current"]):
        counters |= dict.fromkeys(counters, counters["completed"])


def _set_all(progress: dict[str, Any], value: int, *names: str) -> None:
    for name in names or ("total", "current"):
        progress[name] |= dict.fromkeys(progress[name], value)
