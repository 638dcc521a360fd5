"""Files that are whole or not there: written beside their place, forced to the disk, then put there in one move.

A run may be killed, or the power may fail, at any moment. A reader then finds the old file or the new one, never
a part of one.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def unfinished(file: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open ``NAME.unfinished`` beside a file for writing; on the disk when the block ends, gone if it fails.

    Yields:
        Its path and its stream. The caller puts it in place, with ``put``.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    path = file.with_name(f"{file.name}.unfinished")
    try:
        with path.open("wb") as stream:
            yield path, stream
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)  # on a full disk, what was written so far is in the way
        raise


def put(written: Path, file: Path) -> None:
    """Give a written file its name in one move, and force the move to the disk."""
    os.replace(written, file)
    sync_folder(file.parent)


def write_text(file: Path, text: str) -> None:
    """Write a whole text file, or leave the old one."""
    with unfinished(file) as (path, stream):
        stream.write(text.encode("utf-8"))
    put(path, file)


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to the disk; Windows does so by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_files(folder: Path) -> None:
    """Force the files of a folder, and its list of names, to the disk."""
    for file in folder.iterdir():
        with file.open("r+b") as stream:
            os.fsync(stream.fileno())
    sync_folder(folder)
