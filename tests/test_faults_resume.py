"""The fault test in short: a few seeded kills, and every run ends as if there had been none (full: benchmarks/)."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.skipif(sys.platform == "win32", reason="it forks")
def test_killed_runs_end_like_the_one_that_was_not() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", "4", "3"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DIFFERENT" not in done.stdout
    assert " faults in " in done.stdout
