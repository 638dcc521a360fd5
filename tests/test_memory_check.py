"""The estimate of memory agrees with what is measured, and the check says what would fit."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from lyric_lm.checks import memory
from lyric_lm.checks.live_bytes import LiveBytes, step_bytes
from lyric_lm.checks.memory import check_memory, peak_bytes, with_changes
from lyric_lm.model.tiny import make_tiny
from tests.conftest import ROOT

ONE_PROCESS: dict[str, Any] = {"devices": 1, "num_nodes": 1, "strategy": "auto"}
FULL: dict[str, Any] = {"method": "full"}
LORA: dict[str, Any] = {"method": "lora", "r": 4, "alpha": 8, "dropout": 0.0}
SETTINGS: dict[str, Any] = {
    "data": {"batch_size": 4, "block_size": 512},
    "trainer": {"precision": "32-true", "accumulate_grad_batches": 1, "accelerator": "cpu", **ONE_PROCESS},
    "model": {"gradient_checkpointing": False},
    "finetune": FULL,
    "optim": {"label_smoothing": 0.0, "ema_decay": 0.0},
}


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
    row = json.loads(done.stdout.strip().splitlines()[-1])
    assert float(row["estimated GB"]) == pytest.approx(float(row["measured GB"]), rel=0.2), done.stdout


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


def bytes_of(
    n_rows: int,
    block_size: int = 512,
    finetune: dict[str, Any] = FULL,
    is_checkpointed: bool = False,
    is_accumulated: bool = False,
    is_bf16: bool = False,
) -> int:
    network, _ = make_tiny()
    return step_bytes(network, finetune, is_checkpointed, n_rows, block_size, is_accumulated, is_bf16, 0.0)


def test_a_step_holds_weights_gradients_moments_and_what_its_tokens_need() -> None:
    """By hand: 16 bytes a parameter, and with many tokens what each layer keeps of them."""
    states = 16 * sum(p.numel() for p in make_tiny()[0].parameters())
    assert 0.9 * states < bytes_of(1, 8) < 1.2 * states
    few, many = bytes_of(4), bytes_of(8)
    layers = 2 * 4 * 512 * 4 * 48 * (2 + 3 + 2 + 4 + 4)  # 2 layers: norms, q k v, attention, MLP before and after
    attention = 2 * 4 * 4 * 512 * 512 * 4  # 4 heads, the probabilities of songs as long as this are kept
    assert 0.9 * (layers + attention) < many - few < 4 * layers + 2 * attention
    accumulated = bytes_of(8, is_accumulated=True)
    assert 0.7 * states / 4 < accumulated - many < 1.1 * states / 4  # all gradients are there, not only some
    assert bytes_of(8, is_bf16=True) < many  # half the bytes for what is kept


def test_adapters_have_no_gradients_and_moments_for_the_weights() -> None:
    """By hand: 4 bytes for a frozen parameter, 16 for one of the 2 * 4 * 768 of rank 4."""
    n = sum(p.numel() for p in make_tiny()[0].parameters())
    assert bytes_of(1, 8, LORA) == pytest.approx(4 * n + 16 * 2 * 4 * 768, rel=0.2)


@pytest.mark.parametrize("finetune", [FULL, LORA])
def test_blocks_that_are_computed_again_keep_only_what_goes_in(finetune: dict[str, Any]) -> None:
    """By hand: of the second layer's probabilities, at least, nothing is there while the first is computed."""
    probabilities = 8 * 4 * 512 * 512 * 4
    assert bytes_of(8, finetune=finetune, is_checkpointed=True) < bytes_of(8, finetune=finetune) - 0.9 * probabilities


def test_what_does_not_fit_is_said_with_what_does(monkeypatch: pytest.MonkeyPatch) -> None:
    network, _ = make_tiny()

    def needed(**changed: Any) -> float:
        keys = {"rows": "data.batch_size", "steps": "trainer.accumulate_grad_batches", "block": "data.block_size"}
        keys |= {"recompute": "model.gradient_checkpointing", "finetune": "finetune"}
        return peak_bytes(network, with_changes(SETTINGS, {keys[key]: value for key, value in changed.items()}), "cpu")

    def said(there: float, settings: dict[str, Any] = SETTINGS) -> tuple[str, str]:
        monkeypatch.setattr(memory, "bytes_there", lambda device: there)
        check = check_memory(network, settings)
        return check.status, check.meaning

    half, single = needed(rows=2, steps=2), needed(rows=1, steps=4)
    recomputed = needed(rows=1, steps=4, recompute=True)
    assert said(needed()) == ("pass", "")
    start = "the machine may end the run: set data.batch_size="
    batch = "2 trainer.accumulate_grad_batches=2"
    assert said(half) == ("warn", f"{start}{batch}, which needs {half / 1e9:.1f} GB")
    batch = "1 trainer.accumulate_grad_batches=4"
    assert said(single) == ("warn", f"{start}{batch}, which needs {single / 1e9:.1f} GB")
    batch += " model.gradient_checkpointing=true"
    assert said(recomputed) == ("warn", f"{start}{batch}, which needs {recomputed / 1e9:.1f} GB")
    status, meaning = said(recomputed - 1)
    assert (status, meaning[: len(start + batch)]) == ("warn", start + batch)
    assert " finetune=lora" in meaning
    smallest = with_changes(SETTINGS, {"data.batch_size": 1, "data.block_size": 128, "finetune": LORA})
    smallest = with_changes(smallest, {"model.gradient_checkpointing": True})
    status, meaning = said(peak_bytes(network, smallest, "cpu") - 1, smallest)
    assert (status, "smaller model" in meaning) == ("warn", True)
    states = 16 * sum(p.numel() for p in network.parameters())
    status, meaning = said(states - 1)
    assert status == "fail"
    assert "cannot be trained so here: train adapters only (finetune=lora), or take a smaller model" in meaning
    status, meaning = said(states / 8)
    assert (status, "finetune=lora" in meaning) == ("fail", False)


@pytest.mark.parametrize(
    ("files", "group", "limit"),
    [
        ({"memory.max": "max"}, "0::/", float("inf")),
        ({"memory.max": "2000000000"}, "0::/", 2e9),
        ({"a.slice/b.service/memory.max": "max", "a.slice/memory.max": "3000000000"}, "0::/a.slice/b.service", 3e9),
        ({"memory/memory.limit_in_bytes": "4000000000"}, "4:memory:/", 4e9),
        ({"memory/slurm/job_7/memory.limit_in_bytes": "5000000000"}, "9:pids:/\n4:memory:/slurm/job_7", 5e9),
    ],
)
def test_the_limit_of_a_container_counts(files: dict[str, str], group: str, limit: float, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    (tmp_path / "cgroup").write_text(group + "\n", encoding="utf-8")
    assert memory._container_limit(tmp_path, tmp_path / "cgroup") == limit


def test_shards_of_a_model_need_a_share_of_its_states(monkeypatch: pytest.MonkeyPatch) -> None:
    network = make_tiny()[0]
    states = 16 * sum(p.numel() for p in network.parameters())  # weights, gradients, two moments, 4 bytes each
    monkeypatch.setattr(memory, "device_of", lambda accelerator: "cuda")
    monkeypatch.setattr(memory, "n_processes", lambda trainer: 4)
    monkeypatch.setattr(memory, "bytes_there", lambda device: peak_bytes(network, SETTINGS, "cuda") - states / 2)
    whole = with_changes(SETTINGS, {"trainer.strategy": "ddp"})
    assert check_memory(network, whole).status == "warn"
    assert check_memory(network, with_changes(SETTINGS, {"trainer.strategy": "fsdp"})).status == "pass"
