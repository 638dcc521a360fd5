"""Runs side by side: what sorts them, what stands in the table and the pictures, and what the command says."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lyric_lm import comparison
from lyric_lm.comparison import draw, findings, has_one_tokenizer, label_runs, table
from lyric_lm.curves import overlay
from lyric_lm.runs import METRICS, Run, read_run
from tests.conftest import ROOT, Done
from tests.figures import realistic

ONE = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}
OTHER = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ba": 2}, "merges": [["b", "a"]]}
REMARK = "models with different tokenizers: sorted by bits per byte, losses per token do not compare\n"


def tokenizer(model: dict[str, Any] = ONE, **sections: Any) -> dict[str, Any]:
    return {"version": "1.0", "padding": None, "normalizer": None, "pre_tokenizer": None} | sections | {"model": model}


def leave_run(
    folder: Path,
    loss: float | None = 3.5,
    bits: float | None = 1.5,
    model: str = "gpt2",
    cuts: dict[str, Any] | None = None,
    metrics: dict[str, Any] | None = None,
) -> Path:
    """Leave a run folder of one epoch; the untrained model's figures are 4 nats per token and 2 bits per byte."""
    folder.mkdir(parents=True)
    rows = [",".join(METRICS), "0,0,,,,,,4.0,54.6,2.0", "1,0,3.9,3.9,2.0,0.001,300,,,"]
    if loss is not None:
        rows.append(f"1,0,,,,,,{loss},33.1,{bits}")
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    summary = {"model": model, "artist": "The Saltby Ferry Band", "baseline_val_loss": 4.0, "best_val_loss": loss}
    summary |= {"best_epoch": 1, "perplexity": 33.1, "bits_per_byte": bits, "final_train_loss": 3.9, "steps": 1}
    summary |= {"seconds": 2.0, "seed": 1, "interrupted": loss is None}
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    for name, content in (("model/tokenizer.json", cuts), ("evaluation/metrics.json", metrics)):
        if content is not None:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def read(*folders: Path) -> list[Run]:
    return [read_run(folder) for folder in folders]


def order(runs: list[Run]) -> list[str]:
    return [run.folder.name for _, run in label_runs(runs)]


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.split("\n") if line.startswith("| ")]


@pytest.fixture
def unlike(tmp_path: Path) -> list[Path]:
    """Two runs of which each is the better one by a measure of its own, and one that was stopped too early."""
    return [
        leave_run(tmp_path / "runs" / "short", loss=3.0, bits=1.6, cuts=tokenizer(ONE)),
        leave_run(tmp_path / "runs" / "long", loss=3.4, bits=1.2, model="smollm2", cuts=tokenizer(OTHER)),
        leave_run(tmp_path / "runs" / "stopped", loss=None, bits=None, model="smollm2"),
    ]


@pytest.fixture
def alike(tmp_path: Path) -> list[Path]:
    return [
        leave_run(tmp_path / "runs" / "worse", loss=3.4, bits=1.2, cuts=tokenizer(ONE)),
        leave_run(tmp_path / "runs" / "stopped", loss=None, bits=None),
        leave_run(tmp_path / "runs" / "better", loss=3.0, bits=1.6, model="distilgpt2", cuts=tokenizer(ONE)),
    ]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (tokenizer(ONE), tokenizer(ONE), True),
        (tokenizer(ONE), tokenizer(OTHER), False),
        (tokenizer(ONE), tokenizer(ONE, padding={"length": 8}, decoder={"type": "ByteLevel"}), True),
        (tokenizer(ONE), tokenizer(ONE | {"merges": ["a b"]}), True),  # as older versions wrote it
        (tokenizer(ONE), tokenizer(ONE | {"merges": []}), False),
        (tokenizer(ONE), tokenizer(ONE | {"vocab": {"b": 1, "ab": 2, "a": 0}}), True),
        (tokenizer(ONE), tokenizer(ONE, normalizer={"type": "Lowercase"}), False),
        (tokenizer(ONE), tokenizer(ONE, pre_tokenizer={"type": "Digits"}), False),
        (tokenizer({"type": "Unigram", "vocab": [["a", 0.0]]}), tokenizer({"type": "Unigram", "vocab": []}), False),
    ],
)
def test_tokenizers_differ_in_how_they_cut(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any], is_same: bool
) -> None:
    runs = read(leave_run(tmp_path / "a", cuts=one), leave_run(tmp_path / "b", model="distilgpt2", cuts=other))
    assert has_one_tokenizer(runs) is is_same


