"""Are the weights whole, and is the tokenizer theirs?

What a checkpoint lacks is refused where it is loaded (``model.pretrained``); here is what can be seen afterwards.
"""

import math

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.checks.check import FAIL, PASS, WARN, Check
from lyric_lm.model.lora import is_adapter

_ANOTHER = "take another model, or fetch this one again"


def check_weights(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: list[str], from_scratch: bool
) -> list[Check]:
    """Make the checks of weights and tokenizer; ``texts`` are songs, or anything the model will meet."""
    return [
        check_values(network, from_scratch),
        check_vocabulary(len(tokenizer), network.get_input_embeddings().num_embeddings),
        check_round_trip(tokenizer, texts),
    ]


def check_loaded(network: PreTrainedModel, from_scratch: bool) -> Check:
    """Everything in the checkpoint has a place in the network; ``load_model`` has refused the opposite."""
    n_tensors = sum(not is_adapter(name) for name, _ in network.named_parameters())
    unused = getattr(network, "unused_weights", [])
    if from_scratch:
        return Check("loaded", PASS, f"{n_tensors} tensors, random", "none: the weights are random on purpose", "")
    figure = f"{n_tensors} of {n_tensors} tensors from the checkpoint, {len(unused)} of its own left over"
    meaning = ""
    if unused:
        meaning = (
            f"the checkpoint has parts that this model does not ({', '.join(unused[:3])}): is config.json its own?"
        )
    return Check("loaded", WARN if unused else PASS, figure, "all, and none left over", meaning)


def check_values(network: PreTrainedModel, from_scratch: bool) -> Check:
    """No weight is NaN or infinite, and no matrix has one value throughout, as one that was never filled has."""
    broken = []
    n_values = 0
    for name, weight in network.named_parameters():
        low, high = (float(bound) for bound in weight.detach().cpu().aminmax())
        is_finite = abs(low) < float("inf") and abs(high) < float("inf")  # false for NaN
        if not is_finite:
            broken.append(f"{name} is not finite")
        elif low == high and weight.ndim > 1 and weight.numel() > 1 and not (from_scratch or is_adapter(name)):
            broken.append(f"{name} is {low:g} throughout")
        n_values += weight.numel()
    figure = f"{len(broken)} tensors" if broken else f"none of {n_values:,} values"
    meaning = f"the weights are damaged ({', '.join(broken[:3])}): {_ANOTHER}" if broken else ""
    return Check("weights", FAIL if broken else PASS, figure, "no NaN, no infinity, no constant matrix", meaning)


def check_tied(network: PreTrainedModel) -> Check:
    """Embedding and output are one matrix where the model says so; on the device too, where it is there."""
    is_meant = bool(network.config.get_text_config().tie_word_embeddings)
    embedding, output = network.get_input_embeddings(), network.get_output_embeddings()
    is_tied = embedding.weight.data_ptr() == output.weight.data_ptr()
    is_right = is_tied or not is_meant
    figure = f"{'one matrix' if is_tied else 'two matrices'} on {embedding.weight.device.type}"
    limit = "one: embedding and output are tied" if is_meant else "two: embedding and output are not tied"
    meaning = (
        "" if is_right else "they would be trained apart, and saved as something else: install another transformers"
    )
    return Check("tied_weights", PASS if is_right else FAIL, figure, limit, meaning)


def check_predictions(logits: Tensor, from_scratch: bool) -> Check:
    """A model that has learned something expects some tokens more than others: random weights expect all alike.

    Tells, without knowing the songs or their language, weights that were not loaded from a tokenizer that is another
    model's: with that one, the model is as sure as ever, and wrong (``untrained_loss``).

    Args:
        logits: (T, V), after the tokens of some text.

    >>> import torch
    >>> check_predictions(torch.zeros(1, 100), False).figure, check_predictions(torch.eye(100) * 9, False).status
    ('4.61 nats of doubt per token', 'pass')
    """
    log_shares = logits.float().log_softmax(dim=-1)
    doubt = -float((log_shares.exp() * log_shares).sum(dim=-1).mean())  # entropy
    even = math.log(logits.shape[-1])
    figure, limit = f"{doubt:.2f} nats of doubt per token", f"below {0.9 * even:.2f}; guessing evenly has {even:.2f}"
    if from_scratch:
        return Check("predictions", PASS, figure, "none: the weights are random on purpose", "")
    is_sure = doubt < 0.9 * even
    meaning = "" if is_sure else "the model is guessing: its weights are random, or it has learned next to nothing"
    return Check("predictions", PASS if is_sure else WARN, figure, limit, meaning)


def check_vocabulary(n_tokens: int, n_rows: int) -> Check:
    """The tokenizer has about as many tokens as the embedding has rows: a few rows more round the number up.

    >>> [check_vocabulary(n_tokens, 50304).status for n_tokens in (50277, 50304, 32000, 50400)]
    ['pass', 'pass', 'warn', 'fail']
    """
    limit = f"at most {n_rows}, and not many fewer"
    if n_tokens > n_rows:
        meaning = f"the model has no place for some of them: the tokenizer is not its own; {_ANOTHER}"
        return Check("vocabulary", FAIL, f"{n_tokens} tokens", limit, meaning)
    is_near = n_tokens >= 0.95 * n_rows
    meaning = (
        "" if is_near else f"much of the model's vocabulary cannot be written: is the tokenizer its own? {_ANOTHER}"
    )
    return Check("vocabulary", PASS if is_near else WARN, f"{n_tokens} tokens", limit, meaning)


def check_round_trip(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> Check:
    """What the tokenizer takes apart it puts together again."""
    changed = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        if (again := tokenizer.decode(ids)) != text:
            changed.append((text, again))
    figure = f"{len(changed)} of {len(texts)} songs come back changed"
    if not changed:
        return Check("round_trip", PASS, figure, "none", "")
    text, again = changed[0]
    start = next((i for i, (a, b) in enumerate(zip(text, again, strict=False)) if a != b), min(len(text), len(again)))
    seen, got = (repr(part[max(0, start - 10) : start + 10]) for part in (text, again))
    meaning = f"the tokenizer loses something ({seen} comes back as {got}), and so will the songs; take another model"
    return Check("round_trip", WARN, figure, "none", meaning)
