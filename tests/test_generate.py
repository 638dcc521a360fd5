"""The generate command as it is typed: what it writes to the screen and to a file, and what it refuses."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from lyric_lm.checks import computer
from lyric_lm.checks.check import Check
from tests.conftest import Done, one_line

Call = Callable[..., Done]

SHORT = ("max_new_tokens=8",)


def records(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "prompt", ["girl, you make me feel", "don't 'stop', {now}", "a=b [c] (d) $5 \\ # %", 'the "end"']
)
def test_a_prompt_is_taken_as_typed(call: Call, tiny_run: Path, tmp_path: Path, prompt: str) -> None:
    done = call("generate", f"run={tiny_run}", f"prompt={prompt}", "out=songs.jsonl", *SHORT)
    assert (done.code, done.err) == (0, "")
    (record,) = records(tmp_path / "songs.jsonl")
    assert record["prompt"] == prompt
    assert record["text"].startswith(prompt)
    assert done.out == record["text"] + "\n"


def test_a_trailing_space_is_shown_as_it_is_used(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    done = call("generate", f"run={tiny_run}", "prompt=girl ", "out=songs.jsonl", *SHORT)
    (record,) = records(tmp_path / "songs.jsonl")
    assert record["prompt"] == "girl"
    assert done.out == record["text"] + "\n"


def test_records_have_the_keys_of_the_contract(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    done = call(
        *("generate", f"run={tiny_run}", "prompt=Row", "num_samples=3", "seed=5", "temperature=0.9", "top_k=20"),
        *("out=deep/new/songs.jsonl", *SHORT),
    )
    assert (done.code, done.err) == (0, "")
    found = records(tmp_path / "deep" / "new" / "songs.jsonl")
    assert [list(record) for record in found] == [["prompt", "text", "ended", "seed", "settings", "model"]] * 3
    assert [record["seed"] for record in found] == [5, 6, 7]
    for record in found:
        assert record["settings"] == {
            **{"max_new_tokens": 8, "temperature": 0.9, "top_k": 20, "top_p": 0.9, "min_p": None},
            **{"repetition_penalty": 1.0, "originality": None},
        }
        assert record["model"] == str(tiny_run / "model")
        assert isinstance(record["ended"], bool)
        assert f"=== seed {record['seed']}\n{record['text']}\n" in done.out
    assert done.out.count("=== seed") == 3


def test_the_seed_of_a_record_makes_the_song_again(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    call("generate", f"run={tiny_run}", "prompt=Row", "num_samples=3", "out=many.jsonl", *SHORT)
    call("generate", f"run={tiny_run}", "prompt=Row", "seed=3", "out=one.jsonl", *SHORT)
    assert records(tmp_path / "one.jsonl") == records(tmp_path / "many.jsonl")[2:]


def test_int8(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    done = call("generate", f"run={tiny_run}", "prompt=Row", "quantize=int8", "num_samples=6", "out=many.jsonl", *SHORT)
    assert (done.code, done.err) == (0, "")
    assert {record["settings"]["quantize"] for record in records(tmp_path / "many.jsonl")} == {"int8"}
    call("generate", f"run={tiny_run}", "prompt=Row", "quantize=int8", "seed=6", "out=one.jsonl", *SHORT)
    assert records(tmp_path / "one.jsonl") == records(tmp_path / "many.jsonl")[5:]


def test_prompts_from_a_file(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    (tmp_path / "prompts, mine.txt").write_text("\ufeffgirl, you\r\n\r\n  don't \r\nЯ\r\n", encoding="utf-8")
    done = call(
        "generate", f"run={tiny_run}", "prompt_file=prompts, mine.txt", "num_samples=2", "out=songs.jsonl", *SHORT
    )
    assert (done.code, done.err) == (0, "")
    found = [(record["prompt"], record["seed"]) for record in records(tmp_path / "songs.jsonl")]
    assert found == [(prompt, seed) for prompt in ("girl, you", "don't", "Я") for seed in (1, 2)]


def test_a_model_folder_is_a_run_too(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(tiny_run / "model", tmp_path / "my model, 2")
    from_copy = call("generate", f"run={copied}", "prompt=Row", *SHORT)
    assert (from_copy.code, from_copy.err) == (0, "")
    assert from_copy.out == call("generate", f"run={tiny_run}", "prompt=Row", *SHORT).out


def test_the_latest_run_is_the_default(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_run / "model", tmp_path / "outputs" / "train" / "tiny" / "a" / "model")
    (tmp_path / "outputs" / "train" / "tiny" / "b").mkdir()  # newer, but without a model
    done = call("generate", "prompt=Row", *SHORT)
    assert (done.code, done.err) == (0, "")
    assert done.out == call("generate", f"run={tiny_run}", "prompt=Row", *SHORT).out


def test_the_untrained_model(call: Call, tiny_run: Path) -> None:
    done = call("generate", "run=null", "model=tiny", "prompt=Row", *SHORT)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Row")
    assert done.out != call("generate", f"run={tiny_run}", "prompt=Row", *SHORT).out


def test_nothing_is_written_but_what_was_asked_for(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in tiny_run.rglob("*")}
    call("generate", f"run={tiny_run}", "preflight=null", *SHORT)
    assert list(tmp_path.iterdir()) == []
    call("generate", f"run={tiny_run}", "preflight=checks, mine.json", *SHORT)
    assert [file.name for file in tmp_path.iterdir()] == ["checks, mine.json"]
    assert {file: file.stat().st_mtime_ns for file in tiny_run.rglob("*")} == before


# The checks before writing


def test_machine_and_model_are_checked_once_and_nothing_is_said(
    call: Call, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "cache"))  # nothing is known of the model yet
    plain = call("generate", f"run={tiny_run}", "num_samples=20", "preflight=null", *SHORT)
    times: list[str] = []
    right = computer.check_machine
    monkeypatch.setattr(computer, "check_machine", lambda *given: times.append("") or right(*given))
    done = call("generate", f"run={tiny_run}", "num_samples=20", *SHORT)
    assert (done.code, done.err, done.out) == (0, "", plain.out)
    assert len(times) == 1
    checks = json.loads((tmp_path / "preflight.json").read_text(encoding="utf-8"))
    assert {"weights", "tied_weights", "logits", "greedy", "cached_decoding", "batched", "sampling"} <= {
        check["name"] for check in checks
    }
    (tmp_path / "preflight.json").unlink()
    assert call("generate", f"run={tiny_run}", "num_samples=20", *SHORT).out == plain.out
    assert len(times) == 1  # it has passed
    assert json.loads((tmp_path / "preflight.json").read_text(encoding="utf-8")) == checks
    assert {check["status"] for check in checks} == {"pass"}


def test_nothing_is_written_with_damaged_weights(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_run / "model", tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights["transformer.h.0.mlp.c_fc.weight"][0, 0] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    line = one_line(call("generate", f"run={folder}", "out=songs.jsonl", *SHORT))
    assert line.startswith("preflight: weights is 1 tensors (no NaN")
    assert "transformer.h.0.mlp.c_fc.weight is not finite" in line
    assert not (tmp_path / "songs.jsonl").exists()


def test_a_warning_is_said_each_time(
    call: Call, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(computer, "check_loaded", lambda *_: Check("loaded", "warn", "9 left", "none", "look"))
    for _ in range(2):
        done = call("generate", f"run={tiny_run}", *SHORT)
        assert (done.code, done.err) == (0, "Warning: loaded is 9 left (none); look\n")


# Refusals


def test_an_existing_file_is_not_overwritten(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    (tmp_path / "songs.jsonl").write_text("mine\n", encoding="utf-8")
    line = one_line(call("generate", f"run={tiny_run}", "out=songs.jsonl", *SHORT))
    assert line == "out=songs.jsonl exists and is not overwritten; choose another name"
    assert (tmp_path / "songs.jsonl").read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["run=null"], "add model=gpt2"),
        (["run=none/such"], "run=none/such does not exist"),
        (["run=latest"], "run=latest: no run under outputs/"),
        ([], "train one with python -m lyric_lm.train"),
        (
            ["run=null", "model=tiny", "num_samples=0"],
            "num_samples=0 cannot work; it must be a whole number, at least 1",
        ),
        (["run=null", "model=tiny", "num_samples=many"], "num_samples=many "),
        (["run=null", "model=tiny", "seed=x"], "seed=x "),
        (["run=null", "model=tiny", "seed=null"], "seed=null is not a number"),
        (["run=null", "model=tiny", "temperature=-1"], "temperature=-1 cannot work; it must be 0 or more"),
        (["run=null", "model=tiny", "temperature=hot"], "temperature=hot "),
        (["run=null", "model=tiny", "quantize=int4"], "quantize=int4 is not known; allowed: int8, null"),
        (["run=null", "model=tiny", "precision=half"], "precision=half is not known; allowed: auto, float32, bfloat16"),
        (["run=null", "model=tiny", "max_new_tokens=2000"], "set max_new_tokens <= 1022"),
        (["run=null", "model=tiny", "prompt_file=none.txt"], "prompt_file=none.txt does not exist"),
        (["run=null", "model=tiny", "prompt=a", "prompt_file=b"], "exclude each other"),
        (["run=null", "model=gpt5"], "model=gpt5 is not known; allowed: distilgpt2, gpt2"),
        (["run=null", "model=tiny", "tempreature=1"], "did you mean temperature?"),
    ],
)
def test_mistakes_are_one_line(call: Call, arguments: list[str], part: str) -> None:
    assert part in one_line(call("generate", *arguments))


def test_a_run_without_a_model(call: Call, tmp_path: Path) -> None:
    (tmp_path / "stopped").mkdir()
    assert one_line(call("generate", "run=stopped")).startswith("run=stopped has no model/ yet")


def test_model_without_run_null(call: Call, tiny_run: Path) -> None:
    for arguments in (["model=tiny"], ["model=tiny", f"run={tiny_run}"]):
        assert "add run=null" in one_line(call("generate", *arguments))


@pytest.mark.parametrize(
    ("content", "part"),
    [(b"", "has no prompt"), (b"\n \n", "has no prompt"), (b"caf\xe9\n", "is not UTF-8 text")],
)
def test_prompt_files_that_cannot_be_used(call: Call, tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "prompts.txt").write_bytes(content)
    line = one_line(call("generate", "run=null", "model=tiny", "prompt_file=prompts.txt"))
    assert line.startswith("prompt_file=prompts.txt ")
    assert part in line


def test_what_does_not_fit_is_refused_before_anything_is_written(call: Call, tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("short\n" + "long " * 300, encoding="utf-8")
    line = one_line(call("generate", "run=null", "model=tiny", "prompt_file=prompts.txt", "out=songs.jsonl"))
    assert "shorten the prompt" in line
    assert not (tmp_path / "songs.jsonl").exists()


def test_a_file_where_a_folder_should_be(call: Call, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    line = one_line(call("generate", "run=null", "model=tiny", "out=taken/songs.jsonl", *SHORT))
    assert "taken" in line
