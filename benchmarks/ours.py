"""This project as a contender: its module, batches and Trainer with the default settings of ``train``.

Takes what the references take (``benchmarks.references``): a network, songs, a watcher. No samples and no checkpoints
are written; validation, which decides when to stop, is not on the watcher's clock.
"""

import contextlib
import tempfile
import warnings
from pathlib import Path
from typing import Any

import lightning as L
from hydra import compose, initialize_config_dir
from transformers import PreTrainedModel

from benchmarks.references.songs import Judge, Songs, Watcher
from lyric_lm.checks.batch_size import with_batch_size
from lyric_lm.fit import make_parts
from lyric_lm.hardware import device_of, keep_freed_memory, resolve_precision
from lyric_lm.model.compiling import as_written, compile_network
from lyric_lm.settings import CONF, plain
from lyric_lm.trainer import make_silent_trainer


def default_settings(*overrides: str) -> dict[str, Any]:
    """Return the settings that ``train`` has with these arguments."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("train", list(overrides)))


def fit(network: PreTrainedModel, songs: Songs, watcher: Watcher, seed: int, *overrides: str) -> PreTrainedModel:
    """Train a network as ``train`` does by default, or with other settings; return what it measures at the end."""
    warnings.filterwarnings("ignore", category=UserWarning, module="lightning")
    keep_freed_memory()
    quiet = ("+trainer.enable_progress_bar=false", "+trainer.enable_checkpointing=false")  # as the references are
    settings = default_settings(f"seed={seed}", *quiet, *overrides)
    settings = with_batch_size(settings, network)
    L.seed_everything(seed, verbose=False)
    watcher.begin()
    batches, module = make_parts(settings, songs.corpus, network, songs.tokenizer)
    if settings["trainer"]["compile"] is True:
        device, data = settings["trainer"]["accelerator"], settings["data"]
        precision = resolve_precision(settings["trainer"]["precision"], device)
        if compile_network(network, device_of(device), precision):
            batches.train_batches.filled_to = data["block_size"]
        module.is_compiled = True
    with tempfile.TemporaryDirectory() as folder, as_written() if module.is_compiled else contextlib.nullcontext():
        make_silent_trainer(settings, Path(folder), [_Reports(watcher)]).fit(module, batches)
    return module.measured


class _Reports(L.Callback):
    def __init__(self, watcher: Watcher):
        self.watcher, self.n_steps = watcher, 0

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        is_step = trainer.global_step > self.n_steps
        self.n_steps = trainer.global_step
        trainer.should_stop |= self.watcher.after_batch(pl_module.measured, int(batch["n_targets"]), is_step)

    def on_validation_start(self, trainer: L.Trainer, pl_module: Any) -> None:
        if isinstance(self.watcher, Judge):
            self.watcher.pause()

    def on_validation_end(self, trainer: L.Trainer, pl_module: Any) -> None:
        if isinstance(self.watcher, Judge):
            self.watcher.go_on()
