"""The estimate of memory agrees with what is measured, and the check says what would fit."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from lyric_lm.checks import memory
from lyric_lm.checks.live_bytes import LiveBytes, step_bytes
from lyric_lm.checks.memory import check_memory, peak_bytes
from lyric_lm.model.tiny import make_tiny
from tests.conftest import ROOT

DATA: dict[str, Any] = {"batch_size": 4, "block_size": 512}
TRAINER: dict[str, Any] = {"precision": "32-true", "accumulate_grad_batches": 1, "accelerator": "cpu"}


@pytest.mark.skipif(sys.platform != "linux", reason="fitted to glibc's allocator")
def test_the_estimate_is_within_a_fifth_of_the_measured_peak() -> None:
    """A GPT-2 of 23 M parameters in a process of its own; the full table is in benchmarks/README.md."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", "small", "1", "512", "32-true", "1", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *_, estimated, measured, _, _ = (cell.strip() for cell in done.stdout.strip().splitlines()[-1].split("|"))
    assert float(estimated) == pytest.approx(float(measured), rel=0.2), done.stdout


def test_bytes_are_counted_while_they_live() -> None:
    with LiveBytes() as counted:
        a = torch.zeros(1000)
        b = a[:500] * 2  # a view of a, and 500 new ones
        assert counted.live == 4 * 1500
        del a
        assert (counted.live, counted.peak) == (4 * 500, 4 * 1500)
        weight = torch.ones(500, requires_grad=True)
        squared = (b * weight).square().sum()  # b and the product are kept for the backward pass
        del b
        assert counted.live == 4 * (500 + 500 + 500 + 1)
        squared.backward()  # type: ignore[no-untyped-call]
        del squared
        assert counted.live == 4 * (500 + 500)  # the weight and its gradient


def test_a_step_holds_weights_gradients_moments_and_what_its_tokens_need() -> None:
    """By hand: 16 bytes a parameter, and with many tokens the (B, T, V) logits, several times."""
    network, _ = make_tiny()
    states = 16 * sum(p.numel() for p in network.parameters())
    assert states < step_bytes(network, 1, 8, False, False, 0.0) < 1.2 * states
    few, many = (step_bytes(network, n, 512, False, False, 0.0) for n in (4, 8))
    logits = 4 * 4 * 512 * 257
    layers = 2 * 4 * 512 * 4 * 48 * (2 + 3 + 2 + 4 + 4)  # 2 layers: norms, q k v, attention, MLP before and after
    assert many - few > 2 * logits + layers
    assert many - few < 8 * logits + 3 * layers
    accumulated = step_bytes(network, 8, 512, True, False, 0.0)
    assert accumulated - many == pytest.approx(states / 4, rel=0.05)  # gradients are there during the backward pass
    assert step_bytes(network, 8, 512, False, True, 0.0) < many  # half the bytes for what is kept


def test_what_does_not_fit_is_said_with_what_does(monkeypatch: pytest.MonkeyPatch) -> None:
    network, _ = make_tiny()
    needed, half, least = (
        peak_bytes(
            network,
            DATA | {"batch_size": rows, "block_size": block},
            TRAINER | {"accumulate_grad_batches": n},
            0,
            "cpu",
        )
        for rows, block, n in ((4, 512, 1), (2, 512, 2), (1, 128, 4))
    )
    states = 16 * sum(p.numel() for p in network.parameters())

    def said(there: float) -> tuple[str, str]:
        monkeypatch.setattr(memory, "bytes_there", lambda device: there)
        check = check_memory(network, DATA, TRAINER, 0.0)
        return check.status, check.meaning

    assert said(needed) == ("pass", "")
    assert said(needed - 1) == (
        "warn",
        f"data.batch_size=2 trainer.accumulate_grad_batches=2 needs {half / 1e9:.1f} GB",
    )
    status, meaning = said(least)
    assert status == "warn"
    assert meaning.startswith("data.batch_size=1 trainer.accumulate_grad_batches=4 data.block_size=128 needs")
    status, meaning = said(least - 1)
    assert status == "warn"
    assert "smaller model" in meaning
    status, meaning = said(states - 1)
    assert status == "fail"
    assert "cannot be trained here" in meaning


@pytest.mark.parametrize(
    ("files", "group", "limit"),
    [
        ({"memory.max": "max"}, "0::/", float("inf")),
        ({"memory.max": "2000000000"}, "0::/", 2e9),
        ({"a.slice/b.service/memory.max": "max", "a.slice/memory.max": "3000000000"}, "0::/a.slice/b.service", 3e9),
        ({"memory/memory.limit_in_bytes": "4000000000"}, "4:memory:/", 4e9),
    ],
)
def test_the_limit_of_a_container_counts(files: dict[str, str], group: str, limit: float, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    (tmp_path / "cgroup").write_text(group + "\n", encoding="utf-8")
    assert memory._container_limit(tmp_path, tmp_path / "cgroup") == limit
