"""What evaluate refuses, in one line and with nothing changed: other songs, other folders, values out of range."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import SMALL, one_line
from tests.evaluating import Call, contents, metrics_of, names


def songs_elsewhere(songs_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(songs_folder, tmp_path / "moved" / songs_folder.name)


def test_songs_that_were_moved_are_found_where_they_are_said_to_be(
    call: Call, tiny_run: Path, songs_folder: Path, evaluated: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    config = run / ".hydra" / "config.yaml"
    gone = str(tmp_path / "gone")
    config.write_text(config.read_text(encoding="utf-8").replace(str(songs_folder), gone), encoding="utf-8")
    line = one_line(call("evaluate", f"run={run}", *SMALL))
    assert line.startswith(f"data.path={gone} does not exist")
    assert not (run / "evaluation").exists()
    done = call("evaluate", f"run={run}", *SMALL, f"data.path={songs_elsewhere(songs_folder, tmp_path)}")
    assert done.code == 0, done.err
    ours, theirs = metrics_of(run / "evaluation"), metrics_of(evaluated)
    assert {**ours, "run": None, "advice": None} == {**theirs, "run": None, "advice": None}


def test_songs_named_from_where_the_run_began(call: Call, tiny_run: Path, songs_folder: Path, tmp_path: Path) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    for name, old, new in (
        ("config", str(songs_folder), songs_folder.name),
        ("hydra", str(tiny_run.parents[3]), str(songs_folder.parent)),
    ):
        file = run / ".hydra" / f"{name}.yaml"
        content = file.read_text(encoding="utf-8")
        assert old in content
        file.write_text(content.replace(old, new), encoding="utf-8")
    done = call("evaluate", f"run={run}", "num_samples=1", "max_new_tokens=8")
    assert done.code == 0, done.err


@pytest.mark.parametrize("change", ["added", "removed", "renamed"])
def test_other_songs_than_those_of_the_run_are_refused(
    call: Call, run: Path, songs_folder: Path, evaluated: Path, tmp_path: Path, change: str
) -> None:
    songs = songs_elsewhere(songs_folder, tmp_path)
    file = sorted(songs.iterdir())[0]
    text = file.read_text(encoding="utf-8")
    if change == "added":
        other = "\n\n".join(["The kettle sang of Sunday\nand nobody sang along,\nthe tea was cold on Monday"] * 5)
        (songs / "kettle_song.txt").write_text(f"Kettle Song\n\n{other}\n", encoding="utf-8")
        title = "Kettle Song"
    elif change == "removed":
        file.unlink()
        title = text.partition("\n")[0]
    else:
        title = "Another Name"
        file.with_name("another_name.txt").write_text(title + text[text.index("\n") :], encoding="utf-8")
        file.unlink()
    before = contents(run)
    line = one_line(call("evaluate", f"run={run}", *SMALL, "temperature=0.5", f"data.path={songs}"))
    assert line.startswith(f"the songs in {songs} are not those that {run} was trained on (")
    assert title in line
    assert line.endswith("give the place of the same songs with data.path=, or train again")
    assert contents(run) == before


def test_a_folder_with_something_else_in_it_is_left_alone(call: Call, run: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "metrics.json").write_text("mine", encoding="utf-8")
    line = one_line(call("evaluate", f"run={run}", *SMALL, "out=taken"))
    assert line == "out=taken holds something else, which is not overwritten; choose another folder"
    assert contents(tmp_path / "taken") == {"metrics.json": b"mine"}
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert one_line(call("evaluate", f"run={run}", *SMALL, "out=file")) == "out=file is a file; give a folder"
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_an_evaluation_of_other_settings_is_not_overwritten_either(call: Call, run: Path, evaluated: Path) -> None:
    folder = shutil.copytree(evaluated, Path("mine"))
    line = one_line(call("evaluate", f"run={run}", *SMALL, "temperature=0.5", "out=mine"))
    assert line.startswith("out=mine holds something else")
    assert contents(folder) == contents(evaluated)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["num_samples=0"], "num_samples=0 cannot work; it must be a whole number, at least 1"),
        (["num_samples=1.5"], "num_samples=1.5 "),
        (["num_base_samples=-1"], "num_base_samples=-1 cannot work; it must be a whole number, at least 0"),
        (["num_samples=many"], "num_samples=many is not a number"),
        (["seed=null"], "seed=null is not a number"),
        (["temperature=-1"], "temperature=-1 cannot work; it must be 0 or more"),
        (["originality=2"], "a whole number from 3 to 12, or null"),
        (["mauve=true"], 'pip install -e ".[mauve]", or set mauve=false'),
        (["guide=maybe"], "guide=maybe is not true or false"),
        (["run=none/such"], "run=none/such does not exist"),
        (["run=latest"], "run=latest: no run under outputs/"),
        (["run=null"], "add model=gpt2"),
        (["run=null", "model=gpt5"], "model=gpt5 is not known; allowed: distilgpt2, gpt2"),
        (["model=tiny"], "add run=null"),
        (["num_sample=1"], "did you mean num_samples?"),
    ],
)
def test_mistakes_are_one_line_and_change_nothing(
    call: Call, run: Path, evaluated: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], part: str
) -> None:
    monkeypatch.setitem(sys.modules, "mauve", None)  # import fails
    before = contents(run)
    assert part in one_line(call("evaluate", f"run={run}", *SMALL, "top_k=7", *arguments))
    assert contents(run) == before
    assert names(Path.cwd()) == set()


def test_an_untrained_model_has_no_guard(call: Call, songs_folder: Path) -> None:
    asked = ("run=null", "model=tiny", f"data.path={songs_folder}", "originality=6")
    line = one_line(call("evaluate", *asked, *SMALL))
    assert "an untrained model has not seen the songs" in line
    assert names(Path.cwd()) == set()


def test_songs_longer_than_the_context(call: Call, run: Path) -> None:
    line = one_line(call("evaluate", f"run={run}", "max_new_tokens=2000", "out=mine"))
    assert "set max_new_tokens <= 1022" in line


def test_a_model_without_its_run(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    alone = shutil.copytree(tiny_run / "model", tmp_path / "tiny model")
    line = one_line(call("evaluate", f"run={alone}", *SMALL))
    assert line.endswith("give the folder that train made")
    assert "no .hydra/config.yaml" in line
    whole = shutil.copytree(tiny_run, tmp_path / "run")
    (whole / "split.json").unlink()
    assert "has no split.json" in one_line(call("evaluate", f"run={whole}", *SMALL))
    (tmp_path / "stopped").mkdir()
    assert one_line(call("evaluate", "run=stopped")).startswith("run=stopped has no model/ yet")
