"""The result of a check, and what becomes of it: written down, told, and, where one failed, the run's end."""

import json
import logging
import textwrap
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


def write_checks(checks: list[Check], file: Path) -> None:
    """Write checks as JSON."""
    write_text(file, json.dumps([asdict(check) for check in checks], indent=2) + "\n")


def heed(checks: list[Check], file: Path) -> None:
    """Write checks as JSON, log the warnings that the file does not hold yet, end the run where a check failed.

    Raises:
        InputError: see ``refuse``.
    """
    already = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    write_checks(checks, file)
    for check in checks:
        if check.status == WARN and asdict(check) not in already:
            log.warning("Warning: %s", account(check))
    failed = [check for check in checks if check.status == FAIL]
    for check in failed if len(failed) > 1 else []:
        log.error("Failed: %s", account(check))
    refuse(checks)


def refuse(checks: list[Check]) -> None:
    """Do nothing where no check failed.

    Raises:
        InputError: one failed, and the message is its account; or several did, and it names them.
    """
    failed = [check for check in checks if check.status == FAIL]
    if len(failed) == 1:
        raise InputError(f"preflight: {account(failed[0])}")
    if failed:
        raise InputError(f"preflight: {len(failed)} checks failed: {', '.join(check.name for check in failed)}")


def account(check: Check) -> str:
    """Return a check as a clause.

    >>> account(Check("disk", FAIL, "1.0 GB free", "2.0 GB for checkpoints", "free some space"))
    'disk is 1.0 GB free (2.0 GB for checkpoints); free some space'
    """
    return f"{check.name} is {check.figure} ({check.limit}); {check.meaning}"


def describe_checks(checks: list[Check]) -> str:
    """Return checks as an aligned table, what to do below those that have something to say, and a verdict.

    >>> torch, disk = Check("torch", PASS, "2.9", "not 2.8", ""), Check("disk", FAIL, "1 GB", "2 GB", "tidy")
    >>> print(describe_checks([torch, disk]))
    PASS  torch  2.9   (not 2.8)
    FAIL  disk   1 GB  (2 GB)
          tidy
    <BLANKLINE>
    1 of 2 checks failed: disk
    """
    wide_name = max(len(check.name) for check in checks)
    wide_figure = max((len(check.figure) for check in checks if len(check.figure) <= 44), default=0)
    lines = []
    for check in checks:
        lines.append(f"{check.status.upper()}  {check.name:{wide_name}}  {check.figure:{wide_figure}}  ({check.limit})")
        lines += textwrap.wrap(check.meaning, 110, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "\n".join([*lines, "", verdict(checks)])


def verdict(checks: list[Check]) -> str:
    """Return how checks came out as a sentence.

    >>> verdict([Check("torch", PASS, "", "", ""), Check("language", WARN, "", "", "")])
    'all 2 checks passed, 1 with a warning: language'
    """
    warned = [check.name for check in checks if check.status == WARN]
    failed = [check.name for check in checks if check.status == FAIL]
    if failed:
        return f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}"
    return f"all {len(checks)} checks passed" + (
        f", {len(warned)} with a warning: {', '.join(warned)}" if warned else ""
    )
