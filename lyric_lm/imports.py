"""Import heavy libraries in less time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Look for no garbage while libraries are imported, nor ever after among what they are made of.

    Python looks through all objects again and again as they become more, which takes a seventh of the time that
    Lightning and transformers need, and a twelfth of torch's. Hardly any of theirs is garbage.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
