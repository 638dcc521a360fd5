"""data.batch_size=auto: the largest batch that fits, for a step of the same blocks; told, never by crashing."""

import functools
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lyric_lm.checks import batch_size
from lyric_lm.checks.batch_size import with_batch_size
from lyric_lm.checks.memory import peak_bytes, with_changes
from lyric_lm.errors import InputError
from lyric_lm.model.tiny import make_tiny
from tests.conftest import TINY, Done
from tests.test_memory_check import SETTINGS
from tests.test_train import rows_of

AUTO = with_changes(SETTINGS, {"data.batch_size": "auto", "trainer.accumulate_grad_batches": 12})


@functools.cache
def needed(rows: int, accumulate: int) -> float:
    changed = {"data.batch_size": rows, "trainer.accumulate_grad_batches": accumulate}
    return peak_bytes(make_tiny()[0], with_changes(SETTINGS, changed), "cpu")


def chosen(
    there: float, monkeypatch: pytest.MonkeyPatch, peak: Callable[..., float] | None = None, **trainer: object
) -> tuple[int, int]:
    """Return batch size and accumulation on a machine that has so much memory."""
    monkeypatch.setattr(batch_size, "bytes_there", lambda device: there)

    def counted_once(_: object, settings: dict[str, Any], device: str) -> float:
        return needed(settings["data"]["batch_size"], settings["trainer"]["accumulate_grad_batches"])

    monkeypatch.setattr(batch_size, "peak_bytes", peak or counted_once)
    settings = with_changes(AUTO, {f"trainer.{key}": value for key, value in trainer.items()})
    found = with_batch_size(settings, make_tiny()[0])
    return found["data"]["batch_size"], found["trainer"]["accumulate_grad_batches"]


def test_the_largest_that_fits_and_divides_the_step(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert chosen(1e12, monkeypatch) == (12, 1)  # never more than the step wants
    assert chosen(needed(6, 2), monkeypatch) == (6, 2)
    assert chosen(needed(6, 2) - 1, monkeypatch) == (4, 3)
    assert chosen(1e12, monkeypatch, accumulate_grad_batches=7) == (7, 1)
    assert chosen(needed(6, 1), monkeypatch, accumulate_grad_batches=7) == (1, 7)
    assert chosen(2 * needed(6, 2), monkeypatch, devices=2) == (6, 2)  # two processes share the memory
    assert "data.batch_size=auto: 4 of the step's 12 blocks at a time, about" in caplog.text


def test_where_nothing_fits_one_line_says_what_would(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"auto: not even one block fits, about .* GB needed") as error:
        chosen(needed(1, 12) - 1, monkeypatch)
    message = str(error.value)
    assert "\n" not in message
    assert "set model.gradient_checkpointing=true, which needs" in message
    with pytest.raises(InputError, match="take a smaller model"):
        chosen(1e6, monkeypatch)


def test_a_number_is_left_alone_and_a_run_goes_on_with_its_own() -> None:
    assert with_batch_size(SETTINGS, make_tiny()[0]) is SETTINGS
    then = {"data.batch_size": 3, "trainer.accumulate_grad_batches": 4, "seed": 1}
    found = with_batch_size(AUTO, make_tiny()[0], then)
    assert (found["data"]["batch_size"], found["trainer"]["accumulate_grad_batches"]) == (3, 4)


def test_what_a_model_needs_may_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> float:
        raise RuntimeError("looks at what is in its tensors")

    assert chosen(1e12, monkeypatch, unknown) == (1, 12)


def test_a_run_whose_batches_are_chosen_takes_the_same_steps(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    rest = ("callbacks=bare", "logger=csv_only", f"data.path={songs_folder}", "trainer.accumulate_grad_batches=4")
    rest += ("trainer.max_epochs=1", "data.block_size=128")
    for name, size in (("auto", "auto"), ("one", "1")):
        done = call("train", *TINY, *rest, f"data.batch_size={size}", f"hydra.run.dir={name}")
        assert done.code == 0, done.err
    for found, expected in zip(rows_of(tmp_path / "auto"), rows_of(tmp_path / "one"), strict=True):
        for key in ("train/loss", "train/grad_norm", "val/loss"):
            assert found[key] == expected[key] == "" or float(found[key]) == pytest.approx(float(expected[key]), 1e-5)
    saved = torch.load(tmp_path / "auto" / "checkpoints" / "last.ckpt", weights_only=True)["lyric_lm"]["settings"]
    assert (saved["data.batch_size"], saved["trainer.accumulate_grad_batches"]) == (4, 1)
    card = (tmp_path / "auto" / "model" / "README.md").read_text(encoding="utf-8")
    assert "128 × 4 × 1" in card
    done = call("train", "resume=auto", "trainer.max_epochs=2")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "auto" / "summary.json").read_text(encoding="utf-8"))["epochs"] == 2
    assert "is not a number or auto" in call("train", *TINY, "data.batch_size=most").err
