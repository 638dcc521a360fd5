"""Does this device compute what it should? The network there against itself on the CPU, one row at a time.

The reference is the plainest computation there is: CPU, float32, eager attention, no cache, no padding, a single row.
Even on a CPU the quick ways (fused attention, cache, batches, padding, packing) are so compared with a slow one.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

import lyric_lm
from lyric_lm.checks.check import FAIL, PASS, Check
from lyric_lm.checks.rows import batched, decoded, left_padded, logits_alone, long_decoded, packed, stepwise
from lyric_lm.checks.sampling import check_sampling
from lyric_lm.checks.weights import check_predictions, check_tied
from lyric_lm.data.encoding import separator_id
from lyric_lm.decoding.choice import decoder_for

# The largest difference of logits over their scale. Measured on CPUs, float32: up to 4e-6 with SmolLM2 and random
# models of six architectures; a fault in attention or positions moves them by 1e-2 and more. Autocast to bf16: 1e-2.
LIMIT = 5e-4
MIXED_LIMIT = 0.1
TF32_LIMIT = 2e-2  # where float32 is multiplied in TF32: torch.get_float32_matmul_precision() is not "highest"
N_NEW = 32  # greedy tokens
_EAGER = "model.attention=eager, another version of torch, or the CPU (trainer.accelerator=cpu)"


def our_songs() -> Iterator[str]:
    """Yield texts to check with: the album's, so that no song of the user is needed."""
    for file in sorted((Path(lyric_lm.__file__).parent / "album").glob("*.txt")):
        yield file.read_text(encoding="utf-8")


def text_ids(tokenizer: PreTrainedTokenizerBase, n_tokens: int, context_length: int) -> list[int]:
    """Return the ids of a text, the separator first: ``n_tokens``, or as many as the context takes."""
    n_tokens = min(n_tokens, context_length)
    ids, songs = [separator_id(tokenizer)], our_songs()
    while len(ids) < n_tokens:
        ids += tokenizer(next(songs), add_special_tokens=False, verbose=False)["input_ids"]
    return ids[:n_tokens]


def difference(found: Tensor, right: Tensor) -> float:
    """Return the largest difference of logits (..., V), over the largest of the right ones.

    Their mean over V is taken off first: it drops out of every probability.

    >>> right = torch.tensor([-1.0, 1.0])
    >>> [difference(found, right) for found in (right + 4, 2 * right, right / 0)]
    [0.0, 1.0, nan]
    """
    found, right = (x - x.mean(dim=-1, keepdim=True) for x in (found.float(), right.float()))
    off = float((found - right).abs().max())
    return off / float(right.abs().max()) if off else 0.0


@contextlib.contextmanager
def as_it_was(network: PreTrainedModel) -> Iterator[None]:
    """Put the network back to its device, attention and mode, and the random numbers to where they were."""
    device, attention, was_training = network.device, network.config._attn_implementation, network.training
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if torch.cuda.is_available() else []):
        try:
            yield
        finally:
            network.set_attn_implementation(attention)
            network.to(device)
            network.train(was_training)


@torch.no_grad()
def check_machine(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    device: str,
    precision: str,
    from_scratch: bool,
    is_full: bool = False,
) -> list[Check]:
    """Compare a network on a device with itself on the CPU; a few seconds, and the network is left as it was.

    Args:
        device: ``cuda``, ``mps`` or ``cpu``.
        precision: Lightning's name of the one that will be trained in.
        from_scratch: whether the weights are random on purpose.
        is_full: also compare at the far end of the context, and draw more often.
    """
    context = int(network.config.max_position_embeddings)
    ids = text_ids(tokenizer, 40, context)
    prompt = text_ids(tokenizer, 16, context - N_NEW)
    limit = limit_on(device)
    with as_it_was(network):
        network.eval().to(device)
        alone = logits_alone(network, ids)
        mixed = None
        if "mixed" in precision:
            with torch.autocast(device, torch.bfloat16 if "bf16" in precision else torch.float16):
                mixed = logits_alone(network, ids)
        exact, used = decoder_for(network, "float32"), decoder_for(network)
        tokens, written_so = decoded(exact, prompt, N_NEW)
        written = [*prompt, *tokens[:-1]]
        whole = logits_alone(network, written)[len(prompt) - 1 :]
        ways = {
            "cached_decoding": ((written_so, whole), "the cache loses or misplaces what was read"),
            "batched": (batched(network, exact, ids), "songs written side by side change each other"),
            "left_padded": (left_padded(network, ids), "the padding of one row is used for another"),
            "packing": (packed(network, ids), "songs in one block see each other"),
        }
        if is_full:
            long = text_ids(tokenizer, 1100, context)
            ways["far_positions"] = (long_decoded(network, exact, long), "long texts are read wrongly")
        checks = [_compared(name, *pair, meaning, limit) for name, (pair, meaning) in ways.items()]
        if used.precision != exact.precision and checks[0].status == PASS:  # that which songs are written in
            meaning = f"writing in {used.precision} is more than less exact here"
            checks[0] = _compared("cached_decoding", stepwise(used, prompt, tokens), whole, meaning, MIXED_LIMIT)
        checks += [check_tied(network), check_sampling(whole[-1].to(device), n_draws=5000 if is_full else 1000)]
        network.to("cpu")
        network.set_attn_implementation("eager")
        right = logits_alone(network, ids)
        first = [_compared("logits", alone, right, f"{device} computes something else than the CPU", limit)]
        if mixed is not None:
            meaning = f"{precision} is more than less exact here"
            first.append(_compared("logits_mixed", mixed, right, meaning, MIXED_LIMIT))
        first.append(check_greedy(tokens, logits_alone(network, written)[len(prompt) - 1 :], limit))
        return [check_predictions(right, from_scratch), *first, *checks]


def limit_on(device: str) -> float:
    """Return the largest difference that rounding can make on a device in float32."""
    return TF32_LIMIT if device == "cuda" and torch.get_float32_matmul_precision() != "highest" else LIMIT


def check_greedy(tokens: list[int], right: Tensor, limit: float = LIMIT) -> Check:
    """The likeliest tokens that the device wrote are the likeliest by the reference's logits (T, V), read after them.

    Where two are as good as equal, either may be written; those after it are judged by what was written.

    >>> right = torch.tensor([[0.0, 9.0], [9.0, 0.0], [5.0, 5.000001]])
    >>> [check_greedy(tokens, right).figure for tokens in ([1, 0, 0], [1, 1, 1])]
    ['3 of 3 tokens', '2 of 3 tokens']
    """
    tie = 2 * limit * float((right - right.mean(dim=-1, keepdim=True)).abs().max())
    lost = right.amax(dim=-1) - right[torch.arange(len(tokens)), torch.tensor(tokens)]
    n_same = int((lost <= tie).sum())
    is_right = n_same == len(tokens)
    meaning = "" if is_right else f"the text written here is not the model's; use {_EAGER}"
    return Check(
        *("greedy", PASS if is_right else FAIL, f"{n_same} of {len(tokens)} tokens"),
        *("all those that the reference writes", meaning),
    )


def _compared(name: str, found: Tensor, right: Tensor, meaning: str, limit: float) -> Check:
    """Return the check of a difference; one that is not a number fails."""
    off = difference(found, right)
    is_right = off <= limit
    advice = "" if is_right else f"{meaning}: nothing written or trained here can be trusted; use {_EAGER}"
    return Check(name, PASS if is_right else FAIL, f"off by {off:.1e}", f"{limit:.0e} of the logits' scale", advice)