def test_without_a_tokenizer_the_models_name_says_it(tmp_path: Path) -> None:
    bare, twin = leave_run(tmp_path / "bare"), leave_run(tmp_path / "twin")
    other = leave_run(tmp_path / "other", model="smollm2")
    whole = leave_run(tmp_path / "whole", cuts=tokenizer())
    assert has_one_tokenizer(read(bare, twin))
    assert not has_one_tokenizer(read(bare, other))
    assert has_one_tokenizer(read(bare, whole))  # a gpt2 that was stopped early, and one that was not
    assert not has_one_tokenizer(read(other, whole))
    (whole / "model").rename(whole / "model.previous")
    (leave_run(tmp_path / "unlike", cuts=tokenizer(OTHER)) / "model").rename(bare / "model")
    assert not has_one_tokenizer(read(bare, whole))


def test_different_tokenizers_are_sorted_by_bits_per_byte(unlike: list[Path]) -> None:
    assert order(read(*unlike)) == ["long", "short", "stopped"]
    assert order(read(*unlike[::-1])) == ["long", "short", "stopped"]


def test_one_tokenizer_is_sorted_by_loss(alike: list[Path]) -> None:
    assert order(read(*alike)) == ["better", "worse", "stopped"]


def test_the_held_out_curves_are_drawn_in_what_compares(
    unlike: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = label_runs(read(*unlike))
    drawn = {}
    monkeypatch.setattr(comparison, "save", lambda figure, image: drawn.update({image.name: figure.axes[0]}))
    draw(runs, tmp_path, is_comparable=False)
    bits, training = drawn["compare_val_loss.png"], drawn["compare_train_loss.png"]
    assert bits.get_ylabel() == "bits per byte"
    assert "bits per byte" in bits.get_title(loc="left")
    assert [line.get_ydata().tolist() for line in bits.lines] == [[2.0, 1.2], [2.0, 1.6], [2.0]]
    assert "do not compare" in training.get_title(loc="left")
    draw(runs, tmp_path, is_comparable=True)
    losses, training = drawn["compare_val_loss.png"], drawn["compare_train_loss.png"]
    assert losses.get_ylabel() == training.get_ylabel() == "nats per token"
    assert losses.get_title(loc="left") == "Held-out loss"
    assert training.get_title(loc="left") == "Training loss"
    assert [line.get_ydata().tolist() for line in losses.lines] == [[4.0, 3.4], [4.0, 3.0], [4.0]]


def test_overlays_go_by_epoch_or_by_step(alike: list[Path]) -> None:
    runs = label_runs(read(*alike))
    by_epoch, by_step = overlay(runs, "val/loss").axes[0], overlay(runs, "train/grad_norm").axes[0]
    assert [line.get_xdata().tolist() for line in by_epoch.lines] == [[0, 1], [0, 1], [0]]
    assert [line.get_xdata().tolist() for line in by_step.lines] == [[1], [1], [1]]
    assert by_step.get_ylabel() == "L2 norm"


def test_the_command_says_what_it_sorts_by(call: Callable[..., Done], unlike: list[Path], tmp_path: Path) -> None:
    done = call("compare", "run=runs")
    assert done.code == 0, done.err
    assert done.out.startswith(REMARK + "| model")
    assert [row[-1] for row in cells(done.out)[1:]] == [
        str(Path("runs", "long")), str(Path("runs", "short")), f"{Path('runs', 'stopped')} (interrupted)",
    ]  # fmt: skip
    assert done.out.endswith(f"page: {Path('images', 'compare.html')}\n")
    left = ["compare.html", "compare_grad_norm.png", "compare_train_loss.png", "compare_val_loss.png"]
    assert sorted(file.name for file in (tmp_path / "images").iterdir()) == left
    page = (tmp_path / "images" / "compare.html").read_text(encoding="utf-8")
    assert "losses do not compare" in page


def test_the_command_says_nothing_of_one_tokenizer(
    call: Callable[..., Done], alike: list[Path], tmp_path: Path
) -> None:
    done = call("compare", "run=runs/worse,runs/better", "out=elsewhere")
    assert done.code == 0, done.err
    assert done.out.startswith("| model")
    assert done.out.endswith(f"page: {Path('elsewhere', 'compare.html')}\n")
    assert "so their losses compare" in (tmp_path / "elsewhere" / "compare.html").read_text(encoding="utf-8")


def test_the_table_has_the_evaluations_where_there_are_any(tmp_path: Path) -> None:
    bare, whole = leave_run(tmp_path / "bare", loss=3.0), leave_run(tmp_path / "whole", loss=3.1, metrics=realistic())
    usual = ["model", "untrained", "held-out", "epoch", "perplexity", "bits/byte", "train", "steps", "seconds"]
    assert cells(table(label_runs(read(bare))))[0] == [*usual, "run"]
    rows = cells(table(label_runs(read(bare, whole))))
    assert rows[0] == [*usual, "copied 6", "AUC", "run"]
    assert [row[-3:-1] for row in rows[1:]] == [["-", "-"], ["0.4 %", "0.71"]]

    few = realistic()
    few["originality"]["sets"]["samples"]["share_6"] = 0.0  # known, and nothing is copied
    few["style"]["told_apart"]["samples"] = None
    rows = cells(table(label_runs(read(bare, leave_run(tmp_path / "few", loss=3.2, metrics=few)))))
    assert rows[0] == [*usual, "copied 6", "run"]
    assert [row[-2] for row in rows[1:]] == ["-", "0 %"]
    few["originality"]["sets"]["samples"]["share_6"] = None
    few["style"]["told_apart"] = None
    assert cells(table(label_runs(read(leave_run(tmp_path / "none", metrics=few)))))[0] == [*usual, "run"]


def test_compare_imports_no_torch(unlike: list[Path], tmp_path: Path) -> None:
    code = (
        "import sys; from lyric_lm import command, compare\n"
        "try: command.run(compare.main)\n"
        "finally: print(sorted({'torch', 'transformers', 'lightning'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "run=runs"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.endswith("compare.html\n[]\n")


def test_artists_are_not_ranked(tmp_path: Path, call: Callable[..., Done]) -> None:
    for name, loss in (("ada", 3.1), ("ben", 3.4)):
        folder = leave_run(tmp_path / "sweep" / name, loss=loss)
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8")) | {"artist": name}
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
        (folder / ".hydra").mkdir()
        overrides = f"- data.path='songs/{name}.jsonl'\n- data.artist='{name}'\n- model=gpt2\n"
        (folder / ".hydra" / "overrides.yaml").write_text(overrides, encoding="utf-8")
    runs = label_runs(read(tmp_path / "sweep" / "ada", tmp_path / "sweep" / "ben"))
    assert [label for label, _ in runs] == ["artist=ada", "artist=ben"]
    assert not any(findings(runs, True).values())
    done = call("compare", f"run={tmp_path / 'sweep'}", f"out={tmp_path / 'images'}")
    assert done.code == 0, done.err
    assert done.out.startswith(
        "songs of several artists: what their losses fell by compares, how low they are does not"
    )
    assert "the best again" not in done.out
