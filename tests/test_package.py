"""A built wheel works in an empty folder: the configuration and the album are inside."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
@pytest.mark.network  # the build needs hatchling, which pip gets
def test_a_built_wheel_works_in_an_empty_folder(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert sum(name.startswith("lyric_lm/album/") and name.endswith(".txt") for name in names) >= 80
    for name in ("lyric_lm/conf/train.yaml", "lyric_lm/conf/experiment/report.yaml", "lyric_lm/album/LICENSE"):
        assert name in names
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "lyric_lm.prepare"],
        cwd=tmp_path / "empty",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Tilda Marrow: 85 songs from demo album")
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["prepared"]
