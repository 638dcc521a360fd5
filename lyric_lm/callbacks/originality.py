"""Measure after each epoch how much of what the model writes stands in its training songs: when learning turns into
copying, it shows here first."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.loggers import TensorBoardLogger
from transformers import PreTrainedTokenizerBase

from lyric_lm.callbacks.picture import Picture
from lyric_lm.callbacks.songs import Writer
from lyric_lm.curves import save
from lyric_lm.durable import write_text
from lyric_lm.evaluation.pictures import originality_curve
from lyric_lm.lyrics.song import Song
from lyric_lm.originality.copies import TrainingLines, copying, upper_own_rate
from lyric_lm.originality.index import SongIndex
from lyric_lm.runs import losses_by_epoch, read_metrics
from lyric_lm.sampling import Wanted
from lyric_lm.sampling_settings import Sampling

MEASURES = ("share_4", "share_6", "share_8", "verbatim_lines", "longest_run")

log = logging.getLogger(__name__)


class Originality(Writer, Picture):
    """Write ``originality.json`` after each validation, draw ``images/originality.png``; epoch 0: the untrained model.

    The same seeds each epoch, songs from nothing. Says it once when the samples copy more than the artist repeats
    themselves.

    Args:
        run_dir, tokenizer, splits: given by the run.
        num_samples: songs after each epoch.
        seed: of the first; the i-th has the seed seed + i.
        The rest: see ``Sampling``.
    """

    def __init__(
        self,
        run_dir: Path,
        tokenizer: PreTrainedTokenizerBase,
        splits: Mapping[str, Sequence[Song]],
        num_samples: int,
        seed: int,
        max_new_tokens: int,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
        min_p: float | None,
        repetition_penalty: float,
    ):
        sampling = Sampling(max_new_tokens, temperature, top_k, top_p, min_p, repetition_penalty, None)
        super().__init__(tokenizer, [Wanted("", seed + i, sampling) for i in range(num_samples)])
        self.run_dir = run_dir
        self.index, self.lines = SongIndex.of(splits["train"]), TrainingLines.of(splits["train"])
        own = copying([song.lyrics for song in splits["val"]], self.index, self.lines, seed)
        self.own = {name: own[name] for name in MEASURES}
        self.limit = upper_own_rate(own, "share_6")
        self.epochs: list[dict[str, Any]] = []

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        epoch = 0 if trainer.state.fn == "validate" else trainer.current_epoch + 1
        texts = [song.text for song in self.write(trainer, pl_module)]
        found = copying(texts, self.index, self.lines, seed=0)
        was_copying = any(row["is_copying"] for row in self.epochs)
        interval = found["intervals"]["share_6"]
        is_copying = interval is not None and interval[0] > self.limit
        row = {"epoch": epoch, **{name: found[name] for name in MEASURES}, "is_copying": is_copying}
        self.epochs = [*(row for row in self.epochs if row["epoch"] != epoch), row]
        if is_copying and not was_copying:
            log.warning(
                "Copying since epoch %s: %.0f %% of its six-word sequences stand in training songs (of the artist's "
                "own new songs at most %.1f %%); generate originality=6 rules that out, fewer epochs make it rarer",
                *(epoch, 100 * found["share_6"], 100 * self.limit),
            )
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                for name in MEASURES:
                    if row[name] is not None:
                        logger.experiment.add_scalar(f"originality/{name}", row[name], trainer.global_step)
        content = {"own": self.own, "own_limit_share_6": self.limit, "epochs": self.epochs}
        write_text(self.run_dir / "originality.json", json.dumps(content, indent=1) + "\n")
        if epoch:
            self.draw_if_due()

    def draw(self) -> None:
        if any(row["epoch"] for row in self.epochs):
            losses, best_epoch = losses_by_epoch(read_metrics(self.run_dir))
            figure = originality_curve(self.epochs, self.own, best_epoch, losses)
            save(figure, self.run_dir / "images" / "originality.png")

    def state_dict(self) -> dict[str, Any]:
        return {"epochs": self.epochs}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.epochs = state_dict["epochs"]
