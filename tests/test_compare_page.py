"""The page of runs side by side: it stands alone, and shows what each run has."""

import json
from pathlib import Path

from lyric_lm.comparison import LabelledRun, findings, label_runs, table, write_page
from lyric_lm.evaluation import VERSION
from lyric_lm.evaluation.reading import curves_of, evaluation_of
from tests.figures import realistic
from tests.page_reader import Reader
from tests.test_compare import leave_run, read, tokenizer


def page_of(runs: list[LabelledRun], folder: Path, is_comparable: bool) -> Path:
    return write_page(runs, folder, is_comparable, findings(runs, is_comparable))


def test_the_page_stands_alone_and_has_every_run(tmp_path: Path) -> None:
    songs = realistic()
    whole = leave_run(tmp_path / "whole", loss=3.0, bits=1.1, metrics=songs, cuts=tokenizer())
    epochs = [{"epoch": epoch, "share_4": 0.02, "share_6": share} for epoch, share in ((0, 0.001), (1, 0.031))]
    (whole / "originality.json").write_text(json.dumps({"own": {}, "epochs": epochs}), encoding="utf-8")
    bare = leave_run(tmp_path / "not evaluated", loss=3.25, bits=1.2, cuts=tokenizer())
    runs = label_runs(read(bare, whole))
    same = Reader(page_of(runs, tmp_path / "new", True).read_text(encoding="utf-8"))
    attributes = [pair for _, one in same.elements for pair in one.items()]
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in same.elements}
    assert not [
        key for key, value in attributes if key == "src" or (key == "href" and not (value or "").startswith("#"))
    ]
    assert "url(http" not in "".join(same.told("style"))
    assert same.told("code") == [f"python -m lyric_lm.evaluate run='{bare}'"]  # the name has a space
    assert same.told("span", class_="badge") == ["✓ yes", "◐ partly", "✗ no"]
    pictured = [attributes.get("aria-label") or "" for tag, attributes in same.elements if tag == "svg"]
    losses = "nats per token. whole: 4 at epoch 0, 3 at epoch 1; not evaluated: 4 at epoch 0, 3.25 at epoch 1."
    assert sum(losses in label for label in pictured) == 1
    assert sum("whole: 0.1\xa0% at epoch 0, 3.1\xa0% at epoch 1." in label for label in pictured) == 1

    other = Reader(page_of(runs, tmp_path, False).read_text(encoding="utf-8"))
    pictured = [attributes.get("aria-label") or "" for tag, attributes in other.elements if tag == "svg"]
    bits = "bits per byte. whole: 2 at epoch 0, 1.10 at epoch 1; not evaluated: 2 at epoch 0, 1.20 at epoch 1."
    assert sum(bits in label for label in pictured) == 1
    assert not [label for label in pictured if "nats per token" in label]


def test_the_page_says_when_the_songs_differ(tmp_path: Path) -> None:
    on_val = leave_run(tmp_path / "val", metrics=realistic())
    on_test = leave_run(tmp_path / "test", metrics=realistic() | {"split": "test"})

    def page(*folders: Path) -> str:
        return page_of(label_runs(read(*folders)), tmp_path, True).read_text(encoding="utf-8")

    assert "Not all figures are of the same songs" in page(on_val, on_test)
    assert "Not all figures are of the same songs" not in page(on_val, leave_run(tmp_path / "bare"))
    alone = page(on_test)
    assert "Not all figures are of the same songs" not in alone
    assert Reader(alone).told("h1") == ["One run"]


def test_an_evaluation_of_another_version_counts_as_none(tmp_path: Path) -> None:
    now = leave_run(tmp_path / "now", metrics={"version": VERSION, "more": 1})
    assert evaluation_of(now) == {"version": VERSION, "more": 1}
    assert evaluation_of(leave_run(tmp_path / "bare")) is None
    later = leave_run(tmp_path / "later", metrics={"version": VERSION + 1, "originality": "elsewhere"})
    assert evaluation_of(later) is None
    assert "copied 6" not in table(label_runs(read(later)))
    page = page_of(label_runs(read(later)), tmp_path, True).read_text(encoding="utf-8")
    assert "not evaluated" in page


def test_curves_of_what_was_measured(tmp_path: Path) -> None:
    run = leave_run(tmp_path / "run", loss=3.5, bits=1.5)
    text = (run / "metrics.csv").read_text(encoding="utf-8")
    (run / "metrics.csv").write_text(text.replace("54.6,2.0", "54.6,"), encoding="utf-8")
    curves = curves_of(run, None)
    assert curves == {"originality": [], "own": None, "best_epoch": 1} | {
        "held_out": [
            {"epoch": 0, "val_loss": 4.0, "train_loss": None, "bits_per_byte": None},
            {"epoch": 1, "val_loss": 3.5, "train_loss": 3.9, "bits_per_byte": 1.5},
        ]
    }
    assert curves_of(None, realistic())["held_out"] == []
    assert curves_of(None, realistic())["own"] == realistic()["originality"]["sets"]["held_out"]
