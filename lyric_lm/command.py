"""What all commands share: text arguments as typed, one line for a user's mistake, the exit status.

A command is ``@hydra.main(**HYDRA) @told def main(cfg)`` and ends in ``run(main)``.
"""

import errno
import functools
import logging
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from lyric_lm.errors import FolderInUse, InputError, Interrupted
from lyric_lm.help import help_text
from lyric_lm.settings import CONF, did_you_mean

HYDRA: dict[str, Any] = {"version_base": "1.3", "config_path": str(CONF)}

# Arguments whose value is any text or path; Hydra's own grammar would read "a, b" as a sweep.
TEXT_KEYS = (
    *("prompt", "prompt_file", "run", "resume", "out", "data.path", "data.artist", "data.out", "model.pretrained"),
    *("model.revision", "hydra.run.dir", "hydra.sweep.dir", "diff", "preflight"),
)
# A whole value in quotes of Hydra's own; "'Cause I'm rockin'" is not one.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
# Of these, a list in square brackets stays a list.
_LIST_KEYS = ("run",)

_LAUNCHERS = {"joblib": "sweep", "ray": "ray", "slurm": "slurm"}  # and the extra that installs it

_WANTS_TRACEBACK = os.environ.get("HYDRA_FULL_ERROR", "0") != "0"

log = logging.getLogger(__name__)


def quote_text_arguments(arguments: list[str]) -> list[str]:
    r"""Quote the values of text arguments so that Hydra takes them as typed.

    >>> quote_text_arguments(["prompt=girl, you", "run=null", "seed=1,2", "data.artist='Burns, R'"])
    ["prompt='girl, you'", 'run=null', 'seed=1,2', "data.artist='Burns, R'"]
    >>> quote_text_arguments(["prompt=don't"])[0]
    "prompt='don\\'t'"
    >>> quote_text_arguments(["-m", "data.path=a,b", "prompt=a,b"])
    ['-m', 'data.path=a,b', "prompt='a,b'"]
    """
    is_sweep = any(a in ("-m", "--multirun") for a in arguments)
    quoted = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        is_list = key in _LIST_KEYS and value.startswith("[") and value.endswith("]")
        is_swept = is_sweep and key != "prompt" and "," in value
        is_quoted = bool(_QUOTED.fullmatch(value))
        if not equals or key not in TEXT_KEYS or value == "null" or is_list or is_swept or is_quoted or "${" in value:
            quoted.append(argument)
            continue
        quoted.append(f"{key}={quote(value)}")
    return quoted


def quote(value: str) -> str:
    r"""Return any text as a quoted value of Hydra's grammar, in which backslashes are escaped only before a quote.

    >>> print(quote("don't"), quote("a\\"))
    'don\'t' 'a\\'
    """
    value = re.sub(r"(\\*)(')", r"\1\1\\\2", value)
    value = re.sub(r"(\\+)\Z", r"\1\1", value)
    return f"'{value}'"


def run(main: Callable[[], None], rewrite: Callable[[list[str]], list[str]] = list) -> NoReturn:
    """Run a Hydra main function on ``sys.argv`` and exit: 0 done, 1 user or machine at fault, 130 interrupted.

    Args:
        main: a function decorated with ``hydra.main``.
        rewrite: changes the arguments as typed before anything reads them.
    """
    if {"--help", "-h"} & set(sys.argv[1:]):
        module = sys.modules[main.__module__]
        print(help_text(Path(str(module.__file__)).stem, str(module.__doc__)))
        sys.exit(0)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions come here instead of to Hydra's printer
    # A job manager's stop is treated like Ctrl-C, and neither as KeyboardInterrupt: Lightning would exit at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_interrupt)
    threading.excepthook = _thread_stopped
    logging.raiseExceptions = _WANTS_TRACEBACK  # a log that cannot be written (a full disk) has no traceback either
    hide_warnings()
    try:
        sys.argv[1:] = quote_text_arguments(rewrite(sys.argv[1:]))
        main()
    except (HydraException, OmegaConfBaseException) as error:
        _say(_config_message(error), error)
        sys.exit(1)
    except RuntimeError as error:
        if (message := _missing_launcher(error)) is None:
            raise
        _say(message, error)
        sys.exit(1)
    except (InputError, OSError) as error:
        _say(_message(error), error)
        sys.exit(1)
    except (KeyboardInterrupt, Interrupted) as error:
        print(f"\ninterrupted{': ' if str(error) else ''}{error}", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)


