"""A LightningModule around a network that is trained, and what is used of it meanwhile: whole, or an average of it.

Weights may lie in shards over several devices. Samples, checks and the exported model are the first process's alone,
which cannot put shards together by itself. Where a moving average of the weights is asked for, it is what is measured,
sampled and exported.
"""

import copy
from typing import Any

import lightning as L
from transformers import PreTrainedModel

from lyric_lm.hardware import give_back_free_memory
from lyric_lm.model.averaging import MovingAverage
from lyric_lm.model.loss import has_plain_head


class NetworkModule(L.LightningModule):
    """Hold a network, shared out over devices where the strategy is to (``sharded.Sharded``).

    Args:
        network: a transformers causal language model.
        ema_decay: of a moving average of its weights (``averaging.MovingAverage``); 0: none. Not of weights in shards.
    """

    def __init__(self, network: PreTrainedModel, ema_decay: float = 0.0):
        super().__init__()
        self.network = network
        self.ema_decay = ema_decay
        self.average: MovingAverage | None = None  # while it is trained
        self._kept_average: dict[str, Any] | None = None  # of the run that goes on
        # In the first process of a sharded run: the network once more, whole. In a list, so that it is no part of this.
        self._whole: list[PreTrainedModel] = []

    def configure_model(self) -> None:
        if self.device_mesh is None or self.is_sharded:
            return
        from lyric_lm.model.sharded import shard  # a second, which others need not wait for

        has_plain_head(self.network)  # found out while it can be run by itself
        self._whole = [copy.deepcopy(self.network)] if self.trainer.is_global_zero else []
        shard(self, self.network, self.device_mesh, str(self.trainer.precision) == "bf16-mixed")

    def on_fit_start(self) -> None:
        if self.ema_decay:
            self.average = MovingAverage(self.network, self.ema_decay)
            if self._kept_average is not None:
                self.average.network.load_state_dict(self._kept_average["weights"])
                self.average.n_steps = self._kept_average["n_steps"]
                self._kept_average = None

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if self.average:
            weights = self.average.network.state_dict()
            checkpoint["average"] = {"n_steps": self.average.n_steps, "weights": weights}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._kept_average = checkpoint.get("average")

    @property
    def measured(self) -> PreTrainedModel:
        """The network to measure, to write songs with and to export: the average, or the one that is trained."""
        return self.average.network if self.average else self.whole

    @property
    def is_sharded(self) -> bool:
        """Whether the weights lie in shards over several devices."""
        return self.device_mesh is not None and hasattr(self, "unshard")

    @property
    def whole(self) -> PreTrainedModel:
        """The network for the first process to use alone; of one in shards, as of the last ``gather``."""
        return self._whole[0] if self._whole else self.network

    def gather(self) -> None:
        """Put a network in shards together for the first process to use; all must call it. Else it does nothing."""
        if self.is_sharded and (whole := self.collect()):
            whole.to(self.device)

    def collect(self) -> PreTrainedModel | None:
        """Put a network in shards together in the first process's memory, and return it there; all must call it."""
        from lyric_lm.model.sharded import put_together

        self.release()
        whole = self._whole[0] if self._whole else None
        put_together(self.network, whole)
        give_back_free_memory()
        return whole

    def release(self) -> None:
        """Leave the device to training."""
        for whole in self._whole:
            whole.to("cpu")
