"""Run a sweep on a Slurm of one machine, with a job taken off it and put back in line: ``python -m benchmarks.slurm``.

Needs root and Debian's packages (``apt install slurm-wlm munge``); sets up a cluster of this machine alone in a
temporary folder, and takes it down again. Three runs as an array: two as they come, and one that is warned (SIGUSR2)
while it trains and another time ended by ``scontrol requeue``. Its curve must be that of the same run alone.
"""

import argparse
import csv
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.record import record, table

TINY = ("model=tiny", "trainer.precision=32-true", "trainer.max_epochs=20", "callbacks=bare")
FIGURES = ("train/loss", "train/grad_norm", "val/loss")

CONFIG = """\
ClusterName=one
SlurmctldHost={host}
MpiDefault=none
ProctrackType=proctrack/linuxproc
ReturnToService=2
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/slurmd
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmUser=root
SwitchType=switch/none
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobRequeue=1
KillWait=30
NodeName={host} CPUs={cores} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def sh(*command: str, **options: object) -> str:
    """Run a command to its end; return what it printed."""
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout  # type: ignore[call-overload]


@contextmanager
def cluster() -> Iterator[None]:
    """Have a Slurm of this machine alone for as long as the block runs."""
    for program in ("slurmctld", "slurmd", "munged"):
        if shutil.which(program) is None and not Path("/usr/sbin", program).is_file():
            sys.exit(f"error: {program} is missing; apt install slurm-wlm munge")
    folder = Path(tempfile.mkdtemp(prefix="slurm_"))
    for name in ("slurmd", "state"):
        (folder / name).mkdir()
    host = socket.gethostname().partition(".")[0]
    config = folder / "slurm.conf"
    config.write_text(CONFIG.format(folder=folder, host=host, cores=os.cpu_count()), encoding="utf-8")
    os.environ |= {"SLURM_CONF": str(config), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    key = Path("/etc/munge/munge.key")
    if not key.is_file():
        sh("mungekey", "--create")
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge", "munge")
    if not Path("/run/munge/munge.socket.2").exists():
        sh("runuser", "-u", "munge", "--", "/usr/sbin/munged", "--force")
    daemons = [
        subprocess.Popen([name, "-D"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in ("slurmctld", "slurmd")
    ]
    try:
        for _ in range(60):
            nodes = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False)
            if "idle" in nodes.stdout:
                break
            time.sleep(1)
        else:
            sys.exit(f"error: the cluster does not come up; its logs are in {folder}")
        yield
    finally:
        for daemon in daemons:
            daemon.terminate()
            daemon.wait()


def rows_of(run: Path) -> list[list[str]]:
    """Return the figures of a run, a row for each step and validation."""
    with (run / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        return [[row[key] for key in FIGURES] for row in csv.DictReader(stream)]


def wait_for_steps(run: Path, n: int) -> None:
    """Wait until a run has logged so many rows."""
    metrics = run / "metrics.csv"
    for _ in range(3000):
        if metrics.is_file() and metrics.read_bytes().count(b"\n") > n:
            return
        time.sleep(0.1)
    sys.exit(f"error: {run} does not get on")


def job_of(number: int) -> str:
    """Return Slurm's id of a running job of the array."""
    lines = sh("squeue", "-h", "-o", "%i %T").splitlines()
    return next(line.split()[0] for line in lines if line.split()[0].endswith(f"_{number}") and "RUNNING" in line)


def main() -> None:
    """Print what became of the array."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="slurm_sweep_"))
    train = [sys.executable, "-m", "lyric_lm.train"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    sh(*train, *TINY, "optim.lr=3e-3", "hydra.run.dir=alone", cwd=home, env=environment)
    with cluster():
        launcher = ("hydra/launcher=slurm", "hydra.launcher.cpus_per_task=1", "hydra.launcher.timeout_min=60")
        began = time.perf_counter()
        sweep = subprocess.Popen(
            [*train, "-m", *TINY, "optim.lr=3e-3,1e-3,2e-3", *launcher, "hydra.sweep.dir=sweep"],
            cwd=home,
            env=environment | {"SLURM_CONF": os.environ["SLURM_CONF"], "PATH": os.environ["PATH"]},
        )
        run = home / "sweep" / "0"
        wait_for_steps(run, 10)
        sh("scancel", "--signal=USR2", job_of(0))  # as two minutes before its time is over
        n_before = len(rows_of(run))
        wait_for_steps(run, n_before + 10)
        sh("scontrol", "requeue", job_of(0))  # as a partition that preempts
        code = sweep.wait()
        seconds = time.perf_counter() - began
    restarts = (run / "train.log").read_text(encoding="utf-8").count("Checking machine, model and recipe")
    rows = [
        {
            "run": number,
            "rows": len(rows_of(home / "sweep" / str(number))),
            "starts": restarts if number == 0 else 1,
            "same curve as alone": rows_of(run) == rows_of(home / "alone") if number == 0 else "",
        }
        for number in range(3)
    ]
    print(table(rows))
    print(f"\nexit status {code}, {seconds:.0f} s")
    record("slurm", rows, code=code)


if __name__ == "__main__":
    main()
