"""A run as one job of many: launched side by side with others, perhaps on another machine, perhaps taken off it again.

Hydra's launchers start the jobs (joblib, Ray, submitit for Slurm), torchrun the processes of one run on several
machines; here is what the started one knows of it. No torch.
"""

import logging
import os
import signal
import socket
import time
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from lyric_lm.command import hide_warnings
from lyric_lm.errors import InputError, Interrupted

# A scheduler's word that a job is about to be taken off its machine: submitit's own, and the one of Slurm's manuals.
WARNINGS = tuple(getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name))
_SECONDS_TO_BE_KILLED = 600.0  # after SIGTERM; Slurm's grace time is shorter

log = logging.getLogger(__name__)


def is_side_by_side() -> bool:
    """Return whether this is a job of a sweep whose jobs may run at the same time: the screen is not its own."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return False
    return not str(HydraConfig.get().launcher._target_).endswith(".BasicLauncher")


def is_launched() -> bool:
    """Return whether torchrun has started this process, as one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_follower() -> bool:
    """Return whether torchrun has started this process and it is not the first one."""
    return is_launched() and os.environ["RANK"] != "0"


def begin() -> None:
    """Be where the command was given, and put this job's number before what it says on the screen.

    Raises:
        InputError: that folder is not on this machine.
    """
    if not is_side_by_side():
        return
    folder = Path(HydraConfig.get().runtime.cwd)
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not on {socket.gethostname()}, where this job runs; jobs on several machines need a folder "
            "that all of them share"
        )
    os.chdir(folder)  # Ray's workers are elsewhere
    hide_warnings()
    for handler in logging.root.handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.setFormatter(_Numbered(HydraConfig.get().job.num))


class _Numbered(logging.Formatter):
    """Put a job's number before every line."""

    def __init__(self, number: int):
        super().__init__("%(message)s")
        self.prefix = f"[{number}] "

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(f"{self.prefix}{line}".rstrip() for line in super().format(record).split("\n"))


def give_way(stopped: Interrupted) -> None:
    """Do what a scheduler expects of a job that it has stopped and that has saved its work; return where there is none.

    After a warning, submitit puts the job back in line and ends it: by the handler that it has set itself. After
    SIGTERM, the scheduler ends the job, and knows by itself whether to run it again; a job that ended by its own would
    count as failed.
    """
    if "SUBMITIT_EXECUTOR" not in os.environ:
        return
    if stopped.signal in WARNINGS:
        signal.raise_signal(getattr(signal, "SIG" + os.environ.get("SUBMITIT_PREEMPT_SIGNAL", "USR2")))
    elif stopped.signal == signal.SIGTERM:
        log.info("Saved; waiting to be ended by the scheduler")
        time.sleep(_SECONDS_TO_BE_KILLED)
