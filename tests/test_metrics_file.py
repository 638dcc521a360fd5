"""metrics.csv: one row per step, merged, on disk at once, and cut where a run goes on."""

from pathlib import Path

from lyric_lm.callbacks.metrics_file import MetricsFile

HEADER = "step,epoch,train/loss,train/objective,train/grad_norm,lr,tokens_per_second"
HEADER += ",val/loss,val/perplexity,val/bits_per_byte"


def test_values_of_one_step_are_one_row(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    metrics = MetricsFile(file)
    metrics.log_metrics({"epoch": 0, "val/loss": 3.5}, 0)
    metrics.log_metrics({"epoch": 0, "train/loss": 3.25, "unknown": 1.0}, 1)
    assert file.read_text() == f"{HEADER}\n0,0,,,,,,3.5,,\n1,0,3.25,,,,,,,\n"
    metrics.log_metrics({"epoch": 0, "val/loss": 3.125, "val/perplexity": 22.7598950}, 1)
    metrics.log_metrics({"epoch": 0}, 2)
    assert file.read_text() == f"{HEADER}\n0,0,,,,,,3.5,,\n1,0,3.25,,,,,3.125,22.759895,\n"


def test_a_resumed_run_writes_later_rows_anew(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    metrics = MetricsFile(file)
    for step in range(5):
        metrics.log_metrics({"epoch": 0, "train/loss": float(step)}, step)
    resumed = MetricsFile(file, resume_step=2)
    assert [line.partition(",")[0] for line in file.read_text().split()] == ["step", "0", "1", "2"]
    resumed.log_metrics({"epoch": 0, "train/loss": 9.0}, 3)
    assert file.read_text().endswith("\n2,0,2,,,,,,,\n3,0,9,,,,,,,\n")


def test_a_new_run_starts_anew(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    MetricsFile(file).log_metrics({"epoch": 0, "train/loss": 1.0}, 1)
    MetricsFile(file)
    assert file.read_text() == HEADER + "\n"
