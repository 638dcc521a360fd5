"""One progress bar for the whole run, with the time that is honestly left."""

from __future__ import annotations

import sys
import time
from math import nan
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ProgressBar
from tqdm import tqdm


def seconds_left(
    steps_left: int, seconds_per_step: float, validations_left: int, seconds_per_validation: float
) -> float:
    """Estimate the time left in a run whose epochs end in a validation (and its samples and checkpoints).

    >>> seconds_left(steps_left=10, seconds_per_step=2.0, validations_left=2, seconds_per_validation=5.0)
    30.0
    """
    return steps_left * seconds_per_step + validations_left * seconds_per_validation


class WholeRunProgress(ProgressBar):
    """Show step, epoch, losses, speed, and the most time that the run can still take.

    The time spent between the last step of an epoch and the first of the next is measured, not guessed; before
    the first one the untrained model's validation stands in. Early stopping can only make a run shorter.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bar: tqdm[Any] | None = None
        self._is_on = True
        self._step_seconds: list[float] = []
        self._pause_seconds: list[float] = []
        self._first_guess = 0.0
        self._pause_began = 0.0
        self._step_began = 0.0
        self._val_loss = ""

    def disable(self) -> None:
        self._is_on = False

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if self._bar is not None:
            self._bar.clear()  # the samples and the held-out loss are printed where it stands
        if trainer.state.fn == "validate":
            self._pause_began = time.perf_counter()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._val_loss = f" · held-out {float(trainer.callback_metrics['val/loss']):.3f}"
        if trainer.state.fn == "validate":
            self._first_guess = time.perf_counter() - self._pause_began

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._pause_began = 0.0
        total = int(trainer.estimated_stepping_batches)
        self._bar = tqdm(
            total=total,
            initial=trainer.global_step,
            disable=not self._is_on,
            file=sys.stderr,
            bar_format="{desc} |{bar:20}| step {n_fmt}/{total_fmt}{postfix}",
            dynamic_ncols=True,
            mininterval=0.2 if sys.stderr.isatty() else 10,
        )

    def on_train_batch_start(self, trainer: L.Trainer, *args: Any) -> None:
        now = time.perf_counter()
        if self._pause_began:
            self._pause_seconds.append(now - self._pause_began)
            self._pause_began = 0.0
        if not self._step_began:
            self._step_began = now

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        if self._bar is None or trainer.global_step == self._bar.n:
            return
        now = time.perf_counter()
        self._step_seconds = [*self._step_seconds[-49:], now - self._step_began]
        self._step_began = 0.0
        if trainer.is_last_batch:
            self._pause_began = now
        metrics = trainer.callback_metrics
        self._bar.set_description_str(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}", refresh=False)
        self._bar.set_postfix_str(
            f"loss {float(metrics.get('train/loss', nan)):.3f}{self._val_loss} · "
            f"{float(metrics.get('tokens_per_second', nan)):.0f} tokens/s · {self._time_left(trainer)}",
            refresh=False,
        )
        self._bar.update(trainer.global_step - self._bar.n)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._close()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _time_left(self, trainer: L.Trainer) -> str:
        assert self._bar is not None
        assert self._bar.total is not None
        pauses = self._pause_seconds or [self._first_guess]
        left = seconds_left(
            steps_left=self._bar.total - trainer.global_step,
            seconds_per_step=sum(self._step_seconds) / len(self._step_seconds),
            validations_left=(trainer.max_epochs or 0) - trainer.current_epoch,
            seconds_per_validation=sum(pauses) / len(pauses),
        )
        minutes, seconds = divmod(round(left), 60)
        return f"at most {minutes}:{seconds:02} left"
