"""One run in several processes, with whole models or shards: the same curves, checkpoints for any number of them."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from safetensors.torch import load_file

from tests.conftest import ROOT, SHORT_SAMPLES, Done, run_command

Call = Callable[..., Done]

MILLIONTH = 1e-6
NOT_TRAINING = {"tokens_per_second"}

# Eight blocks a step, from which the processes take their shares.
GIVEN = (
    *("model=tiny", "trainer.precision=32-true", "trainer.accelerator=cpu", "data.block_size=64"),
    *("optim.lr=1e-4", "optim.ema_decay=0"),  # weights in shards are not averaged
    *("trainer.max_epochs=2", "optim.label_smoothing=0.1", *SHORT_SAMPLES, "callbacks.originality.num_samples=2"),
)
ONE = ("data.batch_size=4", "trainer.accumulate_grad_batches=2")
TWO = ("data.batch_size=2", "trainer.accumulate_grad_batches=2", "trainer.devices=2")

SHORT = ("trainer.max_epochs=1", "trainer.max_steps=6")


def command(call: Call, *arguments: str) -> Done:
    """Call train from the test's folder: in processes of their own where there are to be two, else in this one."""
    return run_command("train", *arguments, cwd=Path.cwd()) if set(TWO) <= {*arguments} else call("train", *arguments)


def train(call: Call, songs: Path, *more: str) -> Done:
    done = command(call, *GIVEN, f"data.path={songs}", *more)
    assert done.code == 0, done.err
    return done


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def n_steps(run: Path) -> int:
    return max(int(row["step"]) for row in rows_of(run))


class StopAt(L.Callback):
    """Ask the run to stop, as Ctrl-C does, once it has taken so many steps."""

    def __init__(self, step: int):
        self.step = step

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        if trainer.global_step == self.step and trainer.is_global_zero:
            os.kill(os.getpid(), signal.SIGINT)


def assert_same_run(found: Path, expected: Path) -> None:
    """Every figure of every row, and the exported weights, to a millionth."""
    assert len(rows_of(found)) == len(rows_of(expected)) > 4
    for row, as_expected in zip(rows_of(found), rows_of(expected), strict=True):
        for column in set(as_expected) - NOT_TRAINING:
            if as_expected[column] == "":
                assert row[column] == ""
            else:
                assert float(row[column]) == pytest.approx(float(as_expected[column]), rel=MILLIONTH), column
    weights = load_file(found / "model" / "model.safetensors")
    for name, weight in load_file(expected / "model" / "model.safetensors").items():
        torch.testing.assert_close(weights[name], weight, atol=MILLIONTH, rtol=0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alone")


@pytest.fixture
def alone(call: Call, place: Path, songs_folder: Path) -> Path:
    """The run of one process, made once."""
    run = place / "run"
    if not run.exists():
        train(call, songs_folder, *ONE, f"hydra.run.dir={run}")
    return run


@pytest.mark.slow
@pytest.mark.parametrize("strategy", [pytest.param("ddp", marks=pytest.mark.long), "fsdp"])
def test_two_processes_are_one_run(call: Call, strategy: str, alone: Path, songs_folder: Path, tmp_path: Path) -> None:
    done = train(call, songs_folder, *TWO, f"trainer={strategy}", "hydra.run.dir=run")
    run = tmp_path / "run"
    assert_same_run(run, alone)
    assert done.err.count("Untrained model:") == done.err.count("Epoch 1:") == 1
    for name in ("samples/epoch_00.txt", "samples/epoch_02.txt"):
        assert (run / name).read_text(encoding="utf-8") == (alone / name).read_text(encoding="utf-8")
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    expected = json.loads((alone / "summary.json").read_text(encoding="utf-8"))
    for key in ("n_trained_parameters", "steps", "best_epoch", "n_train_tokens", "samples_are_language"):
        assert summary[key] == expected[key], key


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param((*TWO, "trainer=ddp"), ONE, id="ddp-one", marks=pytest.mark.long),
        pytest.param((*TWO, "trainer=fsdp"), ONE, id="fsdp-one"),
        pytest.param(ONE, (*TWO, "trainer=fsdp"), id="one-fsdp", marks=pytest.mark.long),
    ],
)
def test_a_checkpoint_is_of_any_number_of_processes(
    call: Call, before: tuple[str, ...], after: tuple[str, ...], alone: Path, songs_folder: Path, tmp_path: Path
) -> None:
    """Stopped within the first epoch, and gone on with by others."""
    stop = (f"+callbacks.stop._target_={StopAt.__module__}.StopAt", f"+callbacks.stop.step={n_steps(alone) // 2 - 1}")
    done = command(call, *GIVEN, f"data.path={songs_folder}", *before, *stop, "hydra.run.dir=run")
    assert done.code == 130, done.err
    assert len(rows_of(tmp_path / "run")) == n_steps(alone) // 2
    given = () if "trainer=fsdp" in after else ("trainer=default", "trainer.devices=1")
    done = command(call, "resume=run", *given, *after, "callbacks.stop=null")
    assert done.code == 0, done.err
    assert_same_run(tmp_path / "run", alone)


