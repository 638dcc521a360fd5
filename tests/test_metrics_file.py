"""metrics.csv: one row per step, merged, on disk at once, and cut where a run goes on."""

from pathlib import Path

import pytest

from lyric_lm.callbacks.metrics_file import MetricsFile
from lyric_lm.errors import Interrupted

HEADER = "step,epoch,train/loss,train/objective,train/grad_norm,lr,tokens_per_second"
HEADER += ",val/loss,val/perplexity,val/bits_per_byte"


def begun(file: Path, resume_step: int | None = None) -> MetricsFile:
    metrics = MetricsFile(file)
    metrics.begin(resume_step)
    return metrics


def test_values_of_one_step_are_one_row(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    metrics = begun(file)
    metrics.log_metrics({"epoch": 0, "val/loss": 3.5}, 0)
    metrics.log_metrics({"epoch": 0, "train/loss": 3.25, "unknown": 1.0}, 1)
    assert file.read_text() == f"{HEADER}\n0,0,,,,,,3.5,,\n1,0,3.25,,,,,,,\n"
    metrics.log_metrics({"epoch": 0, "val/loss": 3.125, "val/perplexity": 22.7598950}, 1)
    metrics.log_metrics({"epoch": 0}, 2)
    assert file.read_text() == f"{HEADER}\n0,0,,,,,,3.5,,\n1,0,3.25,,,,,3.125,22.759895,\n"


def test_a_resumed_run_writes_later_rows_anew(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    metrics = begun(file)
    for step in range(5):
        metrics.log_metrics({"epoch": 0, "train/loss": float(step)}, step)
    resumed = begun(file, 2)
    assert [line.partition(",")[0] for line in file.read_text().split()] == ["step", "0", "1", "2"]
    resumed.log_metrics({"epoch": 0, "train/loss": 9.0}, 3)
    assert file.read_text().endswith("\n2,0,2,,,,,,,\n3,0,9,,,,,,,\n")


def test_a_new_run_starts_anew(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    begun(file).log_metrics({"epoch": 0, "train/loss": 1.0}, 1)
    begun(file)
    assert file.read_text() == HEADER + "\n"


def test_rows_that_a_kill_tore_or_a_power_cut_took_are_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "metrics.csv"
    file.write_bytes(f"{HEADER}\n0,0,,,,,,3.5,,\n".encode() + b"\0" * 40 + b"\n2,0,2,,,,,,,\n3,0,3,,,,,,,\n4,0,4.")
    begun(file, 3)
    assert [line.partition(",")[0] for line in file.read_text().split()] == ["step", "0", "2", "3"]
    assert "lacks 1 of the rows up to step 3" in caplog.text


def test_a_kill_while_a_row_is_completed_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the file after the first write, which is all that a kill right after it leaves."""
    file = tmp_path / "metrics.csv"
    metrics = begun(file)
    metrics.log_metrics({"epoch": 0, "train/loss": 3.25}, 1)
    monkeypatch.setattr("lyric_lm.callbacks.metrics_file._line", lambda row: (_ for _ in ()).throw(Interrupted()))
    with pytest.raises(Interrupted):
        metrics.log_metrics({"epoch": 0, "val/loss": 3.125}, 1)
    assert file.read_text() == f"{HEADER}\n1,0,3.25,,,,,,,\n"
