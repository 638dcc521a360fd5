"""Where lyric_lm keeps what can be made again: converted models, tokens of many songs, what a model was found to do."""

import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def cache_folder() -> Path:
    """Return ``LYRIC_LM_CACHE``, or lyric_lm's place in the user's cache folder; it may not be there yet."""
    if chosen := os.environ.get("LYRIC_LM_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).expanduser() / "lyric_lm"


@contextmanager
def cached_file(file: Path) -> Iterator[BinaryIO]:
    """Open a file of the cache for writing; it is there, whole, when the block ends, though others do the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=file.parent, suffix=".unfinished")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        os.replace(unfinished, file)
    except BaseException:
        Path(unfinished).unlink()
        raise


def let_go_of_others(used: Path, n_kept: int) -> None:
    """Note that a file or a folder was used, and delete those beside it that were not for longest, but for so many."""
    with suppress(OSError):  # another process may be at it, or the folder be there for reading only
        os.utime(used)
        for old in sorted(used.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-n_kept]:
            shutil.rmtree(old) if old.is_dir() else old.unlink()


@functools.cache
def code_digest() -> str:
    """Return a hash of this package itself: what other code made is made again."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for file in package.rglob("*") if file.is_file() and file.suffix != ".pyc"):
        digest.update(file.relative_to(package).as_posix().encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