@pytest.mark.long
def test_adapters_in_shards(call: Call, songs_folder: Path, tmp_path: Path) -> None:
    train(call, songs_folder, *ONE, *SHORT, "finetune=lora", "hydra.run.dir=one")
    train(call, songs_folder, *TWO, *SHORT, "trainer=fsdp", "finetune=lora", "hydra.run.dir=two")
    assert_same_run(tmp_path / "two", tmp_path / "one")


@pytest.mark.long
def test_an_average_in_two_processes(call: Call, songs_folder: Path, tmp_path: Path) -> None:
    train(call, songs_folder, *ONE, *SHORT, "optim.ema_decay=0.7", "hydra.run.dir=one")
    train(call, songs_folder, *TWO, *SHORT, "trainer=ddp", "optim.ema_decay=0.7", "hydra.run.dir=two")
    assert_same_run(tmp_path / "two", tmp_path / "one")


@pytest.mark.long
def test_shards_in_half_precision(call: Call, songs_folder: Path, tmp_path: Path) -> None:
    """The same first steps; later on, what is rounded in another order has grown."""
    half = ("trainer.precision=bf16-mixed", *SHORT)
    train(call, songs_folder, *ONE, *half, "hydra.run.dir=one")
    train(call, songs_folder, *TWO, *half, "trainer=fsdp", "hydra.run.dir=two")
    one, two = (rows_of(tmp_path / name)[1:5] for name in ("one", "two"))
    for row, as_expected in zip(two, one, strict=True):
        for column in ("train/loss", "train/grad_norm"):
            assert float(row[column]) == pytest.approx(float(as_expected[column]), rel=1e-3), column


@pytest.mark.long
def test_shards_of_streamed_songs(call: Call, songs_folder: Path, tmp_path: Path) -> None:
    songs = [{"title": file.stem, "lyrics": file.read_text(encoding="utf-8")} for file in songs_folder.iterdir()]
    many = tmp_path / "many.jsonl"
    many.write_text("".join(json.dumps(song) + "\n" for song in songs), encoding="utf-8")
    streamed = ("data=streamed", *SHORT)
    train(call, many, *ONE, *streamed, "hydra.run.dir=one")
    train(call, many, *TWO, *streamed, "trainer=fsdp", "hydra.run.dir=two")
    assert_same_run(tmp_path / "two", tmp_path / "one")


def test_another_step_is_refused(call: Call, songs_folder: Path) -> None:
    train(call, songs_folder, *TWO, "trainer.max_steps=2", "hydra.run.dir=run")
    done = command(call, "resume=run", "trainer.devices=1", "trainer.max_steps=4")
    assert done.code == 1
    message = done.err.splitlines()[-1]
    assert "the run was made by 2 processes and there are now 1, so a step would hold other songs" in message
    assert message.endswith("so that with the processes they multiply to 8")


def can_make_namespaces() -> bool:
    name = f"lyric_lm_try_{os.getpid()}"
    try:
        done = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.fixture
def nodes() -> Iterator[list[str]]:
    """Two network namespaces with a cable between them: machines that share a disk, at 10.31.7.1 and 10.31.7.2."""
    names = [f"lyric_lm_{os.getpid()}_{number}" for number in range(2)]
    ends = ["lyric_a", "lyric_b"]

    def ip(line: str) -> None:
        subprocess.run(["ip", *line.split()], check=True, capture_output=True)

    try:
        for name in names:
            ip(f"netns add {name}")
        ip(f"link add {ends[0]} netns {names[0]} type veth peer name {ends[1]} netns {names[1]}")
        for number, (name, end) in enumerate(zip(names, ends, strict=True), start=1):
            ip(f"-n {name} addr add 10.31.7.{number}/24 dev {end}")
            ip(f"-n {name} link set {end} up")
            ip(f"-n {name} link set lo up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@pytest.mark.long
@pytest.mark.skipif(not can_make_namespaces(), reason="needs the rights to make network namespaces")
def test_two_machines(nodes: list[str], alone: Path, songs_folder: Path, tmp_path: Path) -> None:
    """Each sees its own network only; torchrun on each, as docs/many_devices.md says."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    started = []
    for number, name in enumerate(nodes):
        torchrun = ("-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", f"--node-rank={number}")
        where = ("--master-addr=10.31.7.1", f"--master-port={port}")
        what = ("-m", "lyric_lm.train", *GIVEN, *TWO[:2], f"data.path={songs_folder}", "hydra.run.dir=run")
        command = ["ip", "netns", "exec", name, sys.executable, *torchrun, *where, *what]
        own = environment | {"GLOO_SOCKET_IFNAME": ["lyric_a", "lyric_b"][number]}
        started.append(
            subprocess.Popen(command, cwd=tmp_path, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    told: list[Any] = [process.communicate(timeout=240) for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert_same_run(tmp_path / "run", alone)
    assert "Epoch 1: held-out loss" in told[0][1]
    assert "Epoch 1: held-out loss" not in told[1][1]
