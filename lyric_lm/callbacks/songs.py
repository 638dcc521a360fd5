"""The songs that callbacks let the model write after each validation, all of them side by side.

The untrained model's are kept for the next run that starts from it.
"""

from dataclasses import asdict
from typing import Any

import lightning as L
from transformers import PreTrainedTokenizerBase

from lyric_lm.decoding.choice import decoder_for
from lyric_lm.model.lora import is_adapted
from lyric_lm.model.module import SongModule
from lyric_lm.recall import recall_of_model
from lyric_lm.sampling import Sample, Wanted, write_each


class Writer(L.Callback):
    """A callback that wants songs after each validation. The first one that asks has those of all others written too.

    Args:
        tokenizer: the model's.
        wanted: the same each time.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, wanted: list[Wanted]):
        self.tokenizer, self.wanted = tokenizer, wanted
        self._written: list[Sample] = []  # by another one's asking

    def write(self, trainer: L.Trainer, pl_module: L.LightningModule) -> list[Sample]:
        """Return the songs that are wanted, by the network that was just measured."""
        assert isinstance(pl_module, SongModule)
        if self.wanted and not self._written:
            writers = [callback for callback in trainer.callbacks if isinstance(callback, Writer)]
            wanted = list(dict.fromkeys(song for writer in writers for song in writer.wanted))
            is_untrained = trainer.state.fn == "validate"
            found = dict(zip(wanted, songs_of(pl_module, self.tokenizer, wanted, is_untrained), strict=True))
            for writer in writers:
                writer._written = [found[song] for song in writer.wanted]
        written, self._written = self._written, []
        return written


def songs_of(
    module: SongModule, tokenizer: PreTrainedTokenizerBase, wanted: list[Wanted], is_untrained: bool
) -> list[Sample]:
    """Return the songs that are wanted, by the module's network as it is now."""
    network = module.measured

    def write() -> list[dict[str, Any]]:
        return [asdict(song) for song in write_each(network, tokenizer, wanted, decoder=decoder_for(network))]

    key = {
        "device": module.device.type,
        "is_adapted": is_adapted(network),  # then the decoder is another one
        "wanted": [asdict(song) for song in wanted],
    }
    known_as = module.identity if is_untrained else None
    return [Sample(**song) for song in recall_of_model(known_as, "songs", key, write)]
