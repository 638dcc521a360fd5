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
        self._previous: dict[int, Any] = {}

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous.setdefault(number, signal.signal(number, self._asked))

    def teardown(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()

    def _asked(self, number: int, frame: Any) -> None:
        if self._is_asked or not self._is_in_step:
            raise Interrupted()
        self._is_asked = True

    def on_train_batch_start(self, trainer: L.Trainer, *args: Any) -> None:
        self._is_in_step = True

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        if trainer.fit_loop._should_accumulate():
            return  # the window's gradients are not in the weights yet
        self._is_in_step = False
        if self._is_asked and not trainer.is_last_batch:  # after the last one, Lightning could not go on rightly
            raise Interrupted()

    def on_validation_batch_start(self, trainer: L.Trainer, *args: Any) -> None:
        if self._is_asked:
            raise Interrupted()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        if isinstance(exception, Interrupted) and trainer.global_step > 0 and not self._is_in_step:
            trainer.save_checkpoint(self.checkpoint)
