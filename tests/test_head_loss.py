"""The output layer's loss against torch's own cross-entropy of whole logits, values and gradients."""

from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from lyric_lm.data.batches import collate
from lyric_lm.data.packing import Part
from lyric_lm.model import head_loss
from lyric_lm.model.head_loss import HeadLoss
from lyric_lm.model.loss import batch_sums, has_plain_head
from lyric_lm.model.tiny import make_tiny


def material(n: int, n_words: int, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(3)
    hidden = torch.randn(n, 24, generator=generator, dtype=dtype).requires_grad_()
    weight = torch.randn(n_words, 24, generator=generator, dtype=dtype).requires_grad_()
    return hidden, weight, torch.randint(0, n_words, (n,), generator=generator)


@pytest.mark.parametrize("to_gradient", [head_loss.pieces_to_gradient, head_loss.whole_to_gradient])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("most", [2**27, 101 * 40, 1])  # logits at once: all of them, 40 rows, one row
@pytest.mark.parametrize("n", [1, 32, 77])
def test_value_and_gradients(
    monkeypatch: pytest.MonkeyPatch, to_gradient: head_loss.ToGradient, smoothing: float, most: int, n: int
) -> None:
    monkeypatch.setattr(head_loss, "pass_on", lambda kind: (to_gradient, most))
    hidden, weight, targets = material(n, 101)
    logits = hidden @ weight.T
    expected = cross_entropy(logits, targets, reduction="sum", label_smoothing=smoothing)
    objective, nats = HeadLoss.apply(hidden, weight, targets, smoothing)
    torch.testing.assert_close(objective, expected)
    torch.testing.assert_close(nats, cross_entropy(logits, targets, reduction="sum"))
    right = torch.autograd.grad(3 * expected, (hidden, weight))
    for found, other in zip(torch.autograd.grad(3 * objective, (hidden, weight)), right, strict=True):
        torch.testing.assert_close(found, other, atol=1e-5, rtol=1e-5)


def test_targets_that_are_not_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on devices that are not waited for."""
    monkeypatch.setattr(head_loss, "pass_on", lambda kind: (head_loss.whole_to_gradient, 101 * 8))
    hidden, weight, targets = material(20, 101)
    targets[3:9] = -100
    with torch.autocast("cpu", torch.bfloat16):  # the vectors are padded
        objective, nats = HeadLoss.apply(hidden, weight, targets, 0.1)
    exact = [x.detach().double().requires_grad_() for x in (hidden, weight)]
    logits = exact[0] @ exact[1].T
    expected = cross_entropy(logits, targets, reduction="sum", label_smoothing=0.1)
    torch.testing.assert_close(objective.double(), expected, rtol=0.01, atol=0)
    torch.testing.assert_close(nats.double(), cross_entropy(logits, targets, reduction="sum"), rtol=0.01, atol=0)
    right = torch.autograd.grad(expected, exact)
    found = torch.autograd.grad(objective, (hidden, weight))
    assert not found[0][3:9].any()
    for ours, exactly in zip(found, right, strict=True):
        assert float((ours - exactly).norm() / exactly.norm()) < 0.01


def test_half_precision_rounds_as_autocast_does() -> None:
    hidden, weight, targets = material(50, 1000)
    with torch.autocast("cpu", torch.bfloat16):
        objective, _ = HeadLoss.apply(hidden, weight, targets, 0.0)
        expected = cross_entropy((hidden @ weight.T).float(), targets, reduction="sum")
    torch.testing.assert_close(objective, expected)
    right = torch.autograd.grad(expected, (hidden, weight))
    for found, other in zip(torch.autograd.grad(objective, (hidden, weight)), right, strict=True):
        assert found.dtype is torch.float32
        assert float((found - other).norm() / other.norm()) < 0.01


def test_what_is_not_asked_for_is_not_computed() -> None:
    hidden, weight, targets = material(9, 30)
    objective, _ = HeadLoss.apply(hidden, weight.detach(), targets, 0.0)  # as with a frozen output layer
    (found,) = torch.autograd.grad(objective, hidden)
    expected = cross_entropy(hidden @ weight.detach().T, targets, reduction="sum")
    torch.testing.assert_close(found, torch.autograd.grad(expected, hidden)[0])
    with torch.no_grad():
        assert not HeadLoss.apply(hidden, weight, targets, 0.0)[0].requires_grad


def test_no_targets_cost_nothing_and_still_have_gradients() -> None:
    hidden, weight, targets = material(0, 30)
    objective, nats = HeadLoss.apply(hidden, weight, targets, 0.1)
    assert objective == nats == 0
    (found,) = torch.autograd.grad(objective, weight)
    assert torch.equal(found, torch.zeros_like(weight))


class Products(TorchDispatchMode):
    """Counts matrix products that give something of the shape of the weight, as its gradient does."""

    def __init__(self, shape: tuple[int, ...]):
        super().__init__()
        self.shape, self.n = shape, 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self.n += function is torch.ops.aten.mm.default and tuple(result.shape) == self.shape
        return result


@pytest.mark.parametrize(("mode", "n"), [(torch.enable_grad, 1), (torch.no_grad, 0), (torch.inference_mode, 0)])
def test_validation_does_not_pay_for_gradients(mode: Any, n: int) -> None:
    network, _ = make_tiny()
    batch = collate([[Part([0, 5, 6, 7, 0], 0, 4, "Sea")]], pad_id=0)
    has_plain_head(network)  # found out before
    with mode(), Products(tuple(network.lm_head.weight.shape)) as products:
        batch_sums(network, batch)
    assert products.n == n