def hide_warnings() -> None:
    """Keep to ourselves what libraries have to say to those who write programs with them."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)


def told(task: Callable[[DictConfig], Any]) -> Callable[[DictConfig], Any]:
    """Make a task's user errors part of its log, and keep Hydra from printing them a second way.

    In a sweep the error goes on to Hydra, which runs the other jobs first.
    """

    @functools.wraps(task)
    def wrapped(cfg: DictConfig) -> Any:
        try:
            return task(cfg)
        except (InputError, OSError) as error:
            if _WANTS_TRACEBACK:
                raise
            if isinstance(error, FolderInUse):
                print(f"error: {_message(error)}", file=sys.stderr)
            else:
                log.error("error: %s", _message(error))
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise
            sys.exit(1)

    return wrapped


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    """Raise ``Interrupted``; in a moment, where Python would swallow it: in a destructor or a weak reference's call."""
    while frame is not None:
        if frame.f_code.co_name in ("__del__", "forget"):
            threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
            return
        frame = frame.f_back
    raise Interrupted(signal=number)


def _thread_stopped(stopped: threading.ExceptHookArgs) -> None:
    """Say in a line that a library's thread could not write, TensorBoard's on a full disk; the run sees to itself."""
    if isinstance(stopped.exc_value, OSError) and not _WANTS_TRACEBACK:
        log.warning("Warning: what is written in the background is not whole: %s", _message(stopped.exc_value))
    else:
        threading.__excepthook__(stopped)


def _say(message: str, error: BaseException) -> None:
    if _WANTS_TRACEBACK:
        raise error
    print(f"error: {message}", file=sys.stderr)


def _message(error: BaseException) -> str:
    """Return one line for an error: what is wrong, and what to do."""
    if isinstance(error, OSError) and error.errno:
        where = f": {error.filename}" if error.filename else ""
        if error.errno == errno.ENOSPC:
            return f"no space left on the device{where}; free some, or choose another place with hydra.run.dir=FOLDER"
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return f"no permission to write{where}; choose another place with hydra.run.dir=FOLDER or out=FILE"
        return f"{error.strerror}{where}"
    return " ".join(str(error).split())


def _missing_launcher(error: RuntimeError) -> str | None:
    """Return how to install the launcher that Hydra did not find, or None for another error."""
    is_slurm = str(error).startswith("Unknown plugin class : 'hydra_plugins.hydra_submitit_launcher.")
    return _install_launcher("slurm") if is_slurm else None


def _install_launcher(name: str) -> str:
    return f'hydra/launcher={name} is not installed: pip install "lyric-lm[{_LAUNCHERS[name]}]"'


def _config_message(error: BaseException) -> str:
    """Turn Hydra's account of a wrong argument into one line with the names that are allowed."""
    text = str(error.__cause__ or error) if isinstance(error.__cause__, OmegaConfBaseException) else str(error)
    whole = f"{error}\n{error.__cause__ or ''}"
    if match := re.search(r"Could not (?:override|append|delete) .?'?([\w./]+)'?", whole):
        key = match[1].rstrip(".")
        return f"unknown key {key}{did_you_mean(key)} (all keys: --cfg job)"
    if match := re.search(r"Could not find '([^']+)'", whole):
        options = ", ".join(sorted(re.findall(r"^\t(\S+)$", whole, re.MULTILINE)))
        group, _, choice = match[1].rpartition("/")
        if group == "hydra/launcher" and choice in _LAUNCHERS:
            return _install_launcher(choice)
        return f"{group}={choice} is not known; allowed: {options}" if options else f"unknown group {match[1]}"
    if match := re.search(r"Could not load '([^']+)'|override '([^']+)'\. No match in the defaults list", whole):
        return f"unknown group {match[1] or match[2]}; see the groups with --help"
    return " ".join(text.split())
