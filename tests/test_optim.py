"""The optimizer decays matrices only; schedules have the values that their names promise."""

import math

import pytest
import torch

from lyric_lm.errors import InputError
from lyric_lm.model.optim import lr_factor, make_optimizer, n_warmup_steps
from lyric_lm.model.tiny import make_tiny


def test_matrices_decay_and_vectors_do_not() -> None:
    network, _ = make_tiny()
    decayed, others = make_optimizer(network, 1e-4, 0.1, (0.9, 0.999), fused=False).param_groups
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    # GPT-2 tiny: token and position embeddings and 4 matrices in each of 2 layers; the head is tied.
    assert len(decayed["params"]) == 2 + 4 * 2
    assert all(p.ndim == 1 for p in others["params"])
    # 4 biases and 2 norms with weight and bias in each layer, and the last norm.
    assert len(others["params"]) == (4 + 4) * 2 + 2


def test_decay_moves_a_matrix_towards_zero_by_rate_times_decay() -> None:
    layer = torch.nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    optimizer = make_optimizer(layer, lr=0.5, weight_decay=0.1, betas=(0.9, 0.999), fused=False)
    for p in layer.parameters():
        p.grad = torch.zeros_like(p)
    bias = layer.bias.detach().clone()
    optimizer.step()
    torch.testing.assert_close(layer.weight.detach(), before * (1 - 0.5 * 0.1))
    torch.testing.assert_close(layer.bias.detach(), bias)


@pytest.mark.parametrize("betas", [(0.5, 0.99), (0.0, 0.9)])
def test_moments_keep_the_shares_that_betas_say(betas: tuple[float, float]) -> None:
    """Two steps of AdamW by hand (Loshchilov and Hutter 2019, algorithm 2)."""
    layer = torch.nn.Linear(2, 1, bias=False)
    weight = layer.weight.detach().clone()
    optimizer = make_optimizer(layer, lr=0.1, weight_decay=0.0, betas=betas, fused=False)
    m = v = torch.zeros(1, 2)
    for step, gradient in enumerate((torch.tensor([[1.0, -2.0]]), torch.tensor([[-3.0, 0.5]])), start=1):
        layer.weight.grad = gradient
        optimizer.step()
        m, v = betas[0] * m + (1 - betas[0]) * gradient, betas[1] * v + (1 - betas[1]) * gradient**2
        weight -= 0.1 * (m / (1 - betas[0] ** step)) / ((v / (1 - betas[1] ** step)).sqrt() + 1e-8)
    torch.testing.assert_close(layer.weight.detach(), weight)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]),
        ("linear", [0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25]),
        ("cosine", [0.25, 0.5, 0.75, 1, 1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125)]),
    ],
)
def test_schedules(schedule: str, expected: list[float]) -> None:
    factor = lr_factor(schedule, total_steps=8, n_warmup=4)
    assert [factor(step) for step in range(8)] == pytest.approx(expected)


def test_without_warmup_the_first_step_has_the_whole_rate() -> None:
    assert lr_factor("linear", 10, 0)(0) == 1.0


def test_warmup_is_shorter_than_the_run_or_cut() -> None:
    assert n_warmup_steps(101, 100, None) == (100, "")
    steps, note = n_warmup_steps(100, 100, None)
    assert steps == 10
    assert "optim.warmup_steps=100" in note
    assert "100 steps" in note
    assert n_warmup_steps(5, None, None) == (0, "")
    for arguments in ((10, 1, 0.1), (10, None, 1.0), (10, None, -0.1), (10, -1, None)):
        with pytest.raises(InputError):
            n_warmup_steps(*arguments)
