"""Write a few songs after each epoch, always from the same prompts and seeds, to hear the model learn."""

import logging
from pathlib import Path

import lightning as L
from lightning.pytorch.loggers import TensorBoardLogger
from transformers import PreTrainedTokenizerBase

from lyric_lm.callbacks.place import named, told
from lyric_lm.callbacks.songs import Writer
from lyric_lm.sampling import Sample, Wanted
from lyric_lm.sampling_settings import Sampling

log = logging.getLogger(__name__)


class Samples(Writer):
    """Write a few songs after each validation into ``samples/`` (``place.named``); show the first.

    Args:
        run_dir, tokenizer: given by the run.
        prompts: one song each; an empty one begins from nothing.
        seed: of every song.
        The rest: see ``Sampling``.
    """

    def __init__(
        self,
        run_dir: Path,
        tokenizer: PreTrainedTokenizerBase,
        prompts: list[str],
        seed: int,
        max_new_tokens: int,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
        min_p: float | None,
        repetition_penalty: float,
    ):
        sampling = Sampling(max_new_tokens, temperature, top_k, top_p, min_p, repetition_penalty, None)
        super().__init__(tokenizer, [Wanted(prompt, seed, sampling) for prompt in prompts])
        self.folder = run_dir / "samples"
        self.songs: list[Sample] = []  # the last ones written

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.songs = songs = self.write(trainer, pl_module)
        self.folder.mkdir(exist_ok=True)
        text = "\n\n".join(f"=== prompt: {song.prompt!r}, seed {song.seed}\n{song.text}" for song in songs)
        (self.folder / f"{named(trainer)}.txt").write_text(text + "\n", encoding="utf-8")
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                verbatim = "".join(f"    {line}\n" for line in text.split("\n"))  # as Markdown
                logger.experiment.add_text("samples", verbatim, global_step=trainer.global_step)
        who = "The untrained model" if trainer.state.fn == "validate" else f"After {told(trainer)} it"
        log.info("\n%s writes:\n%s\n", who, _indented(songs[0].text, n_lines=8))


def _indented(text: str, n_lines: int) -> str:
    """Return the first lines of a text, set off from the log's own.

    >>> _indented("a\\n\\nb\\nc", 2)
    '    a\\n    b\\n    …'
    """
    lines = [line for line in text.split("\n") if line.strip()]
    shown = [f"    {line}" for line in lines[:n_lines]]
    return "\n".join([*shown, "    …"] if len(lines) > n_lines else shown)
