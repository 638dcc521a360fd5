"""Writing files of entries: what the writers of every format share."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from tests.noise import Entry

Sources = dict[str, Entry]
Writer = Callable[[Path, list[Entry], Random], Sources]

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")


def put_file(file: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file; what the code page lacks is a reason to take UTF-8."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        data = text.encode("utf-8")
    file.write_bytes(data)


def numbered(name: str, entries: list[Entry]) -> Sources:
    """Say which entry stands where in a file: its name alone where there is but one."""
    if len(entries) == 1:
        return {name: entries[0]}
    return {f"{name}:{n}": entry for n, entry in enumerate(entries, start=1)}


def file_name(entry: Entry, names: Iterable[str]) -> str:
    """Make a file's name of a title; a number tells two of one title apart."""
    stem = re.sub(r'[/\\:*?"<>|]', "", entry.title).strip(". ")
    n = sum(name.casefold() == stem.casefold() for name in names)
    return f"{stem} {n + 1}" if n else stem


def slug(text: str) -> str:
    """Write a name as addresses do: ``two-chairs``."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")
