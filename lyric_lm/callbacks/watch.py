"""What is watched during training: the first step's loss, the samples, and the held-out loss against training's.

Each callback looks at its moment and asks a function of ``checks`` what to think of it.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightning as L
import torch
from transformers import PreTrainedTokenizerBase

from lyric_lm.callbacks.samples import Samples
from lyric_lm.checks.check import Check, heed
from lyric_lm.checks.first_step import PlainLoss, check_first_step, plain_loss, tolerance
from lyric_lm.checks.language_like import (
    MIN_TOKENS,
    Yardstick,
    judge,
    known_fraction,
    known_words,
    measure,
    words_of,
    yardstick,
)
from lyric_lm.checks.overfitting import overfitting_since
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.errors import InputError
from lyric_lm.fingerprint import parts_fingerprint, texts_fingerprint
from lyric_lm.hardware import give_back_memory
from lyric_lm.lyrics.song import Song, spread
from lyric_lm.model.lora import is_adapted
from lyric_lm.model.module import SongModule
from lyric_lm.model.pretrained import has_dropout, load_model
from lyric_lm.recall import recall_of_model
from lyric_lm.runs import read_metrics
from lyric_lm.sampling import Sample

N_SONGS = 20_000  # of which the words are known words; more songs bring hardly any

log = logging.getLogger(__name__)


class FirstStep(L.Callback):
    """Compute the first step's loss a second time before it is taken, and end the run where the log differs.

    Costs about as much time as one more step. Adds ``first_step_loss`` to ``preflight.json``. A resumed run has its
    first step behind it.
    """

    def __init__(self, file: Path):
        self.file = file
        self._plain: PlainLoss | None = None
        self._songs_per_nat = 0.0
        self._n_batches = 0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        songs = trainer.datamodule
        assert isinstance(songs, LyricsDataModule)
        assert isinstance(pl_module, SongModule)
        if trainer.global_step > 0 or songs.train_batches.n_trained > 0:
            return
        self._n_batches = min(trainer.accumulate_grad_batches, int(trainer.num_training_batches))
        n_blocks = self._n_batches * songs.batch_size * trainer.world_size
        first = songs.train_batches.order(0)[:n_blocks]
        parts = [part for i in first for part in songs.blocks["train"][i]]
        network, smoothing = pl_module.whole, pl_module.label_smoothing

        def compute() -> list[float]:
            return list(plain_loss(network, parts, smoothing))

        key = {"device": network.device.type, "smoothing": smoothing, "parts": parts_fingerprint(parts)}
        self._plain = PlainLoss(*recall_of_model(pl_module.identity, "first_step", key, compute))
        n_songs = sum(part.first_position == 0 for part in parts)
        self._songs_per_nat = n_songs / (self._plain.loss * sum(part.n_targets for part in parts))

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._plain is None or batch_idx + 1 < self._n_batches:
            return
        plain, self._plain = self._plain, None
        assert isinstance(pl_module, SongModule)
        metrics = trainer.callback_metrics
        if "train/loss" not in metrics:  # not finite, and skipped
            return
        logged = PlainLoss(float(metrics["train/loss"]), float(metrics["train/objective"]))
        allowed = tolerance(str(trainer.precision), has_dropout(pl_module.network), self._songs_per_nat)
        check = check_first_step(logged, plain, trainer.accumulate_grad_batches, allowed)
        before = [Check(**item) for item in json.loads(self.file.read_text(encoding="utf-8"))]
        heed([*before, check], self.file)


class Language(L.Callback):
    """Say at once, after each epoch, when what the model writes is not language; see ``checks.language_like``.

    The yardstick is the untrained model: its own samples are measured under itself before the first step, and for
    each later epoch it is loaded again, on the CPU, and let go when the judgement is made. Random weights
    (``model.from_scratch``) are no yardstick: then nothing is judged, and nothing where no samples are written.

    Args:
        model: the ``model`` settings, to load the untrained model with.
        tokenizer: its tokenizer.
        songs: the lyrics of the training songs.
        held_out: the lyrics of the held-out songs.
    """

    def __init__(
        self, model: dict[str, Any], tokenizer: PreTrainedTokenizerBase, songs: list[str], held_out: list[str]
    ):
        self.model, self.tokenizer = model, tokenizer
        self.songs, self.held_out = songs, held_out
        self.yardstick: Yardstick | None = None
        self.is_language: dict[str, bool] = {}  # by epoch

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        written = [song for callback in trainer.callbacks if isinstance(callback, Samples) for song in callback.songs]
        if not written or self.model["from_scratch"]:
            return
        assert isinstance(pl_module, SongModule)
        if trainer.state.fn == "validate":
            self.yardstick = self._yardstick(pl_module, written, float(trainer.callback_metrics["val/loss"]))
        elif self.yardstick is not None:
            self._judge(trainer.current_epoch + 1, written, self.yardstick)

    def _yardstick(self, module: SongModule, written: list[Sample], loss: float) -> Yardstick:
        network = module.whole

        def find() -> dict[str, float]:
            known = known_words(self.songs, self.tokenizer)
            own = [measure(network, self.tokenizer, song.prompt, song.text, known) for song in written]
            share = known_fraction(words_of("\n".join(self.held_out)), known)
            return asdict(yardstick(own, loss, network.config.vocab_size, share))

        key = {
            "device": network.device.type,
            "is_adapted": is_adapted(network),
            "written": [[song.prompt, song.text] for song in written],
            "loss": loss,
            "songs": texts_fingerprint(self.songs),
            "held_out": texts_fingerprint(self.held_out),
        }
        return Yardstick(**recall_of_model(module.identity, "yardstick", key, find))

    def _judge(self, epoch: int, written: list[Sample], language: Yardstick) -> None:
        long_enough = [s for s in written if len(self.tokenizer(s.text[len(s.prompt) :])["input_ids"]) >= MIN_TOKENS]
        if not long_enough:
            return
        give_back_memory()  # what a training step used, else the second model comes on top of it
        try:
            with torch.random.fork_rng(devices=[]):
                untrained, _ = load_model(**self.model)
        except InputError as error:
            log.warning("Whether the samples are language cannot be told: %s", error)
            return
        known = known_words(self.songs, self.tokenizer)
        texts = [measure(untrained, self.tokenizer, song.prompt, song.text, known) for song in long_enough]
        del untrained
        give_back_memory()
        is_language, reasons = judge(texts, language)
        if is_language is None:
            return
        self.is_language[str(epoch)] = is_language
        if not is_language:
            log.warning(
                "After epoch %s the samples are not language: %s of %s %s. Check the machine (python -m "
                "lyric_lm.preflight), then optim.lr: a rate too high ruins a model; callbacks.samples.temperature and "
                "top_k, top_p decide how wildly they are drawn",
                *(epoch, len(reasons), len(texts), "; ".join(dict.fromkeys(reasons))),
            )

    def state_dict(self) -> dict[str, Any]:
        return {"yardstick": self.yardstick and asdict(self.yardstick), "is_language": self.is_language}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.yardstick = state_dict["yardstick"] and Yardstick(**state_dict["yardstick"])
        self.is_language = state_dict["is_language"]


class Overfitting(L.Callback):
    """Say it once, at the epoch where it begins, that the held-out loss rises while the training loss falls."""

    def __init__(self, run_dir: Path):
        self.run_dir = run_dir
        self.since: int | None = None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.since = overfitting_since(read_metrics(self.run_dir))  # of a resumed run

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        before, self.since = self.since, overfitting_since(read_metrics(self.run_dir))
        if self.since is not None and before is None:
            log.warning(
                "Overfitting since epoch %s: the held-out loss rises while the training loss falls: the model learns "
                "its songs by heart. model/ keeps the best epoch; more songs or a lower optim.lr can move it later",
                self.since,
            )
        elif self.since is None and before is not None:
            log.info("A new best after all: no longer overfitting")


def watchers(
    settings: dict[str, Any], run_dir: Path, tokenizer: PreTrainedTokenizerBase, splits: Mapping[str, Sequence[Song]]
) -> list[L.Callback]:
    """Return what watches every run; to come after the callback that writes samples."""
    lyrics = {name: [song.lyrics for song in spread(songs, N_SONGS)] for name, songs in splits.items()}
    return [
        FirstStep(run_dir / "preflight.json"),
        Language(settings["model"], tokenizer, lyrics["train"], lyrics["val"]),
        Overfitting(run_dir),
    ]
