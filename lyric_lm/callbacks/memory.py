"""Give memory back to the system whenever training has come to hold much more than its steps need."""

from typing import Any

import lightning as L
import psutil

from lyric_lm.hardware import give_back_free_memory

GROWTH = 1.1  # resident size after a step over that after the first step, from which on it is given back


class GiveBack(L.Callback):
    """Let the allocator return what is free once it has grown by a tenth; for a CPU.

    What a step frees is kept for the next one (``hardware.keep_freed_memory``), but lies in pieces that songs of other
    lengths do not fit into: with every new length it grows. Once given back, a step takes what it needs anew, which
    costs a part of its time.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._needed = 0  # bytes after the first step since memory was given back, or since training began or went on

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._needed = 0

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._needed = 0

    def on_train_batch_end(self, *args: Any) -> None:
        held = self._process.memory_info().rss
        if not self._needed:
            self._needed = held
        elif held > GROWTH * self._needed:
            give_back_free_memory()
            self._needed = 0
