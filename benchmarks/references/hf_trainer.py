"""Hugging Face's Trainer on songs: padded batches in, a trained network out; recipes are in the modules beside this.

Padding is neither seen nor scored; the closing separator is scored, as the project does it (the library's own collator
would leave it out wherever the padding token is the separator, and the model would not learn to end a song).
"""

import tempfile
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from benchmarks.references.songs import Songs, Watcher

LONGEST = 1024  # tokens of a padded or cut song
IGNORED = -100


class _Reports(TrainerCallback):
    def __init__(self, watcher: Watcher):
        self.watcher, self.n_scored = watcher, 0

    def before_batch(self, module: nn.Module, given: tuple[()], batch: dict[str, Tensor]) -> None:
        mask = batch["attention_mask"]
        self.n_scored = int(mask.sum()) - len(mask)  # all tokens of a song but its first

    def on_substep_end(self, args: Any, state: TrainerState, control: TrainerControl, **parts: Any) -> None:
        control.should_training_stop |= self.watcher.after_batch(parts["model"], self.n_scored, is_step=False)

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **parts: Any) -> None:
        control.should_training_stop |= self.watcher.after_batch(parts["model"], self.n_scored, is_step=True)


def fit(network: PreTrainedModel, songs: Songs, watcher: Watcher, seed: int, is_wide: bool, **recipe: Any) -> None:
    """Train a network with TrainingArguments; rows are as wide as their longest song, or all ``LONGEST`` wide."""
    set_seed(seed)
    rows = [{"input_ids": ids[:LONGEST]} for ids in songs.train]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            seed=seed,
            use_cpu=not torch.cuda.is_available(),
            dataloader_pin_memory=torch.cuda.is_available(),
            remove_unused_columns=False,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            **recipe,
        )
        watcher.begin()
        reports = _Reports(watcher)
        network.register_forward_pre_hook(reports.before_batch, with_kwargs=True)
        trainer = Trainer(
            model=network,
            args=arguments,
            train_dataset=rows,
            data_collator=collator(songs.separator, LONGEST if is_wide else None),
            callbacks=[reports],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()


def collator(pad_id: int, width: int | None) -> Callable[[list[dict[str, list[int]]]], dict[str, Tensor]]:
    """Return what lays songs out as rows of ``width`` tokens, or as wide as the longest of them."""

    def collate(songs: list[dict[str, list[int]]]) -> dict[str, Tensor]:
        n_columns = width or max(len(song["input_ids"]) for song in songs)
        input_ids = torch.full((len(songs), n_columns), pad_id)
        labels = torch.full((len(songs), n_columns), IGNORED)  # the network moves them by one
        mask = torch.zeros((len(songs), n_columns), dtype=torch.int64)
        for row, song in enumerate(songs):
            ids = torch.tensor(song["input_ids"])
            input_ids[row, : len(ids)] = labels[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        return {"input_ids": input_ids, "labels": labels, "attention_mask": mask}

    return collate
