"""Stop a run when the user or the system asks, at a place from which it can go on."""

import signal
from pathlib import Path
from typing import Any

import lightning as L

from lyric_lm.errors import Interrupted


class StopOnSignal(L.Callback):
    """Turn Ctrl-C and SIGTERM into ``Interrupted`` between two optimizer steps, and keep ``last.ckpt``.

    During a step the request waits for the step's end; elsewhere (validation, samples) it takes effect at
    once, because no weight is being changed. A second request does not wait for anything. Several processes stop
    together: the first one is asked, and all wait for the next batch.
    """

    def __init__(self, checkpoint: Path):
        self.checkpoint = checkpoint
        self._is_in_step = False
        self._is_asked = False
        self._is_one_of_several = False
        self._is_alone = False  # the other processes are elsewhere: nothing can be saved together

    # Lightning sets its own SIGTERM handler after ``setup`` and puts all handlers back in its teardown, so
    # these come later than ``setup`` and need no teardown here.

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._listen(trainer)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._listen(trainer)

    def _listen(self, trainer: L.Trainer) -> None:
        self._is_one_of_several = trainer.world_size > 1
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked if trainer.is_global_zero else signal.SIG_IGN)

    def _asked(self, number: int, frame: Any) -> None:
        if self._is_asked or not (self._is_in_step or self._is_one_of_several):
            self._is_alone = self._is_one_of_several
            raise Interrupted()
        self._is_asked = True

    def on_train_batch_start(self, trainer: L.Trainer, *args: Any) -> None:
        if not self._is_in_step and self._is_asked_anywhere(trainer):  # only now has the last step been logged
            raise Interrupted()
        self._is_in_step = True

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        # Inside an accumulation window the gradients are not in the weights yet: that is still the step.
        self._is_in_step = bool(trainer.fit_loop._should_accumulate())

    def on_validation_batch_start(self, trainer: L.Trainer, *args: Any) -> None:
        if self._is_asked_anywhere(trainer):
            raise Interrupted()

    def _is_asked_anywhere(self, trainer: L.Trainer) -> bool:
        return bool(trainer.strategy.reduce_boolean_decision(self._is_asked, all=False))

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        if isinstance(exception, Interrupted) and trainer.global_step > 0 and not (self._is_in_step or self._is_alone):
            trainer.save_checkpoint(self.checkpoint)
