"""Measure how long one waits: ``python -m benchmarks.startup [--rounds 5] [--short]``.

Each row is a command as a user types it, in a process of its own, several times in turn: help and mistakes until the
command has ended, training until the first optimizer step is in ``metrics.csv``, writing until the first letter after
the prompt. The model is smollm2 from the cache, the songs are the demo album. Out comes a table of medians beside what
is aimed at.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.record import record, spread, table
from lyric_lm.model.smollm2 import smollm2_folder

PROMPT = "I remember"
MISTAKES = [  # each ends with status 1
    "generate temperature=-1",
    "generate data.block_size=9999",
    "generate run=/nowhere",
    "generate run=null model=nope",
    "train model=nope",
    "train model=smollm2 data.block_size=9999",
    "train model=smollm2 data.path=/nowhere",
    "train model=smollm2 optim.schedule=step",
    "train model.pretrained=/nowhere",
]
ENDED, STEP, LETTER = "ended", "first step", "first letter"
LIMITS = {ENDED: 1.0, STEP: 10.0, LETTER: 5.0}


def waits() -> list[tuple[str, str]]:
    """Return the commands, and what is waited for."""
    return [
        ("generate --help", ENDED),
        *((mistake, ENDED) for mistake in MISTAKES),
        ("train model=smollm2", STEP),
        (f"generate run={smollm2_folder()} prompt={PROMPT}", LETTER),
    ]


def seconds_until(command: str, event: str) -> float:
    """Run a command of the package until something has happened, and no longer; return the seconds."""
    name, *options = command.split(" ") if event != LETTER else command.split(" ", 2)
    with tempfile.TemporaryDirectory() as folder:
        if name == "train":
            options.append(f"hydra.run.dir={folder}/run")
        elif event == LETTER:
            options.append(f"preflight={folder}/preflight.json")
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", f"lyric_lm.{name}", *options],
            stdout=subprocess.PIPE if event == LETTER else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if event == ENDED:
                process.wait()
            elif event == STEP:
                _wait_for_row(Path(folder, "run", "metrics.csv"), process)
            else:
                _wait_for_letter(process)
            seconds = time.perf_counter() - began
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
    is_mistake = event == ENDED and "--help" not in options
    if event == ENDED and process.returncode != int(is_mistake):
        raise RuntimeError(f"lyric_lm.{command} ended with status {process.returncode}")
    return seconds


def _wait_for_row(metrics: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a training loss is in the table; the untrained model's row has none."""
    while process.poll() is None:
        if metrics.is_file():
            header, *rows = metrics.read_text(encoding="utf-8").splitlines()
            column = header.split(",").index("train/loss")
            if any(row.count(",") >= column and row.split(",")[column] for row in rows):
                return
        time.sleep(0.01)
    raise RuntimeError("train ended without a step")


def _wait_for_letter(process: subprocess.Popen[bytes]) -> None:
    """Wait for more text than the prompt, which is shown at once."""
    assert process.stdout is not None
    shown = b""
    while len(shown.decode(errors="ignore").strip()) <= len(PROMPT):
        letter = process.stdout.read(1)
        if not letter:
            raise RuntimeError("generate ended without a song")
        shown += letter


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--short", action="store_true", help="one round")
    arguments = parser.parse_args()
    found: dict[str, list[float]] = {}
    for _ in range(1 if arguments.short else arguments.rounds):
        for command, event in waits():
            found.setdefault(command, []).append(seconds_until(command, event))
            print(f"{found[command][-1]:.2f} s: {command}", file=sys.stderr, flush=True)
    rows = [
        {
            "command": f"`{command.replace(str(smollm2_folder()), 'FOLDER')}`",
            "until": event,
            "seconds": spread(found[command]),
            "aimed at": f"{LIMITS[event]:g}",
        }
        for command, event in waits()
    ]
    print(table(rows))
    if not arguments.short:
        record("startup", rows, seconds=found)


if __name__ == "__main__":
    main()
