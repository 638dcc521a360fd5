"""Runs as jobs of a sweep: side by side on one machine, taken off it and put back in line, gone on with."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import ROOT, SHORT_SAMPLES, TINY, Done, one_line, run_command
from tests.hub import Hub

FEW = (*SHORT_SAMPLES, "callbacks.originality.num_samples=2", "data.block_size=64")
FIGURES = ("train/loss", "train/grad_norm", "val/loss")


def summary_of(run: Path) -> dict[str, Any]:
    return json.loads((run / "summary.json").read_text(encoding="utf-8"))


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def sweep(home: Path, songs: Path, *more: str, env: dict[str, str] | None = None) -> Done:
    given = (f"data.path={songs}", "trainer.max_epochs=1", "hydra.sweep.dir=sweep", "optim.lr=1e-3,2e-3")
    return run_command("train", "-m", *TINY[::2], *FEW, *given, *more, cwd=home, env=env)


@pytest.mark.slow
def test_joblib_runs_side_by_side_and_the_sweep_goes_on(tmp_path: Path, songs_folder: Path) -> None:
    launcher = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    done = sweep(tmp_path, songs_folder, *launcher, env={"OMP_NUM_THREADS": ""})
    assert done.code == 0, done.err
    folders = [tmp_path / "sweep" / number for number in "01"]
    threads = max(1, (os.cpu_count() or 1) // 2)  # shared out among two
    for number, folder in enumerate(folders):
        assert summary_of(folder)["device"].endswith(f"{threads} threads)")
        log = (folder / "train.log").read_text(encoding="utf-8")
        assert f"Run folder: sweep/{number}" in log
        assert f"Run folder: sweep/{1 - number}" not in log
        assert re.search(rf"^\[{number}\] Epoch 1: held-out loss", done.err, re.MULTILINE)
    assert "tokens/s" not in done.err  # no bars over each other

    before = {folder: (folder / "metrics.csv").read_bytes() for folder in folders}
    (folders[1] / "summary.json").unlink()  # as after a kill
    again = sweep(tmp_path, songs_folder, *launcher)
    assert again.code == 0, again.err
    assert "[0] sweep/0 is complete already" in again.err
    assert "is complete already" not in (folders[1] / "train.log").read_text(encoding="utf-8")
    assert not summary_of(folders[1])["interrupted"]
    assert {folder: (folder / "metrics.csv").read_bytes() for folder in folders} == before
    other = sweep(tmp_path, songs_folder, "optim.weight_decay=0.5")
    assert other.code == 1
    assert "holds a run already; choose another folder" in other.err.splitlines()[-1]


@pytest.mark.slow
def test_a_model_is_downloaded_once_for_all_jobs(tmp_path: Path, songs_folder: Path, hub_server: Hub) -> None:
    hub_server.requests.clear()
    online = {"HF_ENDPOINT": hub_server.url, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0"}
    given = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "model=distilgpt2")
    done = sweep(tmp_path, songs_folder, *given, env=online)
    assert done.code == 0, done.err
    weights = [file for file in hub_server.downloads() if file.endswith(".safetensors")]
    assert len(weights) == 1


def processes_of(folder: Path) -> list[psutil.Process]:
    """The processes that submitit runs jobs in, below this one."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if "submitit.core._submit" in line and str(folder) in " ".join(line):
            found.append(process)
    return found


@pytest.mark.long
def test_a_job_that_submitit_warns_is_put_back_in_line_and_goes_on(tmp_path: Path, songs_folder: Path) -> None:
    given = (*TINY[::2], *FEW, f"data.path={songs_folder}", "trainer.max_epochs=6", "callbacks.early_stopping=null")
    alone = run_command("train", *given, "hydra.run.dir=alone", cwd=tmp_path)
    assert alone.code == 0, alone.err
    arguments = (
        "-m",
        *given,
        "hydra/launcher=submitit_local",
        "hydra.sweep.dir=sweep",
        "hydra.launcher.timeout_min=10",
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "lyric_lm.train", *arguments]
    run = tmp_path / "sweep" / "0"
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        metrics = run / "metrics.csv"
        for _ in range(1200):
            if metrics.is_file() and metrics.read_bytes().count(b"\n") > 6:
                break
            time.sleep(0.1)
        (job,) = processes_of(tmp_path / "sweep")
        job.send_signal(signal.SIGUSR2)
        _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert (run / "train.log").read_text(encoding="utf-8").count("Checking machine, model and recipe") == 2
    summary = summary_of(run)
    assert (summary["interrupted"], summary["epochs"]) == (False, 6)
    assert [[row[key] for key in FIGURES] for row in rows_of(run)] == [
        [row[key] for key in FIGURES] for row in rows_of(tmp_path / "alone")
    ]
    assert (run / "model" / "model.safetensors").read_bytes() == (
        tmp_path / "alone" / "model" / "model.safetensors"
    ).read_bytes()


@pytest.mark.slow
def test_a_job_that_is_about_to_be_killed_saves_and_waits(tmp_path: Path, songs_folder: Path) -> None:
    """As Slurm does it: SIGTERM, some time, SIGKILL; and the same job again."""
    given = (*TINY[::2], *FEW, f"data.path={songs_folder}", "callbacks.early_stopping=null", "hydra.run.dir=run")
    given = (*given, "trainer.max_epochs=25")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "SUBMITIT_EXECUTOR": "slurm"}
    command = [sys.executable, "-m", "lyric_lm.train", *given]
    metrics, log = tmp_path / "run" / "metrics.csv", tmp_path / "run" / "train.log"
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL) as process:
        for _ in range(1200):
            if metrics.is_file() and metrics.read_bytes().count(b"\n") > 6:
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        for _ in range(600):
            if "waiting to be ended" in log.read_text(encoding="utf-8"):
                break
            time.sleep(0.1)
        assert process.poll() is None
        process.kill()
    n_steps = summary_of(tmp_path / "run")["steps"]
    assert n_steps > 0
    done = run_command("train", "resume=run", f"trainer.max_steps={n_steps + 1}", cwd=tmp_path)
    assert done.code == 0, done.err
    assert summary_of(tmp_path / "run")["steps"] == n_steps + 1


@pytest.mark.parametrize("name", ["joblib", "ray", "slurm"])
def test_a_launcher_that_is_not_installed_is_named(name: str, tmp_path: Path) -> None:
    """In a Python that finds everything but the launchers."""
    hide = "import sys\n"
    hide += "".join(f"sys.modules['hydra_plugins.hydra_{x}_launcher'] = None\n" for x in ("joblib", "ray", "submitit"))
    (tmp_path / "sitecustomize.py").write_text(hide, encoding="utf-8")
    found = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    message = one_line(run_command("train", "-m", *TINY, f"hydra/launcher={name}", cwd=tmp_path, env=found))
    extra = {"joblib": "sweep"}.get(name, name)
    assert message == f'hydra/launcher={name} is not installed: pip install "lyric-lm[{extra}]"'


def test_nothing_of_launchers_is_imported_unless_chosen(tmp_path: Path) -> None:
    """By name in the list that Python prints of what it imports, submodules included."""
    command = [sys.executable, "-X", "importtime", "-m", "lyric_lm.train", *TINY, "data.path=nowhere"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "hydra" in imported
    assert not imported & {"ray", "optuna", "submitit", "torch", "boto3", "cloudpickle"}
