"""Keep the best model so far as ``model/``, ready for everything else, from the first validation on."""

import logging
import os
import re
import shutil
from pathlib import Path

import lightning as L
import torch
from safetensors import SafetensorError
from transformers import PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from lyric_lm.callbacks.place import told
from lyric_lm.checkpoints import UnusableError, read_checkpoint
from lyric_lm.data.encoding import separator_id
from lyric_lm.durable import put, sync_files
from lyric_lm.model.lora import merged
from lyric_lm.model.module import SongModule
from lyric_lm.originality.hashes import Hashes, save_hashes

log = logging.getLogger(__name__)


class ExportBest(L.Callback):
    """Write ``model/`` whenever the held-out loss is the lowest so far, and remember when that was.

    ``best_loss`` is in nats per token; ``best_epoch`` counts from 1. Both are None before the first
    validation after training, and both go on with a resumed run. One that finds ``model/`` gone writes it again from
    ``best``, the checkpoint of the same moment.
    """

    def __init__(
        self, folder: Path, tokenizer: PreTrainedTokenizerBase, best: Path, hashes: dict[int, Hashes] | None = None
    ):
        self.folder, self.tokenizer, self.best, self.hashes = folder, tokenizer, best, hashes
        recover_model(folder)
        self.baseline_loss: float | None = None
        self.best_loss: float | None = None
        self.best_epoch: int | None = None
        self.best_bits_per_byte: float | None = None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if self.best_loss is None or self.folder.is_dir():
            return
        if not self.best.is_file():
            log.warning("Warning: %s and %s are gone; the next best epoch writes them again", self.folder, self.best)
            return
        try:
            best = torch.load(read_checkpoint(self.best).file, map_location="cpu", weights_only=True)
        except UnusableError as error:
            log.warning("Warning: %s is gone, and %s %s; the next best epoch writes it", self.folder, self.best, error)
            return
        assert isinstance(pl_module, SongModule)
        network = pl_module.measured
        weights = {name.removeprefix("network."): value for name, value in best["state_dict"].items()}
        now = {name: value.detach().clone() for name, value in network.state_dict().items()}
        network.load_state_dict(best["average"]["weights"] if "average" in best else weights)
        self.export(pl_module)
        network.load_state_dict(now)
        log.warning("Warning: %s was gone; it is written again from %s", self.folder, self.best)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        loss = float(trainer.callback_metrics["val/loss"])
        if trainer.state.fn == "validate":
            self.baseline_loss = loss
            log.info("Untrained model: held-out loss %.3f nats per token", loss)
            return
        is_best = self.best_loss is None or loss < self.best_loss
        remark = "the best so far" if is_best else f"not better than {self.best_loss:.3f} in epoch {self.best_epoch}"
        log.info(
            "%s: held-out loss %.3f (untrained %.3f), %s",
            told(trainer).capitalize(),
            loss,
            self.baseline_loss,
            remark,
        )
        if is_best:
            self.best_loss, self.best_epoch = loss, trainer.current_epoch + 1
            self.best_bits_per_byte = float(trainer.callback_metrics["val/bits_per_byte"])
            self.export(pl_module)

    def export(self, module: L.LightningModule) -> None:
        """Write the module's network as it is now; the previous ``model/`` stays until the new one is whole."""
        assert isinstance(module, SongModule)
        export_model(module, self.tokenizer, self.folder, self.hashes)

    def state_dict(self) -> dict[str, float | int | None]:
        names = ("baseline_loss", "best_loss", "best_epoch", "best_bits_per_byte")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict[str, float | int | None]) -> None:
        for name, value in state_dict.items():
            setattr(self, name, value)


def export_model(
    module: SongModule, tokenizer: PreTrainedTokenizerBase, folder: Path, hashes: dict[int, Hashes] | None = None
) -> None:
    """Write network and tokenizer in ``save_pretrained`` form, ending songs at the separator, and the songs' hashes.

    Adapters are added up with the weights: whoever reads the folder need not know of them.
    """
    transformers_logging.disable_progress_bar()
    network = module.measured
    separator = separator_id(tokenizer)
    for config in (network.config, network.generation_config):
        config.bos_token_id = config.eos_token_id = config.pad_token_id = separator
    tokenizer.eos_token = tokenizer.pad_token = tokenizer.convert_ids_to_tokens(separator)
    unfinished, previous = folder.with_name("model.unfinished"), folder.with_name("model.previous")
    recover_model(folder)
    try:
        network.save_pretrained(unfinished, state_dict=merged(network))
    except SafetensorError as error:  # its way of saying that the disk is full
        code = re.search(r"os error (\d+)", str(error))
        raise OSError(int(code[1]), os.strerror(int(code[1])), str(unfinished)) if code else error from error
    tokenizer.save_pretrained(unfinished)
    if hashes is not None:
        save_hashes(hashes, unfinished)
    sync_files(unfinished)
    if folder.exists():
        os.replace(folder, previous)
    put(unfinished, folder)
    shutil.rmtree(previous, ignore_errors=True)


def recover_model(folder: Path) -> None:
    """Undo an export that was cut off: the model before it is the model again, halves are gone.

    Two moves make the new folder the model; only a kill between them leaves ``model.previous`` alone.
    """
    previous = folder.with_name("model.previous")
    if previous.is_dir() and not folder.is_dir():
        os.replace(previous, folder)
    for leftover in (folder.with_name("model.unfinished"), previous):
        shutil.rmtree(leftover, ignore_errors=True)
