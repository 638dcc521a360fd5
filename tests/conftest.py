"""What several test files share: songs, a tiny model, a run, and commands called as a user calls them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lyric_lm.lyrics.reading import ALBUM
from tests.hub import Hub, serve

ROOT = Path(__file__).parent.parent

# One thread per library: the tests' tensors are too small to share out.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

TINY = ("model=tiny", "optim.lr=3e-3", "trainer.precision=32-true")
SHORT_SAMPLES = ("callbacks.samples.max_new_tokens=8", "callbacks.originality.max_new_tokens=16")
SMALL = ("num_samples=6", "num_base_samples=6", "max_new_tokens=60")  # an evaluation


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def one_line(done: Done) -> str:
    """The only line on stderr, of a command that the user's input made fail."""
    assert done.code == 1, done.err
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


def run_command(name: str, *arguments: str, cwd: Path, env: dict[str, str] | None = None) -> Done:
    """Run ``python -m lyric_lm.NAME`` in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", f"lyric_lm.{name}", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(autouse=True)
def _no_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is called in this process lets exceptions through by a variable; later tests must not have it."""
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what runs find out apart from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYRIC_LM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def songs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with twelve songs of the demo album, of which one or more are held out."""
    folder = tmp_path_factory.mktemp("songs") / "tilda_marrow"
    folder.mkdir()
    for file in sorted(ALBUM.glob("*.txt"))[:12]:
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, songs_folder: Path) -> Path:
    """The run folder that ``train`` leaves: two epochs of the tiny model on twelve songs."""
    home = tmp_path_factory.mktemp("home")
    done = run_command("train", *TINY, *SHORT_SAMPLES, f"data.path={songs_folder}", "trainer.max_epochs=2", cwd=home)
    assert done.code == 0, done.err
    (folder,) = (home / "outputs" / "train" / "tiny").iterdir()
    return folder


@pytest.fixture(scope="session")
def run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without an untrained model to compare with: tiny begins from random weights."""
    return shutil.copytree(tiny_run, tmp_path_factory.mktemp("runs") / "tiny, first")


@pytest.fixture(scope="session")
def hub_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A model hub with gpt2 and distilgpt2 under their real names, small and random; its requests are kept."""
    with serve(tmp_path_factory.mktemp("hub")) as server:
        yield server


@pytest.fixture(scope="session")
def hub(hub_server: Hub) -> str:
    """The address of ``hub_server``, for ``HF_ENDPOINT``."""
    return hub_server.url


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Done]:
    """Call a command in this process, from an empty folder, as ``python -m lyric_lm.NAME`` would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # commands set it for themselves; undone after the test

    def caller(name: str, *arguments: str) -> Done:
        import importlib
        import logging
        import signal
        import threading

        from lyric_lm import command

        module = importlib.import_module(f"lyric_lm.{name}")
        monkeypatch.setattr(logging, "raiseExceptions", True)  # commands set it; undone after the test
        monkeypatch.setattr(threading, "excepthook", threading.excepthook)
        monkeypatch.setattr(sys, "argv", [f"lyric_lm/{name}.py", *arguments])
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with pytest.raises(SystemExit) as exit_:
                command.run(module.main, getattr(module, "rewritten", list))
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            for log_handler in logging.root.handlers[:]:
                if type(log_handler).__module__.startswith("logging"):
                    logging.root.removeHandler(log_handler)
                    log_handler.close()
        captured = capsys.readouterr()
        return Done(int(exit_.value.code or 0), captured.out, captured.err)

    return caller


@pytest.fixture
def evaluated(call: Callable[..., Done], run: Path) -> Path:
    """The evaluation of ``run``, made once and left as it is."""
    folder = run / "evaluation"
    if not folder.exists():
        done = call("evaluate", f"run={run}", *SMALL)
        assert done.code == 0, done.err
    return folder
