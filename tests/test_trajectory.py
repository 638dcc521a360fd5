"""The same songs are the same step: whatever the cut into batches, windows and processes, to a millionth."""

import csv
import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from lyric_lm.data.batches import Batch
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.packing import Part
from lyric_lm.model.loss import batch_sums
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny
from tests.conftest import Done, run_command
from tests.test_invariants import OPTIM, fit, splits

Trajectory = tuple[dict[int, dict[str, float]], dict[str, Tensor], float]
MILLIONTH = 1e-6
LR = 1e-4  # the default


def assert_same(found: Trajectory, expected: Trajectory) -> None:
    """Each step's loss, objective and grad norm relative to what is expected; the final weights absolutely."""
    assert list(found[0]) == list(expected[0])
    for step, logged in expected[0].items():
        assert found[0][step] == pytest.approx(logged, rel=MILLIONTH), step
    for name, weight in expected[1].items():
        torch.testing.assert_close(found[1][name], weight, atol=MILLIONTH, rtol=0)
    assert found[2] == pytest.approx(expected[2], rel=MILLIONTH)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Trajectory]:
    """Steps over eight blocks at once, by label smoothing."""
    folder = tmp_path_factory.mktemp("whole")
    return {e: fit(folder, 8, 1, epochs=3, lr=LR, label_smoothing=e) for e in (0.0, 0.1)}


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("batch_size", "accumulate"), [(4, 2), (2, 4), (1, 8)])
def test_a_step_does_not_depend_on_how_it_is_cut(
    tmp_path: Path, whole: dict[float, Trajectory], batch_size: int, accumulate: int, label_smoothing: float
) -> None:
    data = LyricsDataModule(splits(), make_tiny()[1], 1024, 64, 1, seed=1)
    assert len(data.blocks["train"]) % 8  # the last window of an epoch is short
    assert len({sum(part.n_targets for part in block) for block in data.blocks["train"]}) > 5  # lengths differ
    expected = whole[label_smoothing]
    assert len(expected[0]) >= 10
    assert_same(fit(tmp_path, batch_size, accumulate, epochs=3, lr=LR, label_smoothing=label_smoothing), expected)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_an_epoch_shorter_than_the_window_is_one_step(tmp_path: Path, label_smoothing: float) -> None:
    at_once = fit(tmp_path, 1000, 1, epochs=10, lr=LR, label_smoothing=label_smoothing)
    assert list(at_once[0]) == list(range(1, 11))
    assert_same(fit(tmp_path, 3, 1000, epochs=10, lr=LR, label_smoothing=label_smoothing), at_once)


class UsualModule(SongModule):
    """The usual way: the mean loss of each batch, and Lightning's own division by the accumulation."""

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        super().training_step(batch, batch_idx)
        return batch_sums(self.network, batch, self.label_smoothing).objective / batch["n_targets"]

    def configure_gradient_clipping(self, optimizer: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> None:
        for parameter in self.parameters():  # the division that comes, undone
            if parameter.grad is not None:
                parameter.grad *= sum(sums[2].item() for sums in self._step_sums)
        super().configure_gradient_clipping(optimizer, *args, **kwargs)


def test_the_usual_way_is_not_exact(tmp_path: Path, whole: dict[float, Trajectory]) -> None:
    at_once = fit(tmp_path, 8, 1, epochs=3, lr=LR, kind=UsualModule)
    assert_same(at_once, whole[0.0])  # without accumulation there is nothing to be wrong
    cut = fit(tmp_path, 1, 8, epochs=3, lr=LR, kind=UsualModule)
    worst = max(abs(cut[0][step]["train/grad_norm"] / at_once[0][step]["train/grad_norm"] - 1) for step in cut[0])
    assert worst > 1e-3
    assert max(float((cut[1][name] - at_once[1][name]).abs().max()) for name in cut[1]) > 1e-4
    with pytest.raises(AssertionError):
        assert_same(cut, at_once)


def tokens_before(part: Part) -> int:
    """A song begins after a separator and a line end, a piece of one with the last token of the piece before."""
    return 2 if part.first_position == 0 else 1


def test_the_gradient_is_that_of_the_mean_over_target_tokens(tmp_path: Path) -> None:
    """The first step's logged figures against torch's own cross-entropy over all songs at once."""
    network, tokenizer = make_tiny()
    songs = LyricsDataModule(splits(), tokenizer, 1024, 64, batch_size=1000, seed=1)
    total, n = torch.zeros(()), 0
    for part in songs.parts["train"]:
        ids = torch.tensor(part.ids, dtype=torch.int64)[None]
        positions = torch.arange(part.first_position, part.first_position + ids.shape[1])[None]
        logits = network(ids, position_ids=positions).logits
        n_before = tokens_before(part)
        total = total + torch.nn.functional.cross_entropy(
            logits[0, n_before - 1 : -1], ids[0, n_before:], reduction="sum"
        )
        n += ids.shape[1] - n_before
    (total / n).backward()
    norm = math.sqrt(sum(float((p.grad**2).sum()) for p in network.parameters() if p.grad is not None))
    steps, _, _ = fit(tmp_path, 3, 1000, epochs=1)
    assert steps[1]["train/loss"] == pytest.approx((total / n).item(), rel=MILLIONTH)
    assert steps[1]["train/grad_norm"] == pytest.approx(norm, rel=MILLIONTH)


@pytest.mark.parametrize("batch_size", [1, 3, 8, 1000])
def test_validation_is_exact_whatever_the_batch_size(tmp_path: Path, batch_size: int) -> None:
    """Loss, perplexity and bits per byte against torch's cross-entropy song by song, with smoothing switched on."""
    network, tokenizer = make_tiny()
    with torch.no_grad():
        network.get_input_embeddings().weight.mul_(20)  # far from guessing evenly: songs' losses differ
    held_out = {"train": splits()["val"], "val": splits()["train"]}
    songs = LyricsDataModule(held_out, tokenizer, 1024, 64, batch_size, seed=1)
    nats = torch.zeros((), dtype=torch.float64)
    for part in songs.parts["val"]:
        ids = torch.tensor(part.ids, dtype=torch.int64)[None]
        positions = torch.arange(part.first_position, part.first_position + ids.shape[1])[None]
        with torch.no_grad():
            logits = network.eval()(ids, position_ids=positions).logits[0].double()
        n_before = tokens_before(part)
        nats += torch.nn.functional.cross_entropy(logits[n_before - 1 : -1], ids[0, n_before:], reduction="sum")
    n_bytes = sum(len(song.lyrics.encode()) for song in held_out["val"])
    loss = nats.item() / (n_bytes + len(held_out["val"]))  # a byte is a token here, and each song has an end

    module = SongModule(network, "tiny", **{**OPTIM, "label_smoothing": 0.1})
    trainer = L.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, default_root_dir=tmp_path)
    (found,) = trainer.validate(module, songs, verbose=False)
    assert found["val/loss"] == pytest.approx(loss, rel=MILLIONTH)
    assert found["val/perplexity"] == pytest.approx(math.exp(loss), rel=MILLIONTH * 10)  # of a sum of ~6 nats
    assert found["val/bits_per_byte"] == pytest.approx(nats.item() / math.log(2) / n_bytes, rel=MILLIONTH)


