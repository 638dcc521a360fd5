"""Which tokens are drawn: allowed ones, as often as their probability says, and the likeliest where it is asked for."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from lyric_lm import drawing
from tests.sharp_model import PROMPT, SEPARATOR, Model, sharp, write


@pytest.fixture(scope="module")
def model() -> Model:
    return sharp()


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


@torch.no_grad()
def greedy(model: Model, prompt: str, n: int) -> list[int]:
    """The likeliest continuation, the slow way: the whole text again for every token, no cache."""
    network, tokenizer = model
    ids = [SEPARATOR, *tokenizer("\n" + prompt)["input_ids"]]
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


def test_an_empty_prompt_begins_after_a_line_end(model: Model, picks: list[tuple[Tensor, int]]) -> None:
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
    ids = [SEPARATOR, *tokenizer("\n" + PROMPT)["input_ids"]]
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
        ids = torch.tensor([[SEPARATOR, *tokenizer("\n" + PROMPT)["input_ids"]]])
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
    ids = [SEPARATOR, *tokenizer("\n" + PROMPT)["input_ids"]]
    with torch.no_grad():
        expected = network(torch.tensor([ids])).logits[0, -1].clone()
    for token in set(ids):
        expected[token] *= 1 / 2 if expected[token] > 0 else 2
    torch.testing.assert_close(picks[0][0], expected, atol=1e-4, rtol=1e-4)
