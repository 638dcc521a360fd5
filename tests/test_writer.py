"""Callbacks that want songs after a validation: all of them are written at once, each only once."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import lightning as L
import pytest

from lyric_lm.callbacks import songs as songs_module
from lyric_lm.callbacks.songs import Writer
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny
from lyric_lm.sampling import Sample, Wanted
from tests.sharp_model import choice


class Spy:
    """Stands in for ``write_each``: a song tells its prompt, its seed and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[Wanted]] = []

    def __call__(self, network: Any, tokenizer: Any, wanted: list[Wanted], decoder: Any) -> Iterator[Sample]:
        self.asked.append(wanted)
        return (Sample(w.prompt, f"{w.prompt}{w.seed} of time {len(self.asked)}", True, w.seed) for w in wanted)


def test_the_first_to_ask_has_the_others_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy()
    monkeypatch.setattr(songs_module, "write_each", spy)
    network, tokenizer = make_tiny()
    module = SongModule(network, "tiny", 1e-3, 0.0, "constant", 0.0)
    a, b, long_b = Wanted("a", 1, choice()), Wanted("b", 1, choice()), Wanted("b", 1, choice(max_new_tokens=99))
    one, other, none = Writer(tokenizer, [a, b]), Writer(tokenizer, [b, long_b, a]), Writer(tokenizer, [])
    trainer: Any = SimpleNamespace(callbacks=[none, one, L.Callback(), other], state=SimpleNamespace(fn="fit"))

    def texts(writer: Writer) -> list[str]:
        return [song.text for song in writer.write(trainer, module)]

    assert (texts(none), texts(one)) == ([], ["a1 of time 1", "b1 of time 1"])
    assert texts(other) == ["b1 of time 1", "b1 of time 1", "a1 of time 1"]
    assert spy.asked == [[a, b, long_b]]
    assert texts(other) == ["b1 of time 2", "b1 of time 2", "a1 of time 2"]  # the next validation
    assert texts(one) == ["a1 of time 2", "b1 of time 2"]
    assert len(spy.asked) == 2
