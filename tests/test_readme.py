"""The README's commands run as typed, against a small hub and a folder of songs."""

import json
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

# Runs each line of its input, [arguments of python, file for stdout, file for stderr], in a process of its own, and
# answers with the exit status. The libraries are imported once, before there are processes: a command's imports are
# more than half of what it takes with a tiny model.
COMMANDS = """
import json, os, runpy, sys

import lightning, matplotlib.pyplot, torch, transformers
import lightning.pytorch.loggers, transformers.models.gpt2.modeling_gpt2

for line in sys.stdin:
    (option, module, *arguments), *files = json.loads(line)
    assert option == "-m", option
    child = os.fork()
    if child == 0:
        for number, file in enumerate([os.devnull, *files]):
            os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), number)
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


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
    out, err = tmp_path / "stdout", tmp_path / "stderr"
    with subprocess.Popen(
        [sys.executable, "-c", COMMANDS],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        for command in commands("README.md"):
            program, *arguments = shlex.split(command)
            assert program == "python"
            for file in (out, err):
                file.write_text("")
            print(json.dumps([arguments, str(out), str(err)]), file=process.stdin, flush=True)
            assert process.stdout.readline() == "0\n", f"{command}\n{err.read_text(encoding='utf-8')}"
            assert out.read_text(encoding="utf-8") or "train" in command
        process.stdin.close()
    assert (tmp_path / "songs.jsonl").read_text(encoding="utf-8").count("\n") == 5
    assert len(list((tmp_path / "outputs" / "sweep").glob("*/*/summary.json"))) == 4
    assert (tmp_path / "images" / "compare_val_loss.png").is_file()