class WritesNothing(L.Callback):
    """Make it an error that another process than the first opens a file in the run folder for writing."""

    def __init__(self, folder: str):
        if os.environ.get("LOCAL_RANK", "0") != "0":
            sys.addaudithook(lambda event, given: self.refuse(folder, event, given))

    def refuse(self, folder: str, event: str, given: Any) -> None:
        if event in ("open", "os.mkdir", "os.rename", "os.remove") and f"/{folder}" in str(
            Path(str(given[0])).absolute()
        ):
            assert event == "open", (event, given)
            assert not given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT), given


def test_two_processes_take_the_steps_of_one(call: Callable[..., Done], songs_folder: Path, tmp_path: Path) -> None:
    """Batch 2 x accumulation 2 x 2 processes against batch 8: as a command, of which text arguments are a part."""
    songs = tmp_path / "songs, 'all' of them"
    songs.symlink_to(songs_folder)
    arguments = (
        *("model=tiny", "trainer.precision=32-true", "trainer.accelerator=cpu", "data.block_size=64", f"optim.lr={LR}"),
        *("trainer.max_epochs=1", "optim.label_smoothing=0.1", "logger=csv_only", f"data.path={songs}"),
    )
    one = call("train", *arguments, "data.batch_size=8", "callbacks=bare", "hydra.run.dir=one")
    assert one.code == 0, one.err
    two = run_command(
        *("train", *arguments, "data.batch_size=2", "trainer.accumulate_grad_batches=2", "trainer.devices=2"),
        *("callbacks.samples.max_new_tokens=4", "hydra.run.dir=two", "+callbacks.watch.folder=two"),
        "+callbacks.watch._target_=tests.test_trajectory.WritesNothing",
        cwd=tmp_path,
    )
    assert two.code == 0, two.err
    rows = {}
    for name in ("one", "two"):
        with (tmp_path / name / "metrics.csv").open(newline="") as stream:
            rows[name] = list(csv.DictReader(stream))
    assert len(rows["one"]) == len(rows["two"]) > 10
    for expected, found in zip(rows["one"], rows["two"], strict=True):
        for column in set(expected) - {"tokens_per_second"}:
            if expected[column] == "":
                assert found[column] == ""
            else:
                assert float(found[column]) == pytest.approx(float(expected[column]), rel=MILLIONTH), column
    weights = {name: load_file(tmp_path / name / "model" / "model.safetensors") for name in ("one", "two")}
    for name, weight in weights["one"].items():
        torch.testing.assert_close(weights["two"][name], weight, atol=MILLIONTH, rtol=0)
    # Once: said, sampled and summed up.
    assert two.err.count("Untrained model:") == two.err.count("Epoch 1:") == 1
    assert sorted(file.name for file in (tmp_path / "two" / "samples").iterdir()) == ["epoch_00.txt", "epoch_01.txt"]
    summaries = {n: json.loads((tmp_path / n / "summary.json").read_text(encoding="utf-8")) for n in ("one", "two")}
    for key in ("n_train_tokens", "steps", "epochs", "best_epoch", "interrupted"):
        assert summaries["two"][key] == summaries["one"][key], key
