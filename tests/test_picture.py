"""Pictures of a run take no more than their share of it."""

import time

import lightning as L
import pytest

from lyric_lm.callbacks.picture import Picture


def test_drawing_takes_a_twentieth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    drawn = []
    monkeypatch.setattr(time, "perf_counter", lambda: now)

    class Slow(Picture):
        def draw(self) -> None:
            nonlocal now
            drawn.append(now)
            now += 0.5

    picture = Slow()
    picture.on_fit_start(L.Trainer(logger=False), L.LightningModule())
    for _ in range(1000):
        picture.draw_if_due()
        now += 0.1
    assert 105 < drawn[0] <= 111
    assert 100 * 0.04 < 0.5 * len(drawn) <= 100 * 0.05
