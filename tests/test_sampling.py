"""Sampling: the seed decides, every token is an allowed one, and batches, caches and streams change nothing."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from lyric_lm import drawing
from lyric_lm.decoding.choice import decoder_for
from lyric_lm.errors import InputError
from lyric_lm.model.tiny import make_tiny
from lyric_lm.sampling import MAX_BATCH, Sample, write_songs
from lyric_lm.sampling_settings import Sampling

SEPARATOR = 0
PROMPT = "Row on, row home"

Model = tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]


def choice(**changes: Any) -> Sampling:
    plain: dict[str, Any] = {
        **{"max_new_tokens": 24, "temperature": 1.0, "top_k": 0, "top_p": None, "min_p": None},
        **{"repetition_penalty": 1.0, "originality": None},
    }
    return Sampling(**{**plain, **changes})


def write(model: Model, prompt: str, seeds: list[int], precision: str = "float32", **changes: Any) -> list[Sample]:
    decoder = decoder_for(model[0], precision)
    return list(write_songs(*model, prompt, seeds, choice(**changes), decoder=decoder))


def sharp() -> Model:
    """The tiny model with opinions: a head of its own whose logits have a standard deviation of about 2."""
    network, tokenizer = make_tiny()
    weights = torch.randn(257, 48, generator=torch.Generator().manual_seed(0)) * 0.3
    network.lm_head.weight = torch.nn.Parameter(weights)
    return network.eval(), tokenizer


def decide(network: GPT2LMHeadModel, rule: Callable[[Tensor, int, Tensor], None]) -> list[int]:
    """Let ``rule(last tokens (B,), tokens so far, logits (B, V))`` change the next token's logits.

    Returns the numbers of rows of each forward pass, as they come.
    """
    n_rows: list[int] = []

    def hook(module: torch.nn.Module, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        n_rows.append(len(kwargs["input_ids"]))
        rule(kwargs["input_ids"][:, -1], kwargs["attention_mask"].shape[1], output.logits[:, -1])

    network.register_forward_hook(hook, with_kwargs=True)
    return n_rows


@pytest.fixture
def picks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tensor, int]]:
    """Every draw of a test: the scores (V,), -inf where a token was not allowed, and the token."""
    drawn: list[tuple[Tensor, int]] = []
    pick = drawing.pick

    def recorded(tokens: Tensor, scores: Tensor, generator: torch.Generator) -> int:
        token = pick(tokens, scores, generator)
        drawn.append((torch.full((257,), -torch.inf).scatter(0, tokens, scores), token))
        return token

    monkeypatch.setattr(drawing, "pick", recorded)
    return drawn


@pytest.fixture(scope="module")
def model() -> Model:
    return sharp()


# Seeds and batches


def test_same_seed_same_text(model: Model) -> None:
    torch.manual_seed(1)
    first = write(model, PROMPT, [1, 2, 3])
    torch.manual_seed(2)  # the global generator plays no part
    assert write(model, PROMPT, [1, 2, 3]) == first
    assert len({sample.text for sample in first}) == 3
    assert [sample.seed for sample in first] == [1, 2, 3]
    assert all(sample.prompt == PROMPT and sample.text.startswith(PROMPT) for sample in first)


def test_the_global_random_state_is_left_alone(model: Model) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    write(model, PROMPT, [1])
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_neighbours_in_the_batch_change_nothing(model: Model, precision: str) -> None:
    seeds = list(range(MAX_BATCH + 3))  # more than at a time
    together = write(model, PROMPT, seeds, precision)
    assert together == [write(model, PROMPT, [seed], precision)[0] for seed in seeds]


def test_the_training_mode_is_restored_and_dropout_is_off() -> None:
    network, tokenizer = make_tiny(dropout=0.5)
    quiet = write((network.eval(), tokenizer), PROMPT, [1])
    assert not network.training
    assert write((network.train(), tokenizer), PROMPT, [1]) == quiet
    assert network.training


def test_the_training_mode_is_restored_after_a_failure() -> None:
    network, tokenizer = make_tiny()

    def fail(last: Tensor, n: int, logits: Tensor) -> None:
        raise RuntimeError("out of order")

    decide(network.train(), fail)
    with pytest.raises(RuntimeError, match="out of order"):
        write((network, tokenizer), PROMPT, [1])
    assert network.training


# Which tokens


@torch.no_grad()
def greedy(model: Model, prompt: str, n: int) -> list[int]:
    """The likeliest continuation, the slow way: the whole text again for every token, no cache."""
    network, tokenizer = model
    ids = [SEPARATOR, *tokenizer(prompt)["input_ids"]]
    start = len(ids)
    while len(ids) < start + n:
        ids.append(int(network(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
        if ids[-1] == SEPARATOR:
            break
    return ids[start:]


def test_temperature_0_is_greedy(model: Model, picks: list[tuple[Tensor, int]]) -> None:
    first, second = write(model, PROMPT, [1, 2], temperature=0)
    assert first.text == second.text
    assert [token for _, token in picks[::2]] == greedy(model, PROMPT, 24)


def test_top_k_1_is_greedy(model: Model) -> None:
    assert write(model, PROMPT, [5], top_k=1)[0].text == write(model, PROMPT, [5], temperature=0)[0].text


def test_an_empty_prompt_begins_after_the_separator(model: Model, picks: list[tuple[Tensor, int]]) -> None:
    (sample,) = write(model, "", [1], temperature=0)
    assert [token for _, token in picks] == greedy(model, "", 24)
    assert sample.prompt == ""


def allowed_by_hand(
    logits: Tensor, temperature: float, top_k: int, top_p: float | None, min_p: float | None
) -> set[int]:
    """The tokens that may be drawn, from the definitions, one filter at a time."""
    exponentials = {token: math.exp(logit / temperature) for token, logit in enumerate(logits.tolist())}
    for name, value in (("top_k", top_k), ("top_p", top_p), ("min_p", min_p)):
        if not value:
            continue
        total = sum(exponentials.values())
        ordered = sorted(exponentials, key=lambda token: -exponentials[token])
        if name == "top_k":
            kept = ordered[: int(value)]
        elif name == "top_p":
            kept, share = [], 0.0
            for token in ordered:
                if share >= value:
                    break
                kept.append(token)
                share += exponentials[token] / total
        else:
            kept = [token for token in ordered if exponentials[token] >= value * exponentials[ordered[0]]]
        exponentials = {token: exponentials[token] for token in kept}
    return set(exponentials)


@pytest.mark.parametrize(
    "settings",
    [
        {"top_k": 5},
        {"top_p": 0.5},
        {"min_p": 0.2},
        {"top_k": 40, "top_p": 0.9, "min_p": 0.05, "temperature": 0.7},
        {"temperature": 1.5, "top_p": 0.8},
        {"top_k": 1000},  # more than there are tokens
        {"top_p": 1, "min_p": 0},
        {"top_k": None},
    ],
    ids=str,
)
def test_tokens_come_from_the_allowed_set(
    model: Model, picks: list[tuple[Tensor, int]], settings: dict[str, Any]
) -> None:
    network, tokenizer = model
    write(model, PROMPT, [3], **settings)
    assert picks
    ids = [SEPARATOR, *tokenizer(PROMPT)["input_ids"]]
    for scores, token in picks:
        with torch.no_grad():
            logits = network(torch.tensor([ids]), use_cache=False).logits[0, -1].double()
        filters = {"temperature": 1.0, "top_k": 0, "top_p": None, "min_p": None, **settings}
        filters["top_p"] = None if filters["top_p"] == 1 else filters["top_p"]
        allowed = allowed_by_hand(logits, **filters)
        assert token in allowed
        assert set(scores.isfinite().nonzero()[:, 0].tolist()) == allowed
        ids.append(token)


def test_tokens_come_as_often_as_their_probability_says(model: Model, picks: list[tuple[Tensor, int]]) -> None:
    network, tokenizer = model
    n = 800
    write(model, PROMPT, list(range(n)), max_new_tokens=1, temperature=0.7, top_k=3)
    with torch.no_grad():
        ids = torch.tensor([[SEPARATOR, *tokenizer(PROMPT)["input_ids"]]])
        logits = network(ids).logits[0, -1].tolist()
    best = sorted(range(len(logits)), key=lambda token: -logits[token])[:3]
    weights = [math.exp(logits[token] / 0.7) for token in best]
    for token, weight in zip(best, weights, strict=True):
        p = weight / sum(weights)
        found = sum(drawn == token for _, drawn in picks)
        assert abs(found - n * p) < 4 * math.sqrt(n * p * (1 - p)) + 1


@pytest.mark.parametrize("penalty", [2, 2.0])  # 2 is how it is typed
def test_repetition_penalty(model: Model, penalty: float, picks: list[tuple[Tensor, int]]) -> None:
    """The rule of the CTRL paper, eq. in section 4.1: logits of tokens so far are divided, negative ones multiplied."""
    network, tokenizer = model
    write(model, PROMPT, [1], max_new_tokens=1, repetition_penalty=penalty)
    ids = [SEPARATOR, *tokenizer(PROMPT)["input_ids"]]
    with torch.no_grad():
        expected = network(torch.tensor([ids])).logits[0, -1].clone()
    for token in set(ids):
        expected[token] *= 1 / 2 if expected[token] > 0 else 2
    torch.testing.assert_close(picks[0][0], expected, atol=1e-4, rtol=1e-4)


# Endings


def test_a_song_ends_with_the_separator() -> None:
    network, tokenizer = sharp()
    n_prompt = 1 + len(PROMPT)

    def after_five(last: Tensor, n: int, logits: Tensor) -> None:
        logits[:, SEPARATOR] = 1e4 if n == n_prompt + 5 else -1e4

    decide(network, after_five)
    (sample,) = write((network, tokenizer), PROMPT, [1], top_k=10)
    (cut,) = write((network, tokenizer), PROMPT, [1], top_k=10, max_new_tokens=5)
    assert sample.ended
    assert not cut.ended
    assert sample.text == cut.text
    assert "<|endoftext|>" not in sample.text


def test_a_song_may_end_at_once() -> None:
    network, tokenizer = make_tiny()
    decide(network, lambda last, n, logits: logits[:, SEPARATOR].fill_(1e4))
    pieces: list[str] = []
    (sample,) = write_songs(network, tokenizer, PROMPT, [1], choice(), on_text=pieces.append)
    assert sample == Sample(PROMPT, PROMPT, True, 1)
    assert "".join(pieces) == PROMPT


def test_finished_songs_leave_the_batch_and_the_others_go_on() -> None:
    network, tokenizer = sharp()

    def ends_after_some(last: Tensor, n: int, logits: Tensor) -> None:
        logits[:, SEPARATOR] = torch.where(last % 32 == 3, 1e4, -1e4)

    n_rows = decide(network, ends_after_some)
    together = write((network, tokenizer), "Row", list(range(12)), max_new_tokens=40)
    assert n_rows[0] == 12
    assert n_rows == sorted(n_rows, reverse=True)
    assert len(set(n_rows)) > 4
    assert {sample.ended for sample in together} == {True, False}
    assert together == [write((network, tokenizer), "Row", [seed], max_new_tokens=40)[0] for seed in range(12)]


# Text


def scripted(text: str) -> Model:
    """A model that writes one text and ends; every byte is a token."""
    network, tokenizer = make_tiny()
    script = [*tokenizer(text)["input_ids"], SEPARATOR]

    def follow(last: Tensor, n: int, logits: Tensor) -> None:
        logits[:, script[n - 1]] = 1e4  # the first token has the separator before it

    decide(network, follow)
    return network, tokenizer


LETTERS = "café, Привет,\nмир 🎵🎶 — ok"


@pytest.mark.parametrize("n_prompt", [0, 3, 4, 9])
def test_pieces_are_whole_letters_and_join_to_the_text(n_prompt: int) -> None:
    pieces: list[str] = []
    song = write_songs(*scripted(LETTERS), LETTERS[:n_prompt], [1], choice(max_new_tokens=100), on_text=pieces.append)
    (sample,) = song
    assert sample.text == LETTERS
    assert sample.ended
    assert "".join(pieces) == LETTERS
    assert "🎵" in pieces
    assert not any("\ufffd" in piece for piece in pieces)


@pytest.mark.parametrize("max_new_tokens", range(1, len(LETTERS.encode()) + 1))
def test_pieces_join_to_the_text_wherever_it_is_cut(max_new_tokens: int) -> None:
    pieces: list[str] = []
    (sample,) = write_songs(*scripted(LETTERS), "", [1], choice(max_new_tokens=max_new_tokens), on_text=pieces.append)
    assert "".join(pieces) == sample.text
    assert sample.text == LETTERS.encode()[:max_new_tokens].decode(errors="replace")
    assert not sample.ended


def test_pieces_of_noise_join_to_the_text(model: Model) -> None:
    for seed in range(5):
        pieces: list[str] = []
        (sample,) = write_songs(*model, PROMPT, [seed], choice(max_new_tokens=40), on_text=pieces.append)
        assert "".join(pieces) == sample.text


@pytest.mark.parametrize("prompt", ["girl, you", "don't", "Ünï", "two\nlines\n"])
def test_a_prompt_stays_as_it_is(model: Model, prompt: str) -> None:
    (sample,) = write(model, prompt, [1])
    assert sample.prompt == prompt
    assert sample.text.startswith(prompt)


def test_a_trailing_space_is_left_away(model: Model) -> None:
    assert write(model, "girl ", [1]) == write(model, "girl", [1])
    assert write(model, "  ", [1]) == write(model, "", [1])


# Refusals


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("max_new_tokens", 0, "at least 1"),
        ("max_new_tokens", 2.5, "a whole number"),
        ("max_new_tokens", None, "a whole number"),
        ("temperature", -0.1, "0 or more"),
        ("temperature", float("nan"), "0 or more"),
        ("temperature", "hot", "a number"),
        ("temperature", None, "a number"),
        ("top_k", -1, "0 (all tokens) or more"),
        ("top_k", 1.5, "a whole number"),
        ("top_p", 0, "above 0 and at most 1"),
        ("top_p", 1.1, "above 0 and at most 1"),
        ("min_p", -0.1, "from 0 to 1"),
        ("min_p", 1.1, "from 0 to 1"),
        ("repetition_penalty", 0, "above 0; 1 is none"),
        ("repetition_penalty", True, "a number"),
    ],
)
def test_values_out_of_range_are_refused(key: str, value: Any, what: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"{key}={value} cannot work; it must be {what}")):
        choice(**{key: value})


def test_more_tokens_than_the_context_are_refused(model: Model) -> None:
    with pytest.raises(InputError, match=re.escape("max_new_tokens=1020 exceed the model's context of 1024; "
                                                   "set max_new_tokens <= 1019 or shorten the prompt")):  # fmt: skip
        write(model, "girl", [1], max_new_tokens=1020)
    assert len(write(model, "a" * 1000, [1], max_new_tokens=23, temperature=0)[0].text) > 1000  # 1001 + 23 = 1024
    with pytest.raises(InputError, match="shorten the prompt"):
        write(model, "a" * 1000, [1], max_new_tokens=24)
    with pytest.raises(InputError, match=r"prompt=aaa.* leaves no room"):
        write(model, "a" * 1024, [1])
