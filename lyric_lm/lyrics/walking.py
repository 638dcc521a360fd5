"""Find the files of a tree, in order of path, without opening any.

A path goes in; what comes out is every file below it with its name from there, and for what cannot be read the
reason. Hidden files and what other programs leave beside songs are passed over in silence, as are the reports
that ``prepare`` writes beside its songs.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LEFT_BY_OTHERS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "$recycle.bin"}
_REPORTS = {"report.json", "report.md", "report.html"}  # beside songs.jsonl they are ours


@dataclass(frozen=True, slots=True)
class Found:
    """A file: its path, its name from the root in characters that can be printed, why it is not to be opened or ""."""

    path: Path
    name: str
    reason: str = ""


def find_files(root: Path) -> Iterator[Found]:
    """Yield the files below ``root``, or ``root`` itself if it is one.

    Links to files are followed, for hub caches are made of them. A link to a folder is followed when that folder
    lies outside ``root`` and is met for the first time: so nothing is read twice and no loop is entered.
    """
    top = Path(os.path.realpath(root))
    linked: set[Path] = set()
    waiting = [(root, "" if root.is_dir() else root.name)]
    while waiting:
        path, name = waiting.pop()
        shown = printable(name)
        try:
            status = path.stat()
            if not stat.S_ISDIR(status.st_mode):
                yield Found(path, shown, _reason_not_to_open(status))
                continue
            if name and path.is_symlink():
                target = Path(os.path.realpath(path))
                if reason := _reason_not_to_follow(target, top, linked):
                    yield Found(path, shown, reason)
                    continue
                linked.add(target)
            with os.scandir(path) as entries:
                names = sorted((entry.name for entry in entries if not _is_noise(entry.name)), reverse=True)
        except OSError as error:
            yield Found(path, shown or printable(str(root)), error.strerror or str(error))
            continue
        passed_over = _REPORTS if "songs.jsonl" in names else set()
        waiting += [(path / below, f"{name}/{below}" if name else below) for below in names if below not in passed_over]


def printable(name: str) -> str:
    """Make a path that is not UTF-8 one that reports can hold.

    >>> printable("caf\\udce9.txt")
    'caf\ufffd.txt'
    """
    return os.fsencode(name).decode(errors="replace")


def _is_noise(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _LEFT_BY_OTHERS


def _reason_not_to_open(status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):  # to open a pipe is to wait for its writer
        return "not a file but a pipe, socket or device"
    return "" if status.st_size else "empty file"


def _reason_not_to_follow(target: Path, top: Path, linked: set[Path]) -> str:
    if target in top.parents:
        return "a link to a folder around this one"
    around = {target, *target.parents}
    return "a link to a folder that is read anyway" if top in around or around & linked else ""
