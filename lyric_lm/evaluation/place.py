"""Where an evaluation is kept, and whose it is: nothing that is there is lost, nothing of another model is taken.

A folder holds the evaluation of one model with one way of drawing tokens. One that was interrupted, or wants more
songs, goes on in it; another one moves it aside.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lyric_lm.durable import write_text
from lyric_lm.errors import InputError
from lyric_lm.evaluation.subject import Subject
from lyric_lm.lock import only_writer
from lyric_lm.sampling_settings import Sampling

IDENTITY = "identity.json"


def identity_of(subject: Subject, prompt: str, sampling: Sampling) -> dict[str, Any]:
    """Return what decides the songs that are written, but for their seeds."""
    weights = None
    if subject.folder:
        weights = {}
        for file in sorted(subject.folder.glob("model*.safetensors")):
            with file.open("rb") as stream:
                weights[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    base = subject.base if subject.folder else subject.tuned  # never where the run is: it may be typed otherwise
    return {"weights": weights, "base": base, "prompt": prompt, "sampling": asdict(sampling)}


def evaluation_folder(out: str | None, subject: Subject, identity: dict[str, Any]) -> Path:
    """Return the folder for an evaluation, made and marked as its own.

    Args:
        out: a folder; None: ``evaluation/`` in the run folder, or ``outputs/evaluation/NAME`` for an untrained model.

    Raises:
        InputError: ``out`` holds something else.
        FolderInUse: what would be moved aside is still being written.
    """
    default = subject.run_dir / "evaluation" if subject.run_dir else Path("outputs", "evaluation", subject.name)
    folder = Path(out).expanduser() if out else default
    mark = folder / IDENTITY
    is_ours = mark.is_file() and json.loads(mark.read_text(encoding="utf-8")) == identity
    if folder.exists() and not folder.is_dir():
        raise InputError(f"out={folder} is a file; give a folder")
    if folder.is_dir() and any(folder.iterdir()) and not is_ours:
        if out:
            raise InputError(f"out={folder} holds something else, which is not overwritten; choose another folder")
        with only_writer(folder):
            pass  # nobody is writing it
        number = next(n for n in range(1, 10_000) if not folder.with_name(f"{folder.name}.{n}").exists())
        folder.rename(folder.with_name(f"{folder.name}.{number}"))
    folder.mkdir(parents=True, exist_ok=True)
    write_text(mark, json.dumps(identity, ensure_ascii=False, indent=1) + "\n")
    return folder
