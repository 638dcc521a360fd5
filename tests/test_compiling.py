"""trainer.compile: the same run in other code, decided by what a run computes, and gone on with as it began."""

import csv
import json
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedModel

from lyric_lm.checks import compiling
from lyric_lm.checks.compiling import LEAST_SECONDS, decide_compiling, seconds_of_training
from lyric_lm.errors import InputError
from lyric_lm.model.tiny import make_tiny
from tests.conftest import SHORT_SAMPLES, TINY, Done, one_line, run_command
from tests.test_configs import composed

ENOUGH = 10**18  # tokens
WITH_COMPILER = pytest.mark.skipif(
    not (shutil.which("g++") and Path(sysconfig.get_path("include"), "Python.h").is_file()),
    reason="needs g++ and Python's headers",
)


@pytest.fixture
def network() -> PreTrainedModel:
    """As small as can be, of SmolLM2's kind."""
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    return AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=9, num_key_value_heads=1, **sizes))


def settings(*overrides: str) -> dict[str, Any]:
    return composed("train", *TINY, "trainer.accelerator=cpu", *overrides)


@WITH_COMPILER
def test_a_long_run_earns_it(network: PreTrainedModel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert decide_compiling(settings(), network, "32-true", ENOUGH, 1, None)
    assert "the network is compiled first" in caplog.text.lower()
    assert not decide_compiling(settings(), network, "32-true", 100_000, 1, None)
    assert not decide_compiling(settings(), make_tiny()[0], "32-true", ENOUGH, 1, None)  # a GPT-2 gains nothing
    assert not decide_compiling(settings("trainer.compile=false"), network, "32-true", ENOUGH, 1, None)
    assert decide_compiling(settings("trainer.compile=true"), network, "32-true", 1, 1, None)


def test_on_a_gpu_the_number_of_batches_counts(network: PreTrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "device_of", lambda accelerator: "cuda")
    monkeypatch.setattr(compiling, "has_triton", lambda: True)
    network.config.num_hidden_layers = 30  # 75 ms a batch: 4,000 take five minutes
    assert decide_compiling(settings(), network, "bf16-mixed", 1, 4_001, None)
    assert not decide_compiling(settings(), network, "bf16-mixed", ENOUGH, 3_999, None)
    monkeypatch.setattr(compiling, "has_triton", lambda: False)
    assert not decide_compiling(settings(), network, "bf16-mixed", 1, 4_001, None)
    with pytest.raises(InputError, match=r"trainer.compile=true: there is no triton"):
        decide_compiling(settings("trainer.compile=true"), network, "bf16-mixed", 1, 1, None)


def test_estimate_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """SmolLM2-135M, whose run on the demo album takes two minutes on two cores with AMX (134.5 M parameters)."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    network = torch.nn.Linear(134_500_000, 1, bias=False, device="meta")
    assert seconds_of_training(network, "bf16-mixed", 57_000) == pytest.approx(92, abs=1)
    assert seconds_of_training(network, "bf16-mixed", 15 * 60_000) > LEAST_SECONDS  # 15 epochs of a larger artist
    assert seconds_of_training(network, "32-true", 57_000) == pytest.approx(460, abs=1)


@WITH_COMPILER
def test_a_compiled_run_goes_on_compiled(network: PreTrainedModel) -> None:
    assert decide_compiling(settings(), network, "32-true", 1, 1, {"trainer.compile": True})


def test_a_run_goes_on_as_it_began(network: PreTrainedModel) -> None:
    assert not decide_compiling(settings(), network, "32-true", ENOUGH, 1, {"trainer.compile": False})
    assert not decide_compiling(settings(), network, "32-true", ENOUGH, 1, {})  # of before there was a choice


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        (("model.gradient_checkpointing=true",), "does not go with model.gradient_checkpointing"),
        (("trainer=ddp", "trainer.devices=2"), "is for one process"),
    ],
)
def test_what_it_does_not_go_with(network: PreTrainedModel, overrides: tuple[str, ...], why: str) -> None:
    assert not decide_compiling(settings(*overrides), network, "32-true", ENOUGH, 1, None)
    with pytest.raises(InputError, match=f"trainer.compile=true: it {why}; set trainer.compile=false"):
        decide_compiling(settings(*overrides, "trainer.compile=true"), network, "32-true", ENOUGH, 1, None)


def test_without_a_compiler(network: PreTrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.shutil, "which", lambda name: None)
    assert not decide_compiling(settings(), network, "32-true", ENOUGH, 1, None)
    with pytest.raises(InputError, match="no C\\+\\+ compiler"):
        decide_compiling(settings("trainer.compile=true"), network, "32-true", ENOUGH, 1, None)


def test_a_wrong_choice_is_told(call: Callable[..., Done]) -> None:
    assert one_line(call("train", "trainer.compile=maybe")) == "trainer.compile=maybe is not one of auto, true, false"


def losses(run: Path) -> list[tuple[float, ...]]:
    with (run / "metrics.csv").open(encoding="utf-8") as stream:
        return [
            tuple(float(row[name] or "nan") for name in ("train/loss", "train/grad_norm", "val/loss"))
            for row in csv.DictReader(stream)
        ]


@WITH_COMPILER
def test_the_same_run(call: Callable[..., Done], songs_folder: Path, tmp_path: Path, network: PreTrainedModel) -> None:
    """Stopped after an epoch and gone on with, compiled; and once as written. The learning rate is gentle: AdamW's
    steps are of one size, whatever the gradient's, so what differs in the last digits grows from step to step."""

    def apart(*arguments: str) -> Done:
        """In a process of its own: torch imports distutils to compile, which setuptools does not like later on."""
        return run_command(*arguments, cwd=tmp_path)

    common = (f"data.path={songs_folder}", *TINY, *SHORT_SAMPLES, "optim.lr=1e-4", "callbacks.early_stopping=null")
    done = apart("train", *common, "trainer.max_epochs=1", "trainer.compile=true", "hydra.run.dir=compiled")
    assert done.code == 0, done.err
    done = apart("train", "resume=compiled", *common, "trainer.max_epochs=2", "trainer.compile=auto")
    assert done.code == 0, done.err
    assert call("train", *common, "trainer.max_epochs=1", "hydra.run.dir=written").code == 0
    assert call("train", "resume=written", *common, "trainer.max_epochs=2").code == 0
    compiled, written = (losses(tmp_path / name) for name in ("compiled", "written"))
    assert len(compiled) == len(written) > 4
    for one, other in zip(compiled, written, strict=True):
        assert one == pytest.approx(other, rel=1e-5, nan_ok=True)
    state = torch.load(tmp_path / "compiled" / "checkpoints" / "last.ckpt", weights_only=True)
    assert state["lyric_lm"]["settings"]["trainer.compile"] is True
    plain = torch.load(tmp_path / "written" / "checkpoints" / "last.ckpt", weights_only=True)
    assert state["state_dict"].keys() == plain["state_dict"].keys()
    assert json.loads((tmp_path / "written" / "summary.json").read_text())["steps"] > 0
    done = call("train", "resume=compiled", *common, "trainer.max_epochs=3", "trainer.compile=false")
    assert "trainer.compile was true and is now false" in done.err.splitlines()[-1]
