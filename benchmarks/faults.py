"""Kill runs of the tiny model in every way, let them go on, and compare with the run that was never stopped.

Run: ``python -m benchmarks.faults [KILLS] [SEED] [FOLDER]`` (200 kills, seed 1, a temporary folder). Exit status 1 if
any run ended differently.

Each run is killed one to four times before it is let to its end. What must be equal to the last bit: ``metrics.csv``
(but for the speed), weights, optimizer, schedule and random numbers in ``last.ckpt``, ``model/``, and the figures of
the summary. A run starts in a fork of this process, which has everything imported: half a second instead of five.
Kills come at a random moment, or at a random file operation of the run, so that many fall into saving, exporting and
drawing. POSIX only; a small disk is a tmpfs where this runs as root.
"""

import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.outcome import difference, outcome

ROOT = Path(__file__).parent.parent
ARGUMENTS = (
    *("model=tiny", "model.dropout=0.1", "optim.lr=3e-3", "optim.warmup_steps=2", "trainer.precision=32-true"),
    *("trainer.max_epochs=2", "trainer.accumulate_grad_batches=2", "trainer.accelerator=cpu", "data.path=songs"),
    *("data.block_size=128", "trainer.checkpoint_minutes=0.001", "callbacks.samples.max_new_tokens=8"),
)
SIGNALS = {"kill -9": signal.SIGKILL, "Ctrl-C": signal.SIGINT, "SIGTERM": signal.SIGTERM}
KINDS = (
    *("kill -9 at a moment", "kill -9 at a file operation", "kill -9 while a checkpoint is written"),
    *("Ctrl-C at a moment", "Ctrl-C at a file operation", "SIGTERM at a moment", "SIGTERM at a file operation"),
    *("full disk: file size limit", "full disk: tmpfs", "last.ckpt cut off", "last.ckpt with a flipped bit"),
)
WEIGHTS = (30, 50, 20, 10, 15, 10, 15, 15, 10, 12, 13)  # of 200


def fork(home: Path, arguments: tuple[str, ...], prepare: Callable[[], None] = lambda: None) -> int:
    """Start ``train`` in a fork of this process; return its process id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        os.chdir(home)
        output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        prepare()
        from lyric_lm import command, train, train_arguments

        sys.argv = ["lyric_lm/train.py", *arguments]
        command.run(train.main, train_arguments.resume_arguments)
    except SystemExit as end:
        os._exit(int(end.code or 0))
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(70)
    os._exit(0)


def ended(pid: int) -> int:
    """Wait for a process; return its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def watch(folder: str, then: Callable[[int], Any]) -> None:
    """Call ``then`` with the number of each file operation of this process on a path that contains ``folder``."""
    seen = [0]

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event == "open" or event.startswith("os."):
            paths = [str(os.fspath(item)) for item in given if isinstance(item, str | os.PathLike)]
            if any(folder in path for path in paths):
                seen[0] += 1
                then(seen[0])

    sys.addaudithook(hook)


def count(writing: int, _: int) -> None:
    """Tell the process at the other end of the pipe of one more operation."""
    os.write(writing, b".")


def straight_run(home: Path) -> tuple[float, int, int]:
    """Make the run that is never stopped; return its seconds, its file operations, and those on checkpoints."""
    counts = []
    for match in ("straight/", "last.ckpt.unfinished"):
        shutil.rmtree(home / "straight", ignore_errors=True)
        reading, writing = os.pipe()
        began = time.monotonic()
        pid = fork(
            home,
            (*ARGUMENTS, "hydra.run.dir=straight"),
            partial(watch, match, partial(count, writing)),
        )
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            counts.append(len(stream.read()))
        if ended(pid):
            sys.exit((home / "output.txt").read_text())
        seconds = time.monotonic() - began
    return seconds, counts[0], counts[1]


def fault(
    kind: str, home: Path, arguments: tuple[str, ...], size: tuple[float, int, int], chance: random.Random
) -> int:
    """Start a run, let the fault happen, and return the exit status: 0 if the run was over before."""
    seconds, n_operations, n_saves = size
    number = SIGNALS.get(kind.partition(" at ")[0].partition(" while ")[0], signal.SIGKILL)
    if kind.endswith("at a file operation") or kind.endswith("is written"):
        match, total = ("run/", n_operations) if kind.endswith("operation") else ("last.ckpt.unfinished", n_saves)
        at = chance.randint(1, total)
        return ended(
            fork(home, arguments, lambda: watch(match, lambda n: os.kill(os.getpid(), number) if n == at else None))
        )
    if kind == "full disk: file size limit":
        size_limit = int(10 ** chance.uniform(2, 6.1))  # up to more than a checkpoint
        return ended(fork(home, arguments, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size_limit, -1))))
    pid = fork(home, arguments)
    time.sleep(chance.uniform(0, 0.9 * seconds))
    if kind == "full disk: tmpfs":
        filler = home / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as stream:
            while True:
                stream.write(bytes(65536))
        status = ended(pid)
        filler.unlink()
        return status
    os.kill(pid, number)  # not yet waited for, so it is still this process
    status = ended(pid)
    last = home / "run" / "checkpoints" / "last.ckpt"
    if kind.startswith("last.ckpt") and status and last.is_file():
        content = bytearray(last.read_bytes())
        place = chance.randrange(len(content))
        if kind.endswith("cut off"):
            del content[place:]
        else:
            content[place] ^= 1 << chance.randrange(8)
        # A new file: best.ckpt may be another name of the old one, as no damage of a disk would know.
        last.unlink()
        last.write_bytes(content)
    return status


