"""Libraries are imported without a search for garbage, which goes on afterwards."""

import gc
from collections.abc import Iterator

import pytest

from lyric_lm.imports import quick_imports


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


class Held:
    """Can be part of a circle."""


def test_no_search_meanwhile_and_none_among_what_came_in() -> None:
    runs: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        runs.append(phase)

    gc.callbacks.append(note)
    try:
        with quick_imports():
            runs.clear()
            circles = []
            for _ in range(20_000):  # many times what sets a search off
                held = Held()
                held.itself = held  # type: ignore[attr-defined]
                circles.append(held)
            assert runs == []
    finally:
        gc.callbacks.remove(note)
    assert gc.isenabled()
    assert gc.get_freeze_count() >= 20_000


def test_what_was_off_stays_off_and_errors_turn_it_on_again() -> None:
    with pytest.raises(ImportError), quick_imports():
        raise ImportError
    assert gc.isenabled()
    gc.disable()
    with quick_imports():
        pass
    assert not gc.isenabled()
