"""Say after each epoch how a run of a search fares, and stop it where it is hopeless."""

import logging

import lightning as L

from lyric_lm.search.study import is_hopeless

log = logging.getLogger(__name__)


class Pruning(L.Callback):
    """Report ``val/bits_per_byte`` to the study of a search; the run ends after an epoch that half of the others beat.

    Args:
        storage: Optuna's address of the study.
        trial: the run's number in it.
    """

    def __init__(self, storage: str, trial: int):
        self.storage, self.trial = storage, trial

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if trainer.state.fn == "validate":
            return
        hopeless = False
        if trainer.is_global_zero:
            value = float(trainer.callback_metrics["val/bits_per_byte"])
            hopeless = is_hopeless(self.storage, self.trial, value, trainer.current_epoch + 1)
        if trainer.strategy.broadcast(hopeless):  # all processes stop, or none
            trainer.should_stop = True
            log.info("Stopped: half of the other trials were better after epoch %s", trainer.current_epoch + 1)
