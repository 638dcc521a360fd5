"""The exceptions that are messages to the user rather than reports of a bug.

Commands print them as one line and end with the exit status named here; every other exception keeps its
traceback, because then the fault is ours.
"""

from typing import Any


class InputError(ValueError):
    """What the user gave cannot work: the message says what is wrong, what is allowed and what to do.

    Ends a command with exit status 1.
    """


class NotFinite(InputError):  # noqa: N818 - an event of a run, like Interrupted
    """A loss or a gradient became NaN or infinite: the step was not taken, the weights are the last good ones.

    ``account`` is what is known about it, as plain data.
    """

    def __init__(self, message: str, account: dict[str, Any] | None = None):
        super().__init__(message)
        self.account = account or {}


class FolderInUse(InputError):  # noqa: N818 - a state of things, like NotFinite
    """Another run is writing this folder: nothing may be written there, its log included."""


class Interrupted(BaseException):
    """The user (Ctrl-C) or the system (SIGTERM) asked a run to stop; what it learned is kept.

    Not an ``Exception``, like ``KeyboardInterrupt``, so that no library swallows it. Exit status 130. ``signal`` is the
    one that asked, where it was one.
    """

    def __init__(self, message: str = "", signal: int | None = None):
        super().__init__(message)
        self.signal = signal
