"""NaN and infinity: the step is not taken, the run says where it comes from, and stops or goes on."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.plugins import MixedPrecision

from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.errors import NotFinite
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny
from tests.conftest import TINY, Done
from tests.test_invariants import OPTIM, fit, splits
from tests.test_train import rows_of, summary_of

BAD_STEP = 3


class BadLoss(SongModule):
    """The second batch of a step's window gives a loss that is not finite; its gradient too."""

    bad = math.nan

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        objective = super().training_step(batch, batch_idx)
        if self.global_step != BAD_STEP - 1 or len(self._window) != 2:
            return objective
        self._step_sums[-1][:2] *= self.bad
        return objective * self.bad


class InfiniteLoss(BadLoss):
    bad = math.inf


class BadGradient(SongModule):
    """The loss is well, and one number of one gradient is not."""

    def on_after_backward(self) -> None:
        if self.global_step == BAD_STEP - 1:
            self.network.transformer.h[1].mlp.c_fc.weight.grad[0, 0] = math.nan


class Watch(L.Callback):
    """Keep weights, moments and rates as they were before each step, and what was left at the end."""

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}
        self.rates: list[float] = []

    def on_train_batch_start(self, trainer: L.Trainer, pl_module: L.LightningModule, *args: Any) -> None:
        self.before.setdefault(trainer.global_step, self.state(trainer, pl_module))
        self.module = pl_module

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: L.LightningModule, *args: Any) -> None:
        self.rates.append(float(trainer.callback_metrics.get("lr", math.nan)))

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        self.left = self.state(trainer, pl_module)

    def state(self, trainer: L.Trainer, module: L.LightningModule) -> list[torch.Tensor]:
        moments = [value for state in trainer.optimizers[0].state.values() for value in state.values()]
        return [tensor.clone() for tensor in [*module.state_dict().values(), *moments]]


def is_equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", [BadLoss, InfiniteLoss, BadGradient])
def test_the_step_is_not_taken_and_the_run_says_why(tmp_path: Path, kind: type[SongModule]) -> None:
    watch = Watch()
    with pytest.raises(NotFinite) as caught:
        fit(tmp_path, 2, 3, epochs=1, callbacks=(watch,), kind=kind)
    assert list(watch.before) == list(range(BAD_STEP))
    assert is_equal(watch.left, watch.before[BAD_STEP - 1])
    assert not is_equal(watch.before[1], watch.before[BAD_STEP - 1])  # other steps were taken
    account = caught.value.account
    what = "gradient" if kind is BadGradient else "loss"
    assert account["what"] == f"the {what} of step {BAD_STEP}"
    assert (account["step"], account["epoch"], account["batches"]) == (BAD_STEP, 1, [7, 8, 9])
    batches = LyricsDataModule(splits(), make_tiny()[1], 1024, 64, 2, seed=1).train_batches
    window = [batches.blocks[i] for i in batches.order(0)[12:18]]  # third window of three batches of two blocks
    assert set(account["songs"]) == {part.title for block in window for part in block}
    if kind is BadGradient:
        assert account["parameters"] == ["transformer.h.1.mlp.c_fc.weight"]
    assert account["activations"]["lm_head"] > 0
    assert account["not_finite_from"] is None  # the forward pass itself is well here
    line = str(caught.value)
    assert "\n" not in line
    for words in (f"the {what} of step {BAD_STEP} is not finite", account["songs"][0], "optim.lr", "on_nan=skip"):
        assert words in line


@pytest.mark.parametrize("kind", [BadLoss, BadGradient])
def test_skipping_leaves_weights_alone_and_goes_on(
    tmp_path: Path, kind: type[SongModule], caplog: pytest.LogCaptureFixture
) -> None:
    watch, well = Watch(), Watch()
    fit(tmp_path, 2, 3, epochs=2, callbacks=(well,))
    steps, _, val_loss = fit(tmp_path, 2, 3, epochs=2, callbacks=(watch,), kind=kind, skips_not_finite=True)
    assert is_equal(watch.before[BAD_STEP], watch.before[BAD_STEP - 1])
    assert not is_equal(watch.before[BAD_STEP + 1], watch.before[BAD_STEP])
    assert watch.rates == well.rates  # the schedule goes on
    assert math.isfinite(val_loss)
    assert watch.module.n_skipped_steps == 1
    assert all(math.isfinite(value) for logged in steps.values() for value in logged.values())
    (warning,) = [record.message for record in caplog.records if "is skipped" in record.message]
    assert f"step {BAD_STEP} is not finite" in warning
    assert "songs: " in warning


