"""MAUVE: how near the distribution of one set of texts is to another's, as a language model sees them.

Two sets of texts go in, a number from 0 to 1 comes out; the higher, the nearer (Pillutla et al. 2021,
https://arxiv.org/abs/2102.01454). It is made for thousands of texts: of a few dozen it compares histograms of a few
buckets, and says little. The package ``mauve-text`` is optional.
"""

import random
from types import ModuleType
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.data.encoding import separator_id
from lyric_lm.errors import InputError
from lyric_lm.model.pretrained import context_length

MOST_TOKENS = 256  # of a text, the separator before it included
BATCH = 16  # texts


def mauve_library() -> ModuleType:
    """Return the library; call it before long work, so that its absence is told at once.

    Raises:
        InputError: it is not installed.
    """
    try:
        import mauve
    except ImportError as error:
        raise InputError(
            f'mauve=true needs a package that cannot be imported ({error}); pip install -e ".[mauve]", '
            "or set mauve=false"
        ) from error
    return cast(ModuleType, mauve)


def mauve_of(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: list[str], others: list[str], seed: int
) -> float:
    """Return MAUVE of two sets of texts with the network's own features, in [0, 1].

    The library takes a bucket for every ten texts of the smaller set, and at least two.

    Raises:
        InputError: the library is not installed.
    """
    library = mauve_library()
    p, q = (text_features(network, tokenizer, each) for each in (texts, others))
    return float(library.compute_mauve(p_features=p, q_features=q, seed=seed, verbose=False).mauve)


def mauve_report(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, sets: dict[str, list[str] | None], seed: int
) -> dict[str, Any]:
    """Return MAUVE of each set (``samples``, ``base``, ``train``) against ``held_out``, None where there is no set.

    Of each set the same number of texts is drawn, ``n``, that of the smallest: the figure depends on it. ``caveat`` is
    a sentence to print beside the figures.
    """
    n = min(len(texts) for texts in sets.values() if texts is not None)
    drawn = {name: random.Random(seed).sample(texts, n) for name, texts in sets.items() if texts is not None}
    report: dict[str, Any] = {
        name: mauve_of(network, tokenizer, drawn[name], drawn["held_out"], seed) if name in drawn else None
        for name in ("samples", "base", "train")
    }
    caveat = (
        "MAUVE is made for thousands of texts; with so few it is coarse, and means something only beside the figure "
        "of the training songs."
    )
    return {**report, "n": n, "caveat": caveat}


@torch.no_grad()
def text_features(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: list[str]
) -> NDArray[np.float32]:
    """Return the last layer's hidden state at each text's last token, (n_texts, width).

    A separator stands before each text, so that an empty text has a last token too; of a long one the first
    ``MOST_TOKENS`` are read.
    """
    separator = separator_id(tokenizer)
    most = min(MOST_TOKENS, context_length(network))
    encoded = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []
    rows = [[separator, *ids][:most] for ids in encoded]
    was_training = network.training
    network.eval()
    features = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        ends = torch.tensor([len(row) - 1 for row in batch], device=network.device)  # (B,)
        width = max(map(len, batch))
        # What pads stands after the last token, which does not see it.
        ids = torch.tensor([row + [separator] * (width - len(row)) for row in batch], device=network.device)
        hidden = network.base_model(input_ids=ids, use_cache=False).last_hidden_state  # (B, T, width)
        features.append(hidden[torch.arange(len(batch), device=network.device), ends].float().cpu().numpy())
    network.train(was_training)
    return np.concatenate(features)
