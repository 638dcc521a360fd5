"""Which of the written songs are not language: measured by the untrained model, as during training.

Songs and the untrained model go in, the share of noise comes out; the limits are those of ``checks.language_like``.
"""

from collections.abc import Sequence

from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.checks.language_like import (
    MIN_TOKENS,
    Yardstick,
    known_fraction,
    known_words,
    measure,
    noise_in,
    words_of,
    yardstick,
)
from lyric_lm.sampling import Sample


class NoiseMeter:
    """The untrained model as a yardstick for language.

    Args:
        network: the untrained model, on its device.
        own: its own samples.
        train: lyrics of the training songs.
        held_out: lyrics of the held-out songs.
        held_out_loss: what the held-out songs cost the untrained model, nats per token.
    """

    def __init__(
        self,
        network: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        own: Sequence[Sample],
        train: list[str],
        held_out: list[str],
        held_out_loss: float,
    ):
        self.network, self.tokenizer = network, tokenizer
        self.known = known_words(train, tokenizer)
        share = known_fraction(words_of("\n".join(held_out)), self.known)
        measured = [measure(network, tokenizer, song.prompt, song.text, self.known) for song in own]
        self.language: Yardstick = yardstick(measured, held_out_loss, network.config.vocab_size, share)

    def noisy_fraction(self, songs: Sequence[Sample]) -> float | None:
        """Return the share of songs that are noise; None where all are too short to tell."""
        bar = tqdm(songs, "Is it language?", unit=" songs", leave=False, delay=2, disable=None)
        measured = [measure(self.network, self.tokenizer, song.prompt, song.text, self.known) for song in bar]
        judged = [text for text in measured if text.n_tokens >= MIN_TOKENS]
        return sum(bool(noise_in(text, self.language)) for text in judged) / len(judged) if judged else None
