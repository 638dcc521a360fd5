"""Cross-entropy of packed songs, as sums: only a sum over tokens can be added up over batches exactly.

The mean that is logged is always sum of nats over sum of target tokens (the definition of word- and
byte-perplexity in lm-evaluation-harness, https://github.com/EleutherAI/lm-evaluation-harness).
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from lyric_lm.data.batches import IGNORE_INDEX, Batch
from lyric_lm.errors import InputError


class LossSums(NamedTuple):
    """Nats summed over target tokens, () float32: what is minimised, and plain cross-entropy."""

    objective: Tensor
    nats: Tensor


def logits_of(network: PreTrainedModel, batch: Batch) -> Tensor:
    """Run the network over packed rows; a token sees its own song only.

    Returns:
        Logits (B, T, V) in the network's dtype or autocast's.

    Raises:
        InputError: the architecture does not take a mask between songs or positions that restart.
    """
    mask = batch["attention_mask"]  # (B, 1, T, T) bool
    if network.config._attn_implementation == "eager":  # adds the mask to the scores instead of selecting by it
        mask = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo(torch.float32).min)
    # use_cache=False: with a cache object, transformers ignores the mask's division into songs.
    ids, positions = batch["input_ids"], batch["position_ids"]
    try:
        return network(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False).logits
    except (AttributeError, TypeError, ValueError) as error:  # ALiBi models, for one, have no positions
        raise InputError(
            f"models of the kind {network.config.model_type} cannot be trained here: they do not take several songs in "
            f"a block ({str(error).partition(chr(10))[0]}); use another model, such as gpt2 or smollm2"
        ) from error


def loss_sums(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> LossSums:
    """Sum the cross-entropy over the target tokens, with and without label smoothing.

    With smoothing e over V tokens the objective is (1 - e) * nll + e * mean over V of -log p
    (Szegedy et al. 2016, https://arxiv.org/abs/1512.00567).

    >>> sums = loss_sums(torch.zeros(1, 2, 8), torch.tensor([[3, IGNORE_INDEX]]), label_smoothing=0.1)
    >>> round(sums.nats.item(), 4) == round(sums.objective.item(), 4) == round(math.log(8), 4)
    True

    Args:
        logits: (B, T, V), any float dtype; the sums are computed in float32.
        labels: (B, T) int64, the next token or ``IGNORE_INDEX``.
        label_smoothing: share of the target given to all tokens evenly, in [0, 1).
    """
    is_target = labels != IGNORE_INDEX
    scored = logits[is_target].float()  # (N, V)
    log_normaliser = scored.logsumexp(dim=-1)  # (N,)
    nll = log_normaliser - scored.gather(1, labels[is_target][:, None])[:, 0]
    nats = nll.sum()
    if not label_smoothing:
        return LossSums(nats, nats.detach())
    even = (log_normaliser - scored.mean(dim=-1)).sum()
    return LossSums((1 - label_smoothing) * nats + label_smoothing * even, nats.detach())


@torch.no_grad()
def held_out_loss(network: PreTrainedModel, batches: Iterable[Batch]) -> float:
    """Return the token-weighted mean cross-entropy over batches, nats per target token."""
    network.eval()
    device = next(network.parameters()).device
    nats, n_targets = 0.0, 0
    for batch in batches:
        batch = {name: value.to(device) for name, value in batch.items()}
        nats += loss_sums(logits_of(network, batch), batch["labels"]).nats.item()
        n_targets += int(batch["n_targets"])
    return nats / n_targets


def perplexity(loss: float) -> float:
    """Return exp(loss) for a loss in nats per token; infinite where a float cannot hold it.

    >>> round(perplexity(math.log(20.0)), 6), perplexity(1e6)
    (20.0, inf)
    """
    return math.exp(loss) if loss < 700 else math.inf


def bits_per_byte(nats: float, n_bytes: int) -> float:
    """Return summed nats as bits per UTF-8 byte of the text; comparable across tokenizers.

    >>> bits_per_byte(math.log(2) * 3, 2)
    1.5
    """
    return nats / math.log(2) / n_bytes
