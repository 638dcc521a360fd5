"""The result of a check, and what becomes of it: written down, warned of, or the run's end."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from lyric_lm.durable import write_text
from lyric_lm.errors import InputError

log = logging.getLogger(__name__)

PASS, WARN, FAIL = "pass", "warn", "fail"


@dataclass(frozen=True)
class Check:
    """What was looked at, how it stands (pass, warn, fail), the figure, its limit, and what it means."""

    name: str
    status: str
    figure: str
    limit: str
    meaning: str


def heed(checks: list[Check], file: Path) -> None:
    """Write checks as JSON, and act on the last state of each: log the warnings, end the run on a failure.

    Raises:
        InputError: a check failed; the message is its account.
    """
    already = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    write_text(file, json.dumps([asdict(check) for check in checks], indent=2) + "\n")
    for check in checks:
        if check.status == WARN and asdict(check) not in already:
            log.warning("Warning: %s is %s (%s); %s", check.name, check.figure, check.limit, check.meaning)
        if check.status == FAIL:
            raise InputError(f"preflight: {check.name} is {check.figure} ({check.limit}); {check.meaning}")


def describe_check(check: Check) -> str:
    """Return a check as a line."""
    meaning = f"; {check.meaning}" if check.meaning else ""
    return f"{check.status:4}  {check.name}: {check.figure} (limit: {check.limit}){meaning}"
