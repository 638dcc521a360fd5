"""Cross-entropy of packed songs, as sums: only a sum over tokens can be added up over batches exactly.

The mean that is logged is always sum of nats over sum of target tokens (the definition of word- and
byte-perplexity in lm-evaluation-harness, https://github.com/EleutherAI/lm-evaluation-harness).
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from lyric_lm.data.batches import IGNORE_INDEX, Batch, on
from lyric_lm.errors import InputError
from lyric_lm.model.attention import NAME, Songs
from lyric_lm.model.head_loss import HeadLoss


class LossSums(NamedTuple):
    """Nats summed over target tokens, () float32: what is minimised, and plain cross-entropy."""

    objective: Tensor
    nats: Tensor


def batch_sums(network: PreTrainedModel, batch: Batch, label_smoothing: float = 0.0) -> LossSums:
    """Run the network over a batch of songs; return the cross-entropy summed over its target tokens.

    Where the network ends in a plain linear layer, logits are computed for targets only, and none is kept.

    Args:
        label_smoothing: share of the target given to all tokens evenly, in [0, 1).

    Raises:
        InputError: see ``logits_of``.
    """
    if not has_plain_head(network):
        return loss_sums(logits_of(network, batch), batch["labels"], label_smoothing)
    hidden = _read(network.base_model, network, batch)[0]  # last_hidden_state (1, T, D)
    labels = batch["labels"]
    weight = network.get_output_embeddings().weight
    if not torch.is_grad_enabled():
        weight = weight.detach()  # a function is asked for gradients of what requires them, wanted or not
    # On a CPU the few tokens without a target are left out; elsewhere, to count the others would be to wait.
    scored = labels != IGNORE_INDEX if labels.device.type == "cpu" else 0
    return LossSums(*HeadLoss.apply(hidden[scored], weight, labels[scored], label_smoothing))  # type: ignore[no-untyped-call]


@torch.no_grad()
def has_plain_head(network: PreTrainedModel) -> bool:
    """Tell whether the logits are the last hidden states times the output layer's matrix, and nothing else.

    Found out once, on three tokens: some architectures scale logits, cap them, or add a bias.
    """
    if not hasattr(network, "_has_plain_head"):
        head = network.get_output_embeddings()
        is_plain = isinstance(head, nn.Linear) and head.bias is None and network.base_model is not network
        if is_plain:
            was_training = network.training
            network.eval()
            ids = torch.arange(3, device=network.device)[None]
            logits = network(input_ids=ids, use_cache=False).logits
            hidden = network.base_model(input_ids=ids, use_cache=False)[0]
            is_plain = hidden.shape[-1] == head.in_features and torch.allclose(head(hidden), logits, 1e-4, 1e-4)
            network.train(was_training)
        network._has_plain_head = is_plain
    return network._has_plain_head


def logits_of(network: PreTrainedModel, batch: Batch) -> Tensor:
    """Run the network over a batch of songs; a token sees its own song only.

    Returns:
        Logits (1, T, V) in the network's dtype or autocast's.

    Raises:
        InputError: the architecture does not take lengths of songs, or positions that restart.
    """
    return _read(network, network, batch).logits


def _read(part: nn.Module, network: PreTrainedModel, batch: Batch) -> Any:
    """Return what the network, or its part without the output layer, puts out for a batch."""
    songs = Songs(batch["song_lengths"], batch["song_starts"], batch["longest"])
    how: dict[str, Any] = {"input_ids": batch["input_ids"], "position_ids": batch["position_ids"]}
    is_eager = network.config._attn_implementation == "eager"
    if is_eager:  # adds a mask to the scores
        how["attention_mask"] = mask_between(songs.lengths, network.device)
    else:
        network.config._attn_implementation = NAME
        # A mask of four dimensions is passed on as it is, and none is made.
        nothing = torch.ones((1, 1, 1, 1), dtype=torch.bool, device=network.device)
        how |= {"attention_mask": nothing, "songs": songs}
    try:
        # use_cache=False: with a cache object, transformers may see several songs as one.
        output = part(**how, use_cache=False)
    except (AttributeError, TypeError, ValueError) as error:  # ALiBi models, for one, have no positions
        raise InputError(_refusal(network, str(error).partition("\n")[0])) from error
    # Compiled attention does not count.
    network._heeds_songs = is_eager or songs.n_asked > 0 or getattr(network, "_heeds_songs", False)
    if not network._heeds_songs:
        raise InputError(_refusal(network, "attention does not go through the library's interface"))
    return output


def _refusal(network: PreTrainedModel, why: str) -> str:
    return (
        f"models of the kind {network.config.model_type} cannot be trained here: they do not take several songs in "
        f"a block ({why}); use another model, such as gpt2 or smollm2"
    )


def mask_between(lengths: list[int], device: torch.device) -> Tensor:
    """Return what is added to scores (1, 1, T, T): 0 for a token itself and earlier ones of its song, else very little.

    >>> mask_between([2, 1], torch.device("cpu"))[0, 0].int().clamp(-1).tolist()
    [[0, -1, -1], [0, 0, -1], [-1, -1, 0]]
    """
    song_of = torch.repeat_interleave(torch.tensor(lengths))  # (T,)
    is_seen = (song_of[:, None] == song_of).tril()
    return torch.zeros(is_seen.shape).masked_fill(~is_seen, torch.finfo(torch.float32).min)[None, None].to(device)


def loss_sums(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> LossSums:
    """Sum the cross-entropy of logits over the target tokens, with and without label smoothing, in float32.

    With smoothing e over V tokens the objective is (1 - e) * nll + e * mean over V of -log p
    (Szegedy et al. 2016, https://arxiv.org/abs/1512.00567).

    >>> sums = loss_sums(torch.zeros(1, 2, 8), torch.tensor([[3, IGNORE_INDEX]]), label_smoothing=0.1)
    >>> round(sums.nats.item(), 4) == round(sums.objective.item(), 4) == round(math.log(8), 4)
    True

    Args:
        logits: (B, T, V), any float dtype.
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
        batch = on(device, batch)
        nats += batch_sums(network, batch).nats.item()
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
