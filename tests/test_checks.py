"""Preflight: each check fires on what it watches and is silent on what is healthy."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lyric_lm import hardware
from lyric_lm.checks import recipe
from lyric_lm.checks.check import heed
from lyric_lm.errors import InputError
from tests.conftest import Done


def test_torch_2_8_on_mps_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert recipe.check_versions("mps").status == "pass"
    monkeypatch.setattr(recipe.torch, "__version__", "2.8.0")
    assert recipe.check_versions("cpu").status == "pass"
    bad = recipe.check_versions("mps")
    assert bad.status == "fail"
    with pytest.raises(InputError, match="163597"):
        heed([bad], tmp_path / "preflight.json")


def test_a_guessing_model_is_said_once_unless_it_is_meant(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    guessing = recipe.check_baseline(17.3, 50257, from_scratch=False)
    for _ in range(2):
        heed([guessing], tmp_path / "preflight.json")
    (said,) = [record.getMessage() for record in caplog.records]
    assert "17.300 nats per token" in said
    assert "its weights were not loaded" in said
    assert recipe.check_baseline(17.3, 50257, from_scratch=True).status == "pass"
    assert recipe.check_baseline(3.7, 50257, from_scratch=False).status == "pass"


def test_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    for has_bf16, expected in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(hardware, "_multiplies_bf16", lambda _, answer=has_bf16: answer)
        assert hardware.resolve_precision("auto", "cpu") == expected
    assert hardware.resolve_precision("32-true", "cpu") == "32-true"
    for precision in ("16-mixed", "bf16-mixed"):
        with pytest.raises(InputError, match="refused on MPS"):
            hardware.resolve_precision(precision, "mps")
    assert hardware.resolve_precision("auto", "mps") == "32-true"
    with pytest.raises(InputError, match="bf16-mixed"):
        hardware.resolve_precision("bf16-true", "cpu")


def test_the_command_prints_and_writes_the_checks(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    done = call("preflight", "model=tiny", f"data.path={songs_folder}")
    assert done.code == 0, done.err
    written = json.loads((tmp_path / "preflight.json").read_text(encoding="utf-8"))
    assert [check["name"] for check in written] == [
        *("torch", "language", "song_lengths", "held_out_songs", "steps", "tokens_per_step", "warmup"),
        *("learning_rate", "label_smoothing", "memory", "disk", "untrained_loss"),
    ]
    assert done.out.count("\n") == len(written)
    assert all(set(check) == {"name", "status", "figure", "limit", "meaning"} for check in written)
