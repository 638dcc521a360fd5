"""What callbacks that draw how a run stands have in common: they do not take the time that the run is for."""

import time
from abc import abstractmethod

import lightning as L

SHARE = 0.05  # of the time since the last drawing, for another
_LIKELY = 0.5  # seconds that the first one takes


class Picture(L.Callback):
    """Pictures that are drawn after validations, and by ``fit_run`` at the end.

    Drawing takes some tenths of a second however small the model. After each of the short epochs of a small one, of
    which a sweep trains hundreds, that would be a third of the run.
    """

    _due = 0.0  # time.perf_counter() of the next drawing

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._due = time.perf_counter() + _LIKELY / SHARE

    @abstractmethod
    def draw(self) -> None:
        """Draw how the run stands now; where nothing was measured, do nothing."""

    def draw_if_due(self) -> None:
        """Draw, unless the start or the last time is so short ago that it would take more than its share."""
        began = time.perf_counter()
        if began >= self._due:
            self.draw()
            ended = time.perf_counter()
            self._due = ended + (ended - began) / SHARE
