"""Is it language? Judge texts that a model wrote: what they cost under the untrained model, their words, their variety.

Texts go in, a verdict comes out; nothing here knows a run. The limits are measured: ``benchmarks/README.md``,
"Noise in samples".
"""

import math
import re
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.data.encoding import opening_ids

MIN_TOKENS = 20  # fewer say nothing: the loss of so few tokens scatters by half a nat and more
COST = 0.35  # noise costs more than this share of the way from language to guessing
KNOWN = 0.6  # noise has less than this share of the known words that songs have
DISTINCT = 0.08  # a text that goes round in circles has fewer different tokens than this share

# A word is letters, with apostrophes inside; where no spaces are written, a character is one.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|(?:(?![\u3040-\u30ff\u3400-\u9fff])[^\W\d_])+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True)
class Measured:
    """A text in figures: tokens, nats per token under the untrained model, shares of known words and distinct tokens.

    Of a text that continues a prompt, the continuation alone. ``known`` is NaN where there is no word.
    """

    n_tokens: int
    loss: float
    known: float
    distinct: float


@dataclass(frozen=True)
class Yardstick:
    """What language is like here, so that it can be a language that the untrained model hardly knows.

    Args:
        own_loss: of the untrained model's own samples under itself, nats per token.
        songs_loss: of held-out songs under the untrained model.
        guessing: what guessing evenly costs, ln of the vocabulary.
        known: share of the held-out songs' words that are known.
        distinct: the lowest share of distinct tokens in the untrained model's own samples.
    """

    own_loss: float
    songs_loss: float
    guessing: float
    known: float
    distinct: float

    @property
    def loss(self) -> float:
        """What language costs at most, on average."""
        return max(self.own_loss, self.songs_loss)

    @property
    def highest_loss(self) -> float:
        """The loss above which a text is noise."""
        return self.loss + COST * max(0.0, self.guessing - self.loss)


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case.

    >>> words_of("Don't go, mosqueCivil 42 花火")
    ["don't", 'go', 'mosquecivil', '花', '火']
    """
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def known_words(songs: list[str], tokenizer: PreTrainedTokenizerBase) -> set[str]:
    """Return what counts as a word: those of the songs, and those that the tokenizer has as one token."""
    tokens = tokenizer.get_vocab()
    starts = [token for token in tokens if token.startswith(("Ġ", "▁"))]  # of a word, not of its middle
    texts = tokenizer.batch_decode([[tokens[token]] for token in starts])
    whole = {text.strip().lower() for text in texts}
    return {word for word in whole if len(word) > 1} | {word for song in songs for word in words_of(song)}


def known_fraction(words: list[str], known: set[str]) -> float:
    """Return the share of words that are known; NaN for no words."""
    return sum(word in known for word in words) / len(words) if words else math.nan


@torch.no_grad()
def measure(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: str, text: str, known: set[str]
) -> Measured:
    """Measure the continuation of ``prompt`` in ``text`` (which begins with it) under ``network``.

    Args:
        known: words in lower case, those of the songs.
    """
    opening = opening_ids(tokenizer)
    ids = [*opening, *tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]]
    ids = ids[: int(network.config.max_position_embeddings)]
    n_prompt = len(tokenizer(prompt, add_special_tokens=False, verbose=False)["input_ids"]) if prompt else 0
    first = len(opening) + n_prompt  # new token
    new = ids[first:]
    if not new:
        return Measured(0, math.nan, math.nan, math.nan)
    was_training = network.training
    network.eval()
    tokens = torch.tensor([ids], device=network.device)  # (1, T)
    logits = network(input_ids=tokens, use_cache=False).logits[0, first - 1 : -1].float()  # (N, V)
    network.train(was_training)
    loss = float(torch.nn.functional.cross_entropy(logits, tokens[0, first:]))
    share = known_fraction(words_of(text[len(prompt) :]), known)
    return Measured(len(new), loss, share, len(set(new)) / len(new))


def yardstick(own: list[Measured], songs_loss: float, vocabulary: int, known: float) -> Yardstick:
    """Return the yardstick from the untrained model's own samples (measured under itself) and the held-out songs."""
    own = [text for text in own if text.n_tokens >= MIN_TOKENS]
    n_tokens = sum(text.n_tokens for text in own)
    own_loss = sum(text.loss * text.n_tokens for text in own) / n_tokens if own else songs_loss
    distinct = min((text.distinct for text in own), default=1.0)
    return Yardstick(own_loss, songs_loss, math.log(vocabulary), known, distinct)


def noise_in(text: Measured, language: Yardstick) -> str:
    """Return why a text is not language; empty where it is, or is too short to say.

    Few known words alone are no noise: the untrained model may write program code, which it finds cheap.

    >>> language = Yardstick(own_loss=1.4, songs_loss=3.7, guessing=10.8, known=0.97, distinct=0.3)
    >>> noise_in(Measured(120, 2.4, 0.98, 0.5), language), noise_in(Measured(120, 0.6, 0.07, 0.3), language)
    ('', '')
    >>> noise_in(Measured(8, 12.0, 0.4, 1.0), language)
    ''
    >>> noise_in(Measured(120, 9.8, 0.6, 0.9), language)
    'costs 9.8 nats per token under the untrained model (its own samples 1.4, the songs 3.7, noise above 6.2)'
    >>> noise_in(Measured(120, 4.4, 0.31, 0.9), language)
    'has 69 % words that are neither in the songs nor in the vocabulary (the songs: 3 %)'
    >>> noise_in(Measured(120, 0.7, 1.0, 0.02), language)
    'goes round in circles: 2 different tokens in 120'
    """
    if text.n_tokens < MIN_TOKENS:
        return ""
    if not text.loss <= language.highest_loss:  # NaN included
        return (
            f"costs {text.loss:.1f} nats per token under the untrained model (its own samples {language.own_loss:.1f}, "
            f"the songs {language.songs_loss:.1f}, noise above {language.highest_loss:.1f})"
        )
    if text.known < KNOWN * language.known and text.loss > language.loss:
        return (
            f"has {100 * (1 - text.known):.0f} % words that are neither in the songs nor in the vocabulary "
            f"(the songs: {100 * (1 - language.known):.0f} %)"
        )
    if text.distinct < min(DISTINCT, language.distinct):
        return f"goes round in circles: {round(text.distinct * text.n_tokens)} different tokens in {text.n_tokens}"
    return ""


def judge(texts: list[Measured], language: Yardstick) -> tuple[bool | None, list[str]]:
    """Tell whether texts are language, and why not: half of them being noise is enough for a no.

    >>> language = Yardstick(own_loss=1.4, songs_loss=3.7, guessing=10.8, known=0.97, distinct=0.3)
    >>> good, noise, short = Measured(120, 2.4, 1, 0.5), Measured(120, 9.8, 1, 0.5), Measured(3, 9.8, 1, 1)
    >>> judge([good, good], language), judge([short], language), judge([good, noise, short], language)[0]
    ((True, []), (None, []), False)
    """
    n_judged = sum(text.n_tokens >= MIN_TOKENS for text in texts)
    reasons = [reason for text in texts if (reason := noise_in(text, language))]
    return (2 * len(reasons) < n_judged if n_judged else None), reasons
