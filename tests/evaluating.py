"""What stands in the folder of an evaluation, for the tests of evaluate to look at."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tests.conftest import Done

Call = Callable[..., Done]

FILES = {"identity.json", "metrics.json", "report.html", "samples.jsonl"}


def metrics_of(folder: Path) -> dict[str, Any]:
    """The content of ``metrics.json``, which is strict JSON: no NaN, no infinity."""

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(constant)

    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"), parse_constant=refuse)


def records(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
