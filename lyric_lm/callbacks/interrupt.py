"""Stop a run when the user or the system asks, at a place from which it can go on."""

import signal
from pathlib import Path
from typing import Any

import lightning as L

from lyric_lm.errors import Interrupted


class StopOnSignal(L.Callback):
    """Turn Ctrl-C and SIGTERM into ``Interrupted`` between two optimizer steps, and keep ``last.ckpt``.

    During a step the request waits for the step's end; elsewhere (validation, samples) it takes effect at
    once, because no weight is being changed. A second request does not wait for anything.
    """

    def __init__(self, checkpoint: Path):
        self.checkpoint = checkpoint
        self._is_in_step = False
        self._is_asked = False

    # Lightning sets its own SIGTERM handler after ``setup`` and puts all handlers back in its teardown, so
    # these come later than ``setup`` and need no teardown here.

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._listen()

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._listen()

    def _listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked)

    def _asked(self, number: int, frame: Any) -> None:
        if self._is_asked or not self._is_in_step:
            raise Interrupted()
        self._is_asked = True

    def on_train_batch_start(self, trainer: L.Trainer, *args: Any) -> None:
        if self._is_asked and not self._is_in_step:  # only now has the last step been logged
            raise Interrupted()
        self._is_in_step = True

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        # Inside an accumulation window the gradients are not in the weights yet: that is still the step.
        self._is_in_step = bool(trainer.fit_loop._should_accumulate())

    def on_validation_batch_start(self, trainer: L.Trainer, *args: Any) -> None:
        if self._is_asked:
            raise Interrupted()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        if isinstance(exception, Interrupted) and trainer.global_step > 0 and not self._is_in_step:
            trainer.save_checkpoint(self.checkpoint)
