"""Attention by songs against torch's own attention with a mask that says the same, forward and backward."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import GPT2Config, GPT2LMHeadModel

from lyric_lm.data.batches import collate
from lyric_lm.data.packing import Part
from lyric_lm.errors import InputError
from lyric_lm.model.attention import MOST_KEPT, Songs, songs_attention
from lyric_lm.model.loss import batch_sums, logits_of, mask_between


def states(n_heads: int, n_groups: int, n_tokens: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Random queries, keys and values as a layer gives them: (1, heads, T, D), token by token in memory."""
    torch.manual_seed(0)
    made = [torch.randn(1, n_tokens, n, 16, dtype=dtype) for n in (n_heads, n_groups, n_groups)]
    return [x.transpose(1, 2).requires_grad_() for x in made]


def with_mask(query: Tensor, key: Tensor, value: Tensor, lengths: list[int], scale: float) -> Tensor:
    mask = mask_between(lengths, query.device).to(query.dtype)
    repeated = (x.repeat_interleave(query.shape[1] // x.shape[1], dim=1) for x in (key, value))
    return scaled_dot_product_attention(query, *repeated, attn_mask=mask, scale=scale).transpose(1, 2)


@pytest.mark.parametrize("lengths", [[5], [1, 7, 3], [2, MOST_KEPT + 1], [40, 60]])
@pytest.mark.parametrize(("n_heads", "n_groups"), [(4, 4), (6, 2)])
def test_songs_are_computed_as_a_mask_would_have_them(lengths: list[int], n_heads: int, n_groups: int) -> None:
    tensors = states(n_heads, n_groups, sum(lengths))
    expected = with_mask(*tensors, lengths, 0.3)
    layer = torch.nn.Module()
    layer.num_key_value_groups = n_heads // n_groups
    found, _ = songs_attention(layer, *tensors, None, scaling=0.3, songs=Songs(lengths))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    upstream = torch.randn_like(found)
    right = torch.autograd.grad(expected, tensors, upstream)
    for gradient, other in zip(torch.autograd.grad(found, tensors, upstream), right, strict=True):
        torch.testing.assert_close(gradient, other, atol=1e-5, rtol=1e-5)


def test_half_precision_is_as_near_as_torchs_own() -> None:
    lengths = [30, 50]
    exact = states(4, 2, 80)
    half = [x.detach().bfloat16().requires_grad_() for x in exact]
    expected = with_mask(*exact, lengths, 0.25)
    upstream = torch.randn_like(expected)
    right = torch.autograd.grad(expected, exact, upstream)
    found, _ = songs_attention(torch.nn.Module(), *half, None, songs=Songs(lengths))
    assert found.dtype is torch.bfloat16
    found_grads = torch.autograd.grad(found, half, upstream.bfloat16())
    for ours, exactly in zip((found.detach(), *found_grads), (expected.detach(), *right), strict=True):
        assert float((ours.float() - exactly).norm() / exactly.norm()) < 0.02  # 8 bits of mantissa: 0.004 a rounding


def test_dropout_is_left_to_torch() -> None:
    tensors = states(2, 2, 12)
    torch.manual_seed(1)
    found, _ = songs_attention(torch.nn.Module(), *tensors, None, dropout=0.5, songs=Songs([5, 7]))
    torch.manual_seed(1)
    parts = [x.split([5, 7], dim=2) for x in tensors]
    expected = [scaled_dot_product_attention(*song, dropout_p=0.5, is_causal=True) for song in zip(*parts, strict=True)]
    torch.testing.assert_close(found, torch.cat(expected, dim=2).transpose(1, 2))


def test_without_lengths_it_is_transformers_own() -> None:
    torch.manual_seed(0)
    network = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=4)).eval()
    ids, mask = torch.randint(0, 50, (2, 9)), torch.tensor([[0] * 3 + [1] * 6, [1] * 9])
    expected = network(ids, attention_mask=mask).logits
    logits_of(network, collate([[Part([0, 3, 4, 0], 0, 0, "")]], 0))
    assert network.config._attn_implementation == "songs"
    torch.testing.assert_close(network(ids, attention_mask=mask).logits, expected)
    assert "songs" not in network.config.to_json_string()


def test_a_network_whose_attention_does_not_hear_of_songs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=32, n_layer=1, n_head=4))
    monkeypatch.setattr(network.transformer.h[0], "forward", lambda hidden, *rest, **more: hidden)
    with pytest.raises(InputError, match="models of the kind gpt2 cannot be trained here"):
        batch_sums(network, collate([[Part([0, 3, 4, 0], 0, 0, "")]], 0))
