"""The loss against torch's own, on random logits."""

import math

import pytest
import torch

from lyric_lm.data.batches import IGNORE_INDEX
from lyric_lm.model.loss import bits_per_byte, loss_sums, perplexity


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1, 0.5])
def test_sums_and_gradients_are_torchs(label_smoothing: float) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 7, 11, generator=generator, requires_grad=True)
    labels = torch.randint(0, 11, (3, 7), generator=generator)
    labels[0, 3:] = IGNORE_INDEX
    labels[2] = IGNORE_INDEX
    flat = logits.reshape(-1, 11)
    expected = torch.nn.functional.cross_entropy(
        flat, labels.reshape(-1), reduction="sum", label_smoothing=label_smoothing
    )
    plain = torch.nn.functional.cross_entropy(flat, labels.reshape(-1), reduction="sum")
    sums = loss_sums(logits, labels, label_smoothing)
    torch.testing.assert_close(sums.objective, expected)
    torch.testing.assert_close(sums.nats, plain.detach())
    (gradient,) = torch.autograd.grad(sums.objective, logits)
    (expected_gradient,) = torch.autograd.grad(expected, logits)
    torch.testing.assert_close(gradient, expected_gradient)
    assert not sums.nats.requires_grad


def test_even_logits_cost_ln_vocabulary() -> None:
    labels = torch.arange(5)[None]
    assert loss_sums(torch.zeros(1, 5, 50257), labels).nats.item() / 5 == pytest.approx(math.log(50257), rel=1e-6)


def test_perplexity_and_bits_per_byte() -> None:
    assert perplexity(math.log(50257)) == pytest.approx(50257)
    assert perplexity(1000.0) == math.inf
    assert bits_per_byte(8 * math.log(2), 8) == pytest.approx(1.0)
