"""Evaluate once more: nothing is lost or done twice, whatever was changed, cut or stopped in between."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from lyric_lm.errors import Interrupted
from lyric_lm.evaluation import writing
from lyric_lm.lock import only_writer
from lyric_lm.lyrics.folding import folded_words
from lyric_lm.sampling import Sample
from lyric_lm.sampling_settings import Sampling
from tests.conftest import SMALL, one_line
from tests.evaluating import FILES, Call, contents, metrics_of, names, records


@pytest.fixture
def seeds(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The seeds of the songs that are really written, by call."""
    asked: list[list[int]] = []
    write_songs = writing.write_songs

    def spy(*given: Any, **how: Any) -> Iterator[Sample]:
        asked.append(given[3])
        return write_songs(*given, **how)

    monkeypatch.setattr(writing, "write_songs", spy)
    return asked


def test_the_same_again_writes_no_song(call: Call, evaluated: Path, run: Path, seeds: list[list[int]]) -> None:
    before = contents(evaluated)
    done = call("evaluate", f"run={run}", *SMALL)
    assert done.code == 0, done.err
    assert seeds == [[]]
    assert contents(evaluated) == before
    assert not (run / "evaluation.1").exists()


def test_however_the_run_is_named_it_is_the_same(
    call: Call, run: Path, evaluated: Path, seeds: list[list[int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copied = shutil.copytree(run, tmp_path / "moved run")
    monkeypatch.chdir(tmp_path)
    assert call("evaluate", "run=./moved run/model", *SMALL).code == 0
    assert seeds == [[]]
    assert contents(copied / "evaluation")["samples.jsonl"] == contents(evaluated)["samples.jsonl"]
    assert not (copied / "evaluation.1").exists()


def test_more_songs_are_added(
    call: Call, tiny_run: Path, evaluated: Path, tmp_path: Path, seeds: list[list[int]]
) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    shutil.copytree(evaluated, run / "evaluation")
    done = call("evaluate", f"run={run}", *SMALL, "num_samples=8")
    assert done.code == 0, done.err
    assert seeds == [[7, 8]]
    before = (evaluated / "samples.jsonl").read_bytes()
    assert (run / "evaluation" / "samples.jsonl").read_bytes().startswith(before)
    assert [record["seed"] for record in records(run / "evaluation" / "samples.jsonl")] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert metrics_of(run / "evaluation")["originality"]["sets"]["samples"]["n_songs"] == 8
    done = call("evaluate", f"run={run}", *SMALL, "num_samples=2", "seed=6")  # fewer, and others: one is known
    assert done.code == 0, done.err
    assert seeds == [[7, 8], []]
    assert len(records(run / "evaluation" / "samples.jsonl")) == 8
    assert len(metrics_of(run / "evaluation")["originality"]["sets"]["samples"]["songs"]) == 2


def test_other_settings_move_the_old_folder_aside(call: Call, tiny_run: Path, evaluated: Path, tmp_path: Path) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    shutil.copytree(evaluated, run / "evaluation")
    (run / "evaluation" / "notes.txt").write_text("mine", encoding="utf-8")
    first = contents(run / "evaluation")
    done = call("evaluate", f"run={run}", *SMALL, "temperature=0.9")
    assert done.code == 0, done.err
    assert contents(run / "evaluation.1") == first
    assert names(run / "evaluation") == FILES
    second = contents(run / "evaluation")
    done = call("evaluate", f"run={run}", *SMALL, "prompt=Row on")
    assert done.code == 0, done.err
    assert contents(run / "evaluation.1") == first
    assert contents(run / "evaluation.2") == second
    texts = [record["text"] for record in records(run / "evaluation" / "samples.jsonl")]
    assert all(text.startswith("Row on") for text in texts)
    copied = metrics_of(run / "evaluation")["originality"]["sets"]["samples"]
    of_rest = [text.removeprefix("Row on") for text in texts]
    assert [song["n_words"] for song in copied["songs"]] == [len(list(folded_words(text))) for text in of_rest]


def test_other_weights_move_the_old_folder_aside(call: Call, tiny_run: Path, evaluated: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    run = shutil.copytree(tiny_run, tmp_path / "run")
    shutil.copytree(evaluated, run / "evaluation")
    file = run / "model" / "model.safetensors"
    save_file({name: value * 1.01 for name, value in load_file(file).items()}, file, metadata={"format": "pt"})
    assert call("evaluate", f"run={run}", *SMALL).code == 0
    assert contents(run / "evaluation.1") == contents(evaluated)


def test_an_interrupted_evaluation_goes_on(
    call: Call, evaluated: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_songs = writing.write_songs

    def interrupted(*given: Any, **how: Any) -> Iterator[Sample]:
        for number, song in enumerate(write_songs(*given, **how), start=1):
            yield song
            if number == 3:
                raise Interrupted

    arguments = ("evaluate", f"run={run}", *SMALL, "out=mine, (2)")
    with monkeypatch.context() as patch:
        patch.setattr(writing, "write_songs", interrupted)
        done = call(*arguments)
    assert done.code == 130
    assert "Traceback" not in done.err
    folder = tmp_path / "mine, (2)"
    assert names(folder) == {"identity.json", "samples.jsonl"}
    assert [record["seed"] for record in records(folder / "samples.jsonl")] == [1, 2, 3]
    done = call(*arguments)
    assert done.code == 0, done.err
    assert contents(folder) == contents(evaluated)


def test_a_line_that_a_kill_cut_is_written_again(call: Call, evaluated: Path, run: Path, tmp_path: Path) -> None:
    lines = (evaluated / "samples.jsonl").read_bytes().splitlines(keepends=True)
    folder = shutil.copytree(evaluated, tmp_path / "mine")
    (folder / "samples.jsonl").write_bytes(b"".join(lines[:3]) + lines[3][: len(lines[3]) // 2])
    done = call("evaluate", f"run={run}", *SMALL, "out=mine")
    assert done.code == 0, done.err
    assert contents(folder) == contents(evaluated)


def test_wherever_a_kill_cuts_what_is_whole_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "songs.jsonl"
    how = Sampling(60, 0.8, 50, 0.95, None, 1.0, None)
    record = {
        "prompt": "",
        "text": "Là-bas",
        "ended": True,
        "seed": 1,
        "settings": asdict(how),
    }  # a letter of two bytes
    line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
    for cut in range(len(line)):
        file.write_bytes(line + line[:cut])
        assert writing.read_samples(file, how) == [Sample("", "Là-bas", True, 1)]
        assert file.read_bytes() == line


def test_what_is_being_written_is_left_alone(call: Call, evaluated: Path, run: Path) -> None:
    before = contents(evaluated)
    with only_writer(evaluated):
        for change in ("temperature=1.0", "temperature=0.7"):
            assert "is being written by another run" in one_line(call("evaluate", f"run={run}", *SMALL, change))
    assert contents(evaluated) == before
    assert not (run / "evaluation.1").exists()


def test_a_prompt_of_null_is_none(call: Call, run: Path, evaluated: Path, seeds: list[list[int]]) -> None:
    done = call("evaluate", f"run={run}", *SMALL, "prompt=null")
    assert done.code == 0, done.err
    assert seeds == [[]]  # as prompt=""
