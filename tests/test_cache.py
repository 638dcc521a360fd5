"""The cache is where the user says, or in the user's own."""

from pathlib import Path

import pytest

from lyric_lm.cache import cache_folder


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LYRIC_LM_CACHE", "~/models")
    assert cache_folder() == Path.home() / "models"
    monkeypatch.delenv("LYRIC_LM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "lyric_lm"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "lyric_lm"
