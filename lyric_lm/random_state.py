"""Where all random number generators stand, as plain data that a weights-only checkpoint can hold."""

import random
from typing import Any

import numpy as np
import torch


def random_state() -> dict[str, Any]:
    """Return the state of Python's, NumPy's and torch's generators, on every device.

    >>> state = random_state()
    >>> drawn = random.random(), float(np.random.rand()), float(torch.rand(()))
    >>> restore_random_state(state)
    >>> drawn == (random.random(), float(np.random.rand()), float(torch.rand(())))
    True
    """
    numpy_state: tuple[Any, ...] = tuple(np.random.get_state())
    kind, keys, *rest = numpy_state  # weights-only loading knows no NumPy array
    return {
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(keys.astype(np.int64)), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put all generators where they stood; devices that this machine lacks are left out."""
    version, keys, following = state["python"]
    random.setstate((version, tuple(keys), following))
    kind, numbers, *rest = state["numpy"]
    np.random.set_state((kind, numbers.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])
    if state["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
