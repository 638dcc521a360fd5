"""One writer for a run folder: a second run is refused before it touches anything."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lyric_lm.errors import FolderInUse


@contextmanager
def only_writer(run_dir: Path) -> Iterator[None]:
    """Hold a run folder for as long as the block runs; the system lets it go when the process dies, however it dies.

    Of a run in several processes the first one holds it for all; the others write nothing.

    Raises:
        FolderInUse: another process holds it.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    file = run_dir / ".lock"
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise FolderInUse(
            f"{run_dir} is being written by another run that has not ended; wait for it or stop it, or choose another "
            "folder with hydra.run.dir=FOLDER (evaluate: out=FOLDER)"
        ) from None
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows, where filelock removes it
            file.unlink(missing_ok=True)
        lock.release()
