"""resume=RUN as a command: what a run refuses to go on with, and that it is left as it was; from where it is found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from lyric_lm.callbacks.export import export_model, recover_model
from lyric_lm.errors import Interrupted
from lyric_lm.lock import only_writer
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny
from lyric_lm.runs import model_folder
from tests.conftest import TINY, Done
from tests.test_bad_input import refused
from tests.test_checkpoints import stop_at
from tests.test_invariants import OPTIM
from tests.test_train import rows_of, summary_of

Call = Callable[..., Done]
SHORT = ("trainer.max_epochs=1", "callbacks=bare", "logger=csv_only", "data.path=songs", "hydra.run.dir=run")


def test_what_a_run_does_not_go_on_with_and_where_it_finds_its_songs(
    call: Call, songs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(songs_folder, tmp_path / "songs")
    assert call("train", *TINY, *SHORT).code == 0
    run, longer = tmp_path / "run", "trainer.max_epochs=2"
    assert sorted(file.name for file in (run / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file() and file.name != "train.log"}

    def unchanged() -> None:
        assert {file: file.read_bytes() for file in before} == before

    refused(call("train", "resume=run", longer, "optim.lr=1"), "optim.lr was 0.003 and is now 1, so", "optim.lr=0.003")
    unchanged()
    song = sorted((tmp_path / "songs").iterdir())[0]
    text = song.read_text(encoding="utf-8")
    song.write_text(text + "\nand one line more", encoding="utf-8")
    refused(call("train", "resume=run", longer), "the songs have changed", "1 changed", "start a new run")
    unchanged()
    song.write_text(text, encoding="utf-8")
    log = (run / "train.log").read_bytes()
    with only_writer(run):
        refused(call("train", "resume=run", longer), "is being written by another run")
        refused(call("train", *TINY, *SHORT), "is being written by another run")
    assert (run / "train.log").read_bytes() == log
    (run / "summary.json").unlink()  # as after a kill
    refused(call("train", *TINY, *SHORT), "holds a run already", "resume=")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    done = call("train", "resume=../run", longer)
    assert done.code == 0, done.err
    assert summary_of(run)["epochs"] == 2
    rows = rows_of(run)
    assert [int(row["step"]) for row in rows] == list(range(len(rows)))

    # Killed in the first epoch: no checkpoint yet, no summary, and half a model.
    for name in ("checkpoints", "model"):
        shutil.rmtree(run / name)
    (run / "summary.json").unlink()
    (run / "model.unfinished").mkdir()
    done = call("train", "resume=../run", "trainer.max_epochs=1")
    assert done.code == 0, done.err
    assert "was stopped before its first checkpoint: it begins anew" in done.err
    assert rows_of(run)[0]["val/loss"] == rows[0]["val/loss"]
    assert not (run / "model.unfinished").exists()
    # Complete, but its checkpoints were deleted to save space: it is not trained over.
    shutil.rmtree(run / "checkpoints")
    refused(call("train", "resume=../run", longer), "has no checkpoints/last.ckpt to go on from")


@pytest.mark.parametrize(("event", "number"), [("os.mkdir", 1), ("os.rename", 1), ("os.rename", 2), ("open", 9)])
def test_an_export_that_is_cut_off_costs_nothing(tmp_path: Path, event: str, number: int) -> None:
    network, tokenizer = make_tiny()
    module = SongModule(network, "tiny", **OPTIM)
    export_model(module, tokenizer, tmp_path / "model")
    first = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        network.lm_head.weight += 1
    with stop_at(tmp_path, event, number), pytest.raises(Interrupted):
        export_model(module, tokenizer, tmp_path / "model")
    for recover in (lambda folder: None, recover_model):
        recover(tmp_path / "model")
        found = AutoModelForCausalLM.from_pretrained(model_folder(str(tmp_path))).state_dict()
        assert all(torch.equal(found[name], first[name]) for name in first)
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
