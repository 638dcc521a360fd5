"""The README's commands run as typed, against a small hub and a folder of songs."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Not run here: make would set up a second environment, tensorboard serves for ever.
ELSEWHERE = ("make ", "pip install", "tensorboard ")
# Wants a cluster or several GPUs; tried in test_ray, test_jobs and test_many_devices.
CLUSTER = ("hydra/launcher=slurm", "hydra/launcher=ray", "trainer=fsdp")


def commands(readme: str) -> list[str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.split("\n") if line.strip()]
    return [line for line in lines if not line.startswith(ELSEWHERE) and not any(word in line for word in CLUSTER)]


def test_there_are_commands_and_the_translation_has_the_same() -> None:
    assert len(commands("README.md")) >= 7
    assert set(commands("README.ru.md")) <= set(commands("README.md"))
    assert len(commands("README.ru.md")) >= 4


def test_files_that_are_linked_exist() -> None:
    for readme in (
        "README.md",
        "README.ru.md",
        "CONTRIBUTING.md",
        "docs/songs.md",
        "docs/report.md",
        "docs/evaluation.md",
        "docs/search.md",
        "docs/joblib.md",
        "docs/ray.md",
        "docs/slurm.md",
        "docs/many_artists.md",
        "docs/many_devices.md",
        "docs/million_songs.md",
        "benchmarks/README.md",
        "benchmarks/report/README.md",
        "outputs/README.md",
    ):
        file = ROOT / readme
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{readme} links {target}"


@pytest.mark.slow
def test_the_commands_run_in_order(tmp_path: Path, songs_folder: Path, hub: str) -> None:
    (tmp_path / "MY_SONGS").symlink_to(songs_folder)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HF_ENDPOINT": hub,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "0",
        "OMP_NUM_THREADS": "1",
    }
    for command in commands("README.md"):
        program, *arguments = shlex.split(command)
        assert program == "python"
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout or "train" in command
    assert (tmp_path / "songs.jsonl").read_text(encoding="utf-8").count("\n") == 5
    assert len(list((tmp_path / "outputs" / "sweep").glob("*/*/summary.json"))) == 4
    assert (tmp_path / "images" / "compare_val_loss.png").is_file()
