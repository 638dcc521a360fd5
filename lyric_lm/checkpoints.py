"""Checkpoints as files: written so that a whole one is always there, read so that a damaged or foreign one is refused.

``last.ckpt`` is the newest, ``last.previous.ckpt`` the one before it, ``best.ckpt`` the one of the best epoch. All
three hold everything (told in ``callbacks/checkpoints.py``), so a run can go on from any of them and end the same.
"""

import logging
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import torch
from lightning.fabric.plugins.io import CheckpointIO

from lyric_lm.durable import put, unfinished
from lyric_lm.errors import InputError

FORMAT = 4  # of what a checkpoint holds; another one is refused
LAST, PREVIOUS, BEST = "last.ckpt", "last.previous.ckpt", "best.ckpt"

log = logging.getLogger(__name__)


class CheckpointFiles(CheckpointIO):
    """Lightning's plugin for writing and reading checkpoints.

    Lightning's own serialises the whole checkpoint in memory before it writes; this one streams to the file.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write ``last.ckpt``; what stood there becomes ``last.previous.ckpt``.

        Args:
            storage_options: whether this is the best so far, and ``best.ckpt`` as well.
        """
        file = Path(path)
        previous = file.with_name(PREVIOUS)
        if file.is_file():
            previous.unlink(missing_ok=True)  # room for the next: three of them is what a run is reckoned with
        with unfinished(file) as (written, stream):
            _save(checkpoint, stream)
        if storage_options:
            # Before last.ckpt: a run that goes on from an older one makes a best.ckpt that is too new again.
            same = file.with_name(f"{BEST}.unfinished")
            same.unlink(missing_ok=True)
            try:
                os.link(written, same)
            except OSError:  # a file system without links
                shutil.copyfile(written, same)
            put(same, file.with_name(BEST))
        if file.is_file():
            os.replace(file, previous)
        put(written, file)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint without running any code that it may bring, whatever is asked for."""
        return torch.load(path, map_location=map_location or "cpu", weights_only=True)

    def remove_checkpoint(self, path: str | Path) -> None:
        Path(path).unlink(missing_ok=True)


class _Stream:
    """A file to write to that remembers what went wrong: torch turns a full disk into a RuntimeError."""

    def __init__(self, stream: BinaryIO):
        self.stream = stream
        self.error: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            return self.stream.write(data)
        except BaseException as error:  # Ctrl-C comes here too
            self.error = error
            raise

    def flush(self) -> None:
        self.stream.flush()


def _save(checkpoint: dict[str, Any], stream: BinaryIO) -> None:
    checked = _Stream(stream)
    try:
        torch.save(checkpoint, cast(IO[bytes], checked))  # write and flush are all that it uses
    except RuntimeError as error:
        raise checked.error or error from error


@dataclass(frozen=True)
class Found:
    """A whole checkpoint: the file, its optimizer step, and what it says of the run it belongs to."""

    file: Path
    step: int
    ours: dict[str, Any]


class UnusableError(Exception):
    """A file is no checkpoint to go on from; the message says why."""


def find_checkpoint(run_dir: Path, is_begun: bool) -> Found | None:
    """Return the newest whole checkpoint of a run; None if it was stopped before it wrote the first one.

    Going on from an older one ends the same, so it is taken by itself, and said.

    Args:
        is_begun: the run is known to have written one.

    Raises:
        InputError: there is none that is whole.
    """
    files = [run_dir / "checkpoints" / name for name in (LAST, PREVIOUS, BEST)]
    troubles = []
    for file in files:
        if not file.is_file():
            continue
        try:
            found = read_checkpoint(file)
        except UnusableError as error:
            troubles.append(f"{file} {error}")
            continue
        for trouble in troubles:
            log.warning(
                "Warning: %s; going on from %s, step %s: what came after it is done again and comes out the same",
                *(trouble, file.name, found.step),
            )
        return found
    if troubles:
        raise InputError(f"{troubles[0]}, and no other checkpoint of this run is whole; start a new run")
    if is_begun:
        raise InputError(f"resume={run_dir} has no checkpoints/last.ckpt to go on from; start a new run")
    return None


def read_checkpoint(file: Path) -> Found:
    """Check a file from end to end, and read what it says of itself.

    Every byte of the weights is compared with the checksum that torch wrote (CRC-32, as in any zip file).
    """
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
        saved: Any = None if damaged else torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except PermissionError:
        raise
    except Exception as error:  # bytes that are not what they were raise nearly anything
        raise UnusableError("is damaged or not a checkpoint") from error
    if damaged:
        raise UnusableError("is damaged")
    ours = saved.get("lyric_lm") if isinstance(saved, dict) else None
    if not isinstance(ours, dict):
        raise UnusableError("is not a checkpoint of lyric_lm")
    if ours.get("format") != FORMAT:
        raise UnusableError(f"is of another version of lyric_lm (format {ours.get('format')}, here {FORMAT})")
    return Found(file, int(saved["global_step"]), ours)
