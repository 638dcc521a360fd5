"""Where lyric_lm keeps what can be made again: converted models, tokens of many songs, what a model was found to do."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return ``LYRIC_LM_CACHE``, or lyric_lm's place in the user's cache folder; it may not be there yet."""
    if chosen := os.environ.get("LYRIC_LM_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).expanduser() / "lyric_lm"