def one_run(
    home: Path, kinds: list[str], size: tuple[float, int, int], chance: random.Random
) -> tuple[list[str], int, bool]:
    """Make a run that suffers faults of these kinds one after the other, then let it end.

    Returns:
        What came out differently, how many of the faults came before the run was over, and whether it was refused.
    """
    shutil.rmtree(home / "run", ignore_errors=True)
    (home / "output.txt").write_text("")
    n_hit = 0
    for kind in [*kinds, None]:
        run = home / "run"
        is_begun = (run / ".hydra" / "overrides.yaml").is_file()
        arguments = ("resume=run",) if is_begun else (*ARGUMENTS, "hydra.run.dir=run")
        status = fault(kind, home, arguments, size, chance) if kind else ended(fork(home, arguments))
        output = (home / "output.txt").read_text()
        if is_refused(home):
            return [], n_hit, True
        if status == 1 and "this run is complete" in output:
            status = 0  # killed after its last file
        n_hit += status != 0
        expected = {1} if "disk" in str(kind) else {130, -signal.SIGINT} if "Ctrl" in str(kind) else {130, -9, -15}
        if status == 0:  # over, before the fault or at the end
            break
        if status not in expected or kind is None:
            return [f"exit status {status} after {kind}:\n{output}"], n_hit, False
    if "Traceback" in output:
        return [output], n_hit, False
    expected_outcome, found = outcome(home / "straight"), outcome(home / "run")
    differences = (difference(expected_outcome[name], found[name], name) for name in found)
    return [text for text in differences if text], n_hit, False


def is_refused(home: Path) -> bool:
    """Return whether a run was told to begin anew, and rightly: its first checkpoint was damaged before the second."""
    is_told = (home / "output.txt").read_text().endswith("is whole; start a new run\n")
    return is_told and [file.name for file in (home / "run" / "checkpoints").glob("*.ckpt")] == ["last.ckpt"]


def mount(home: Path) -> bool:
    """Put a tmpfs of 24 MB at ``home``; false where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(home)]
    return not os.geteuid() and not subprocess.run(command, capture_output=True, check=False).returncode


def warm() -> None:
    """Import what a run imports, so that a fork need not; nothing is computed, so that forking is safe."""
    import importlib

    for name in ("train", "fit", "generate", "checks.recipe"):
        importlib.import_module(f"lyric_lm.{name}")
    for name in ("matplotlib.backends.backend_agg", "transformers.models.gpt2.modeling_gpt2", "torch._dynamo"):
        importlib.import_module(name)
    torch.set_num_threads(1)


def main(n_kills: int = 200, seed: int = 1, folder: str | None = None) -> int:
    """Make the runs and print the table; return how many ended differently."""
    warm()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped early, the table says how far it came
    chance = random.Random(seed)
    home = Path(tempfile.mkdtemp(dir=folder))
    is_small = mount(home)
    weights = [0 if "tmpfs" in kind and not is_small else weight for kind, weight in zip(KINDS, WEIGHTS, strict=True)]
    try:
        from lyric_lm.lyrics.reading import ALBUM

        (home / "songs").mkdir()
        for file in sorted(ALBUM.glob("*.txt"))[:6]:
            shutil.copy(file, home / "songs")
        size = straight_run(home)
        print(f"A straight run takes {size[0]:.1f} s and makes {size[1]} file operations", flush=True)
        hit, wrong, n_runs, n_refused = Counter[str](), Counter[str](), 0, 0
        with contextlib.suppress(KeyboardInterrupt):
            while hit.total() < n_kills:
                kinds = chance.choices(KINDS, weights, k=chance.randint(1, 4))
                differences, n_hit, was_refused = one_run(home, kinds, size, chance)
                n_runs, n_refused = n_runs + 1, n_refused + was_refused
                hit.update(kinds[:n_hit])
                if differences:
                    wrong.update(set(kinds[:n_hit]))
                    print(f"DIFFERENT after {', '.join(kinds[:n_hit])}: {'; '.join(differences)}", flush=True)
        print(f"\n{hit.total()} faults in {n_runs} runs, seed {seed}; {n_refused} told to begin anew, rightly:")
        print("their only checkpoint was the damaged one\n")
        print("| fault | times | in runs that ended differently |\n| --- | --- | --- |")
        for kind in KINDS:
            if hit[kind]:
                print(f"| {kind} | {hit[kind]} | {wrong[kind]} |")
        return wrong.total()
    finally:
        if is_small:
            subprocess.run(["umount", "-l", str(home)], check=True)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4])))
