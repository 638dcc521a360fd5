"""Runs of a sweep on a Ray cluster of two workers, on the loopback address; one is lost and started again."""

import contextlib
import csv
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT, SHORT_SAMPLES, TINY, run_command

RAY = Path(sys.executable).parent / "ray"
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(ROOT)}


def ray(*arguments: str, cwd: Path) -> None:
    command = [sys.executable, str(RAY), *arguments]
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **QUIET}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a head that runs nothing and two workers of one core, started from another folder."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    here = ("--node-ip-address=127.0.0.1", "--disable-usage-stats", "--object-store-memory=80000000")
    try:
        ray("start", "--head", f"--port={address.rpartition(':')[2]}", *here, "--num-cpus=0",
            "--include-dashboard=false", cwd=elsewhere)  # fmt: skip
        for _ in range(2):
            ray("start", f"--address={address}", *here, "--num-cpus=1", cwd=elsewhere)
        yield address
    finally:
        ray("stop", "--force", cwd=elsewhere)


@pytest.mark.slow
def test_a_sweep_runs_on_the_workers_of_a_cluster(cluster: str, songs_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "songs").symlink_to(songs_folder)
    done = run_command(
        *("train", "-m", *TINY[::2], *SHORT_SAMPLES, "optim.lr=1e-3,2e-3", "data.path=songs", "trainer.max_epochs=1"),
        *("hydra/launcher=ray", f"hydra.launcher.ray.init.address={cluster}", "hydra.sweep.dir=sweep"),
        cwd=tmp_path,
        env=QUIET,
    )
    assert done.code == 0, done.err
    for number in range(2):
        run = tmp_path / "sweep" / str(number)
        summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
        assert summary["best_val_loss"] < summary["baseline_val_loss"]
        assert re.search(r"\b1 threads", summary["device"])  # num_cpus of each
        assert "Epoch 1: held-out loss" in (run / "train.log").read_text(encoding="utf-8")
    assert not (tmp_path / "elsewhere" / "sweep").exists()


@pytest.mark.long
def test_a_run_whose_process_dies_is_started_again_and_goes_on(
    cluster: str, songs_folder: Path, tmp_path: Path
) -> None:
    arguments = [
        *("train", "-m", *TINY, *SHORT_SAMPLES, "seed=1,2", f"data.path={songs_folder}", "trainer.max_epochs=4"),
        *("hydra/launcher=ray", f"hydra.launcher.ray.init.address={cluster}", "hydra.sweep.dir=sweep"),
        *("trainer.checkpoint_minutes=0", "callbacks.early_stopping=null"),
    ]
    run = tmp_path / "sweep" / "1"
    killer = threading.Thread(target=kill_in_training, args=(run,))
    killer.start()
    done = run_command(*arguments, cwd=tmp_path, env=QUIET)
    killer.join()
    assert done.code == 0, done.err
    log = (run / "train.log").read_text(encoding="utf-8")
    assert log.count("Checking machine, model and recipe") == 2  # it was started twice
    assert log.count("Untrained model: held-out loss") == 1  # and did not begin anew
    with (run / "metrics.csv").open(encoding="utf-8") as stream:
        steps = [int(row["step"]) for row in csv.DictReader(stream) if row["train/loss"]]
    assert steps == list(range(1, len(steps) + 1))
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))["epochs"] == 4


def kill_in_training(run: Path) -> None:
    """Wait until a run has a checkpoint, and kill the process that makes it."""
    until = time.monotonic() + 200
    while not (run / "checkpoints" / "last.ckpt").is_file():
        assert time.monotonic() < until
        time.sleep(0.05)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(Path(file.path) == run / "train.log" for file in process.open_files()):
                process.kill()
