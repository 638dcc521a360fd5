"""What processes hold now, as Linux counts it: memory of their own, and pages of mapped files."""

import re
from pathlib import Path

import psutil


def with_children(pid: int) -> list[int]:
    """Return a process and all below it; none if it has ended."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def own_bytes(pid: int) -> int:
    """Return what a process holds without pages of mapped files; 0 if it has ended."""
    return _resident(pid, "Anon")


def mapped_bytes(pid: int) -> int:
    """Return the pages of mapped files that count as a process's; 0 if it has ended."""
    return _resident(pid, "File")


def _resident(pid: int, kind: str) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return sum(1024 * int(size) for size in re.findall(rf"Rss{kind}:\s+(\d+) kB", status))