def test_a_healthy_run_skips_nothing(tmp_path: Path) -> None:
    watch = Watch()
    fit(tmp_path, 2, 3, epochs=1, callbacks=(watch,), skips_not_finite=True)
    assert watch.module.n_skipped_steps == 0


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_weight_that_overflows_is_found_by_layer_and_song(tmp_path: Path, split: str) -> None:
    """One position's embedding is infinite: only the song that is so long is named, and the layer is named."""
    network, tokenizer = make_tiny()
    songs = splits() if split == "train" else {"train": splits()["val"], "val": splits()["train"], "test": []}
    data = LyricsDataModule(songs, tokenizer, 1024, 64, 1, seed=1)
    ends = [p.first_position + len(p.ids) - 1 for p in data.parts[split]]
    (title,) = {p.title for p in data.parts[split] if p.first_position + len(p.ids) - 1 == max(ends)}
    (block,) = [b for b in data.blocks[split] if any(p.first_position + len(p.ids) > max(ends) for p in b)]
    with torch.no_grad():
        network.transformer.wpe.weight[max(ends)] = math.inf
    trainer = L.Trainer(
        *("cpu",),
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        default_root_dir=tmp_path,
        max_epochs=1,
        num_sanity_val_steps=0,
        enable_model_summary=False,
    )
    module = SongModule(network, "tiny", **OPTIM)
    with pytest.raises(NotFinite) as caught:
        trainer.fit(module, data) if split == "train" else trainer.validate(module, data)
    account = caught.value.account
    assert account["not_finite_from"] == "transformer.wpe"
    assert account["activations"]["transformer.wpe"] == "inf"
    assert title in account["songs"]
    assert set(account["songs"]) == {part.title for part in block}
    assert account["what"].startswith("the loss" if split == "train" else "the held-out loss after step 0")
    if split == "train":
        assert "transformer.wpe.weight" in account["parameters"]


@pytest.mark.parametrize(("scale", "kind"), [(2.0**60, SongModule), (1.0, BadGradient)])
def test_the_search_of_an_fp16_scaler_is_not_an_error(tmp_path: Path, scale: float, kind: type[SongModule]) -> None:
    """Infinite gradients under a scale that is too large are torch's to skip; at scale 1 they are real."""
    network, tokenizer = make_tiny()
    data = LyricsDataModule(splits(), tokenizer, 1024, 64, 2, seed=1)
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    trainer = L.Trainer(
        accelerator="cpu",
        plugins=[MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=scale))],
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        limit_val_batches=0,
        max_steps=4,
        default_root_dir=tmp_path,
    )
    module = kind(network, "tiny", **OPTIM)
    if kind is BadGradient:
        with pytest.raises(NotFinite, match="the gradient of step 3 is not finite"):
            trainer.fit(module, data)
        return
    trainer.fit(module, data)
    assert trainer.global_step == 4
    assert all(torch.equal(network.state_dict()[name], weight) for name, weight in before.items())  # still searching
    assert module.n_skipped_steps == 0
    assert math.isfinite(trainer.callback_metrics["train/loss"])
    assert "train/grad_norm" not in trainer.callback_metrics


class Poison(L.Callback):
    """From a step on, make the gradient of one weight infinite, in one process of several."""

    def __init__(self, step: int):
        self.step = step

    def on_train_batch_start(self, trainer: L.Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step - 1 and trainer.global_rank == trainer.world_size - 1:
            pl_module.network.transformer.wte.weight.register_hook(lambda gradient: gradient * math.inf)
            self.step = -1


POISON = ("+callbacks.poison._target_=tests.test_not_finite.Poison", "+callbacks.poison.step=5", "callbacks=bare")


@pytest.mark.parametrize("devices", [1, 2])
def test_the_command_stops_with_one_line(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path, devices: int
) -> None:
    done = call(
        *("train", *TINY, *POISON, f"data.path={songs_folder}", "logger=csv_only", "hydra.run.dir=run"),
        *("trainer.accelerator=cpu", f"trainer.devices={devices}", "data.block_size=64", "trainer.max_epochs=1"),
    )
    assert done.code == 1
    assert "Traceback" not in done.err
    (line,) = [line for line in done.err.split("\n") if line.startswith("error:")]
    assert "the gradient of step 5 is not finite" in line
    assert "run/not_finite.json" in line
    account = json.loads((tmp_path / "run" / "not_finite.json").read_text(encoding="utf-8"))
    assert account["parameters"]
    assert all(
        title in json.loads((tmp_path / "run" / "split.json").read_text())["train"] for title in account["songs"]
    )
    assert [int(row["step"]) for row in rows_of(tmp_path / "run")] == [0, 1, 2, 3, 4]
    assert summary_of(tmp_path / "run")["interrupted"] is True


def test_the_command_skips_and_finishes(call: Callable[..., Done], songs_folder: Path, tmp_path: Path) -> None:
    done = call(
        *("train", *TINY, *POISON, f"data.path={songs_folder}", "logger=csv_only", "hydra.run.dir=run"),
        *("trainer.on_nan=skip", "trainer.max_epochs=1"),
    )
    assert done.code == 0, done.err
    summary = summary_of(tmp_path / "run")
    assert summary["n_skipped_steps"] == summary["steps"] - 4 > 1  # from step 5 on
    rows = rows_of(tmp_path / "run")
    for column in ("train/loss", "train/objective", "train/grad_norm", "tokens_per_second"):
        assert [row[column] == "" for row in rows[1:]] == [int(row["step"]) >= 5 for row in rows[1:]], column
    assert all(row["lr"] for row in rows[1:])
    assert len(rows) == summary["steps"] + 1
    assert "nan" not in (tmp_path / "run" / "metrics.csv").read_text()
