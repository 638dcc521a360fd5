"""The filters allow the tokens that transformers' own allow, though they look at the likeliest only."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from lyric_lm import drawing

N_TOKENS = 3000

How = dict[str, Any]


def by_transformers(logits: Tensor, how: How) -> Tensor:
    """Return filtered scores (V,), -inf where a token is not allowed; in float64 from the temperature on.

    In float32, sums over a vocabulary are off by 1e-6, and with them the last tokens of top_p.
    """
    nothing = torch.zeros((1, 1), dtype=torch.int64)
    scores: Tensor = TemperatureLogitsWarper(float(how["temperature"]))(nothing, logits[None]).double()
    filters = LogitsProcessorList()
    if how["top_k"]:
        filters.append(TopKLogitsWarper(how["top_k"]))
    if how["top_p"]:
        filters.append(TopPLogitsWarper(how["top_p"]))
    if how["min_p"]:
        filters.append(MinPLogitsWarper(how["min_p"]))
    return filters(nothing, scores)[0]


def kept(logits: Tensor, how: How) -> tuple[list[int], list[float]]:
    tokens, scores = drawing.allowed(logits.numpy(), **how)
    return tokens.tolist(), scores.tolist()


HOW = st.fixed_dictionaries(
    {
        "temperature": st.sampled_from([0.3, 0.7, 1.0, 1.7]),
        "top_k": st.sampled_from([None, 0, 1, 7, 50, 1000, 5000]),
        "top_p": st.sampled_from([None, 0.05, 0.5, 0.9, 0.99, 0.9999]),
        "min_p": st.sampled_from([None, 0.0, 1e-9, 1e-3, 0.05, 0.5]),
    }
)


@settings(deadline=None, max_examples=150)
@given(how=HOW, seed=st.integers(0, 10**6), spread=st.sampled_from([0.1, 1.0, 3.0, 8.0]), has_barred=st.booleans())
def test_the_tokens_are_those_of_transformers(how: How, seed: int, spread: float, has_barred: bool) -> None:
    logits = torch.randn(N_TOKENS, generator=torch.Generator().manual_seed(seed)) * spread
    if has_barred:
        logits[:: 1 + seed % 5] = -torch.inf
        logits[1] = 0.0
    right = by_transformers(logits, how)
    tokens, scores = kept(logits, how)
    expected = right.isfinite().nonzero()[:, 0].tolist()
    assert tokens == sorted(tokens)
    if tokens != expected:  # but for one on the very edge of top_p
        (edge,) = set(tokens) ^ set(expected)
        share = by_transformers(logits, {**how, "top_p": None, "min_p": None}).softmax(dim=0)
        before = float(share[share > share[edge]].sum())
        assert how["top_p"]
        assert min(abs(before - how["top_p"]), abs(before + float(share[edge]) - how["top_p"])) < 1e-6
    both = sorted(set(tokens) & set(expected))
    assert [scores[tokens.index(token)] for token in both] == right[both].tolist()


@settings(deadline=None, max_examples=60)
@given(how=HOW, seed=st.integers(0, 10**6))
def test_of_equals_as_many_are_kept_as_transformers_keep(how: How, seed: int) -> None:
    """Logits of bfloat16 are often equal; which of them top_p takes is open, how many is not."""
    logits = (torch.randn(N_TOKENS, generator=torch.Generator().manual_seed(seed)) * 3).bfloat16().float()
    right = by_transformers(logits, how)
    scores = sorted(kept(logits, how)[1])
    expected = sorted(right[right.isfinite()].tolist())
    n_more = len(scores) - len(expected)
    assert abs(n_more) <= 1  # one on the very edge of top_p
    assert scores[max(0, n_more) :] == expected[max(0, -n_more) :]


def test_a_flat_distribution_is_looked_at_whole() -> None:
    flat = torch.zeros(N_TOKENS)
    how: How = {"temperature": 1.0, "top_k": None, "top_p": 0.5, "min_p": None}
    assert kept(flat, how)[0] == list(range(N_TOKENS // 2))
    low = torch.full((N_TOKENS,), -30.0)  # one token stands out by 30 nats, the others are 1e-13 each
    low[5] = 0.0
    assert kept(low, how)[0] == [5]
    assert len(kept(low, {**how, "top_p": None, "top_k": 3})[0]) == N_TOKENS  # all equals of the third
    assert len(kept(low, {**how, "top_p": None, "min_p": 1e-14})[0]) == N_TOKENS


@pytest.mark.parametrize("penalty", [1.3, 0.7])
def test_the_penalty_is_that_of_transformers(penalty: float) -> None:
    logits = torch.randn(50, generator=torch.Generator().manual_seed(1))
    logits[3] = -torch.inf
    written = [3, 7, 7, 9, 0]
    right = RepetitionPenaltyLogitsProcessor(penalty)(torch.tensor([written]), logits[None].clone())[0]
    before = logits.clone()
    np.testing.assert_array_equal(drawing.penalised(logits.numpy(), written, penalty), right.numpy())
    assert torch.equal(logits, before)
