"""Stop a run anywhere and let it go on as if nothing had happened.

A checkpoint holds the weights and the optimizer as they are after a completed step, and everything else as it was at
that moment: learning rate, place in the epoch, early stopping and the other callbacks, the random number generators
of all devices, what songs and settings it belongs to.
"""

import copy
import math
import signal
import time
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Checkpoint

from lyric_lm import __version__, jobs
from lyric_lm.callbacks.metrics_file import MetricsFile
from lyric_lm.callbacks.place import at_end, before_step, before_validation, recut
from lyric_lm.checkpoints import FORMAT
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.errors import Interrupted, NotFinite
from lyric_lm.model.module import SongModule
from lyric_lm.random_state import random_state, restore_random_state


class Checkpoints(Checkpoint):
    """Write ``last.ckpt`` after each validation, every ``minutes``, at the end, and when the run is stopped.

    Ctrl-C, SIGTERM and a scheduler's warnings become ``Interrupted``, at once wherever no weight is being changed; what
    was computed of an unfinished step is done again. Lightning calls a ``Checkpoint`` after all other callbacks, so
    that their state is complete when it is noted.

    Args:
        file: ``last.ckpt``.
        minutes: the most work that a kill may cost, up to a step.
        metrics: forced to the disk before each checkpoint, which is never ahead of it.
    """

    def __init__(self, file: Path, minutes: float, metrics: MetricsFile | None = None):
        self.file, self.minutes, self.metrics = file, minutes, metrics
        self.identity: dict[str, Any] = {}  # what the run is; see fingerprint.refuse_changes
        self.best_loss = math.inf
        self._place: dict[str, Any] = {}  # everything but weights and optimizer, after the last completed step
        self._saved_place: dict[str, Any] = {}
        self._saved_at = 0.0
        self._restored: dict[str, Any] = {}
        self._was_validated = self._is_best = self._is_place_best = False
        self._is_updating = self._must_agree = False
        self._asked_by: int | None = None  # the signal

    # Lightning sets its own SIGTERM handler after ``setup`` and puts all handlers back in its teardown, so
    # these come later than ``setup`` and need no teardown here.

    def _listen(self, trainer: L.Trainer) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, *jobs.WARNINGS):
            signal.signal(number, self._asked)
        if trainer.received_sigterm:  # by Lightning's handler, a moment ago; it would end the process with status 0
            raise Interrupted(signal=signal.SIGTERM)

    def _asked(self, number: int, frame: Any) -> None:
        self._asked_by = number
        if not self._is_updating and not self._must_agree:
            raise Interrupted(signal=number)

    # From here on weights change, until the step is noted.

    def on_before_optimizer_step(self, trainer: L.Trainer, *args: Any) -> None:
        self._is_updating = True

    # The places where a run can go on. Only here has the last step been logged.

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._must_agree = trainer.world_size > 1  # processes that stop apart from each other hang
        self._saved_at = time.monotonic()
        self._listen(trainer)

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx % trainer.accumulate_grad_batches == 0:
            self._note(trainer, pl_module, before_step(trainer.fit_loop.state_dict()), batch_idx)
            is_due = self._was_validated or time.monotonic() - self._saved_at >= 60 * self.minutes
            if self._any(trainer, is_due) and trainer.global_step > 0:
                self._save(trainer)

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._listen(trainer)
        if trainer.state.fn == "fit":
            n_batches = trainer.fit_loop.epoch_loop.batch_progress.current.completed
            self._note(trainer, pl_module, before_validation(trainer.fit_loop.state_dict()), n_batches)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if trainer.state.fn == "fit":
            loss = float(trainer.callback_metrics["val/loss"])
            self._was_validated, self._is_best = True, self._is_best or loss < self.best_loss
            self.best_loss = min(loss, self.best_loss)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        progress = trainer.fit_loop.epoch_loop.batch_progress
        n_batches = 0 if progress.is_last_batch else progress.current.completed
        self._note(trainer, pl_module, at_end(trainer.fit_loop.state_dict()), n_batches)
        self._save(trainer)

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        # The weights are those of the noted step: neither exception comes while a step is taken.
        is_ours = isinstance(exception, Interrupted | NotFinite)
        if is_ours and self._must_agree:  # all processes are here
            assert isinstance(pl_module, SongModule)
            pl_module.gather()
        if is_ours and self._place and self._place["global_step"] == trainer.global_step > 0:
            self._save(trainer)

    def _note(self, trainer: L.Trainer, module: L.LightningModule, loops: dict[str, Any], n_batches: int) -> None:
        """Keep all that a checkpoint of this moment needs besides weights and optimizer; stop if asked to."""
        assert isinstance(module, SongModule)
        if self._restored:
            states = self._restored["rng"]  # of each process; of fewer or more than there were, dropout is another
            restore_random_state(states[trainer.global_rank % len(states)])
            trainer.fit_loop.epoch_loop._batches_that_stepped = self._restored["n_logged"]
            self._restored = {}
        loops["state_dict"].pop(
            "combined_loader", None
        )  # the data module knows the place; Lightning loads this one too early
        epoch = loops["epoch_progress"]["current"]["completed"]
        self._place = {
            "epoch": epoch,
            "global_step": trainer.global_step,
            "loops": {"fit_loop": loops},
            "callbacks": copy.deepcopy(
                {callback.state_key: state for callback in trainer.callbacks if (state := callback.state_dict())}
            ),
            LyricsDataModule.__qualname__: {"epoch": epoch, "n_trained": n_batches},
            "lyric_lm": {
                "n_tokens_trained": module.n_tokens_trained,
                "n_skipped_steps": module.n_skipped_steps,
                "seconds_trained": module.seconds_trained,
                "best_loss": self.best_loss,
                "blocks_at_once": trainer.datamodule.train_batches.blocks_at_once,
                "until": [trainer.max_epochs, trainer.max_steps],
                "is_stopped": bool(trainer.should_stop),
                "n_logged": trainer.fit_loop.epoch_loop._batches_that_stepped,
                "rng": [random_state()],
            },
        }
        self._is_place_best = self._is_best
        self._is_updating = False
        if self._any(trainer, self._asked_by is not None):
            raise Interrupted(signal=self._asked_by)

    def _any(self, trainer: L.Trainer, is_true: bool) -> bool:
        """Return whether it is true in one of the processes."""
        return trainer.strategy.reduce_boolean_decision(is_true, all=False) if self._must_agree else is_true

    # Writing and reading

    def _save(self, trainer: L.Trainer) -> None:
        if self._saved_place is self._place:
            return
        if self.metrics is not None:
            self.metrics.sync()
        trainer.save_checkpoint(self.file, weights_only=False, storage_options=self._is_place_best)
        self._saved_place, self._saved_at = self._place, time.monotonic()
        self._was_validated = self._is_best = self._is_place_best = False

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        rng = self._place["lyric_lm"]["rng"]
        if trainer.world_size > 1:
            gathered: list[Any] = [None] * trainer.world_size
            torch.distributed.all_gather_object(gathered, rng[0])
            rng = gathered
        ours = {"format": FORMAT, "version": __version__, **self.identity, **self._place["lyric_lm"], "rng": rng}
        checkpoint.update({**self._place, "lyric_lm": ours})

    def on_load_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        assert isinstance(pl_module, SongModule)
        ours = checkpoint["lyric_lm"]
        batches = trainer.datamodule.train_batches
        blocks_at_once = ours.get("blocks_at_once", batches.blocks_at_once)  # older ones do not say
        if blocks_at_once != batches.blocks_at_once:  # the same steps in other batches

            def as_many(n_batches: int) -> int:
                return batches.as_many(n_batches, blocks_at_once)

            recut(checkpoint["loops"]["fit_loop"], as_many)
            place = batches.state_dict()
            batches.load_state_dict({**place, "n_trained": as_many(place["n_trained"])})
        pl_module.n_tokens_trained, pl_module.seconds_trained = ours["n_tokens_trained"], ours["seconds_trained"]
        pl_module.n_skipped_steps = ours["n_skipped_steps"]
        self.best_loss = ours["best_loss"]
        self._restored = ours
        if ours["until"] == [trainer.max_epochs, trainer.max_steps]:
            trainer.should_stop = ours["is_stopped"]  # early stopping has ended it; only its last files are missing
