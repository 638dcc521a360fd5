"""Datasets of songs come from the hub or its cache, and never by running them; what is wrong is said in one line."""

import socket
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest

from lyric_lm.errors import InputError
from lyric_lm.lyrics import hub_songs
from lyric_lm.lyrics.reading import ALBUM
from tests.conftest import ROOT
from tests.hub import GATED, PICTURES, SCRIPTED, SONGS, Hub

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
READ = """
import sys
from lyric_lm.errors import InputError
from lyric_lm.lyrics.reading import read_songs
try:
    for song in read_songs(sys.argv[1]).songs:
        print(song.title, song.artist, song.source, len(song.lyrics), sep="|")
except InputError as error:
    sys.exit(f"error: {error}")
assert "torch" not in sys.modules
"""


def read(cwd: Path, endpoint: str, name: str, offline: bool = False) -> subprocess.CompletedProcess[str]:
    """Read a dataset's songs in a process whose hub is at ``endpoint`` and whose cache is in ``cwd``."""
    env = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cwd), "HF_HUB_CACHE": str(cwd / "hub"), "PYTHONPATH": str(ROOT)}
    env |= {"HF_HUB_OFFLINE": str(int(offline)), "HF_HUB_DISABLE_PROGRESS_BARS": "1", **dict.fromkeys(PROXIES, "")}
    return subprocess.run([sys.executable, "-c", READ, name], env=env, cwd=cwd, capture_output=True, text=True)


@pytest.fixture(scope="session")
def nowhere() -> str:
    """An address where nothing answers."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("Fetching")]
    assert line.startswith("error: data.path=")
    return line


TITLES = [file.read_text(encoding="utf-8").partition("\n")[0] for file in sorted(ALBUM.glob("*.txt"))[:6]]


@pytest.mark.parametrize(("name", "file"), [(SONGS, "data/train.jsonl"), (SCRIPTED, "datasets.json")])
def test_from_the_hub_and_then_from_its_cache(
    tmp_path: Path, hub_server: Hub, nowhere: str, name: str, file: str
) -> None:
    hub_server.requests.clear()
    first = read(tmp_path, hub_server.url, name)
    assert first.returncode == 0, first.stderr
    songs = [line.split("|") for line in first.stdout.splitlines()]
    assert [song[0] for song in songs] == TITLES
    assert [song[2] for song in songs] == [f"{file}:{number}" for number in range(1, 7)]
    assert set(hub_server.downloads()) == {f"datasets/{name}/{file}"}  # no card, no script

    hub_server.requests.clear()
    again = read(tmp_path, nowhere, name, offline=name == SONGS)  # told to be offline, or just is
    assert again.stdout == first.stdout
    assert hub_server.requests == []


def test_no_such_dataset(tmp_path: Path, hub: str) -> None:
    line = refusal(read(tmp_path, hub, "nobody/nothing"))
    for part in (
        "is no file or folder; as a dataset: the hub did not give nobody/nothing",
        "check the name",
        "data.path=/a",
    ):
        assert part in line


def test_a_dataset_with_terms_to_accept(tmp_path: Path, hub: str) -> None:
    line = refusal(read(tmp_path, hub, GATED))
    assert f"accept them on {hub}/datasets/{GATED}, log in (hf auth login)" in line


def test_a_dataset_without_songs(tmp_path: Path, hub: str) -> None:
    line = refusal(read(tmp_path, hub, PICTURES))
    assert "has no files that can hold songs; known are *.csv, *.tsv" in line


@pytest.mark.parametrize("offline", [False, True])
def test_no_way_to_the_hub_and_nothing_in_the_cache(tmp_path: Path, nowhere: str, offline: bool) -> None:
    line = refusal(read(tmp_path, nowhere, SONGS, offline))
    for part in (f"cannot reach {nowhere} and {SONGS} is not in the local cache ({tmp_path / 'hub'})", "hf download"):
        assert part in line


def test_what_the_hub_made_of_a_dataset_is_taken_where_there_is_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def snapshot(name: str, revision: str | None, **others: object) -> str:
        folder = tmp_path / str(revision).replace("/", "-")
        folder.mkdir()
        if revision:
            (folder / "0000.parquet").touch()
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    monkeypatch.setattr(hub_songs, "hub_is_reachable", lambda: True)
    assert hub_songs.fetch("ada/songs") == tmp_path / "refs-convert-parquet"


def test_a_name_that_cannot_be_a_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_songs, "hub_is_reachable", lambda: True)
    with pytest.raises(
        InputError, match=r"data\.path=ada--x/\.\.songs is no file or folder; as a dataset: the hub did"
    ):
        hub_songs.fetch("ada--x/..songs")


def test_load_dataset_reads_from_the_hub_of_the_tests(tmp_path: Path, hub: str) -> None:
    """It answers what the ``datasets`` library asks, so its answers are like the hub's."""
    pytest.importorskip("datasets")
    code = f"import datasets; print(len(datasets.load_dataset({SONGS!r})['train']))"
    env = {"HF_ENDPOINT": hub, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0", **dict.fromkeys(PROXIES, "")}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "6", done.stderr
