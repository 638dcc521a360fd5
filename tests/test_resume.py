"""A run that was stopped anywhere and goes on is the run that was never stopped, bit for bit."""

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch import Tensor

from lyric_lm.callbacks.checkpoints import Checkpoints
from lyric_lm.callbacks.export import ExportBest
from lyric_lm.checkpoints import CheckpointFiles
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.errors import Interrupted, NotFinite
from lyric_lm.model.lora import add_adapters
from lyric_lm.model.module import SongModule
from lyric_lm.model.pretrained import checkpoint_blocks
from lyric_lm.model.tiny import make_tiny
from tests.test_invariants import OPTIM, Recorder, splits

splits = functools.cache(splits)

Hook = Callable[[L.Trainer], None]
EPOCHS, STEPS = 3, 4  # in each epoch; 16 songs in 8 blocks, batches of 1, windows of 2 (see fit)


class At(L.Callback):
    """Call a function in one of Lightning's hooks."""

    def __init__(self, hook: str, function: Hook):
        setattr(self, hook, lambda trainer, *args: function(trainer))


class Exploding(SongModule):
    """A model whose gradient is not finite at one step, as seen just before clipping."""

    at: int | None = None

    def configure_gradient_clipping(self, *args: Any, **kwargs: Any) -> None:
        if self.global_step == self.at:
            raise NotFinite("the loss is nan")
        super().configure_gradient_clipping(*args, **kwargs)


class Outcome:
    """What is compared: the figures of every step and validation, the weights, and how early stopping stands."""

    def __init__(self) -> None:
        self.steps: dict[int, dict[str, float]] = {}
        self.held_out: list[tuple[int, float]] = []
        self.weights: dict[str, Tensor] = {}
        self.states: dict[str, Any] = {}
        self.epochs = 0
        self.n_tokens = 0


def fit(
    folder: Path,
    resume: bool = False,
    hooks: dict[str, Hook] | None = None,
    explode_at: int | None = None,
    minutes: float = 1e9,
    patience: int = 9,
    epochs: int = EPOCHS,
    adapters: bool = False,
    recompute: bool = False,
    ema_decay: float = 0.0,
    **options: Any,
) -> Outcome:
    """Train the tiny model with dropout in windows of two batches; go on from ``last.ckpt`` with ``resume``."""
    L.seed_everything(1 if not resume else 99, verbose=False)  # where the generators stand is in the checkpoint
    network, tokenizer = make_tiny(dropout=0.1)
    if adapters:
        add_adapters(network, r=4, alpha=8, dropout=0.1)
    if recompute:
        checkpoint_blocks(network)
    songs = LyricsDataModule(splits(), tokenizer, 1024, 256, 1, seed=1)
    module = Exploding(network, "tiny", **OPTIM, ema_decay=ema_decay)
    module.at = explode_at
    recorder, outcome = Recorder(), Outcome()
    file = folder / "last.ckpt"
    export = ExportBest(folder / "model", tokenizer, folder / "best.ckpt")
    export.baseline_loss = 0.0  # measured before, in a run
    stopping = EarlyStopping("val/loss", patience=patience)
    checkpoints = Checkpoints(file, minutes)

    def held_out(trainer: L.Trainer) -> None:
        outcome.held_out.append((trainer.global_step, float(trainer.callback_metrics["val/loss"])))

    trainer = L.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        accumulate_grad_batches=2,
        gradient_clip_val=1.0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
        plugins=[CheckpointFiles()],
        callbacks=[
            *(recorder, export, stopping, At("on_validation_end", held_out)),
            *(At(hook, function) for hook, function in (hooks or {}).items()),
            checkpoints,
        ],
        log_every_n_steps=1,
        **options,
    )
    try:
        trainer.fit(module, songs, ckpt_path=file if resume else None, weights_only=True)
    finally:
        outcome.steps, outcome.n_tokens, outcome.epochs = recorder.steps, module.n_tokens_trained, trainer.current_epoch
        outcome.weights = {name: value.clone() for name, value in network.state_dict().items()}
        outcome.states = {"export": export.state_dict(), "stopping": stopping.state_dict()}
        fit.stopped = outcome  # type: ignore[attr-defined]
    return outcome


def same(found: Outcome, straight: Outcome) -> None:
    """Every step from the first one found, every validation, the weights and the other state: equal to the last bit."""
    assert found.steps == {
        step: straight.steps[step] for step in straight.steps if step >= min(found.steps, default=99)
    }
    assert found.held_out == straight.held_out[len(straight.held_out) - len(found.held_out) :]
    assert all(torch.equal(found.weights[name], straight.weights[name]) for name in straight.weights)
    assert str(found.states) == str(straight.states)
    assert (found.epochs, found.n_tokens) == (straight.epochs, straight.n_tokens)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A run that was never stopped."""
    outcome = fit(tmp_path_factory.mktemp("straight"))
    assert list(outcome.steps) == list(range(1, EPOCHS * STEPS + 1))
    assert [step for step, _ in outcome.held_out] == [STEPS * (i + 1) for i in range(EPOCHS)]
    return outcome


def interrupted_at(hook: str, call: int) -> dict[str, Hook]:
    """Send SIGINT to this process in the n-th call of a hook."""
    calls = [0]

    def function(trainer: L.Trainer) -> None:
        calls[0] += 1
        if calls[0] == call:
            import signal

            signal.raise_signal(signal.SIGINT)

    return {hook: function}


@pytest.mark.parametrize(
    ("hook", "call", "first"),
    [
        ("on_train_batch_start", 4, 2),  # in the middle of a window: it is done again
        ("on_before_optimizer_step", 3, 3),  # just before a step is taken
        ("on_train_batch_end", 6, 4),  # while it is taken, and not yet logged: it is finished first
        ("on_train_batch_end", 8, 5),  # after the last step of an epoch
        ("on_validation_batch_start", 1, 5),  # in the validation
        ("on_validation_end", 1, 5),  # after it, in samples or export, before early stopping has counted it
        ("on_train_epoch_start", 2, 5),
        ("on_train_batch_start", 9, 5),  # the first batch of the second epoch
        ("on_train_batch_start", 10, 5),
        ("on_validation_end", 3, 13),  # the last one
    ],
)
def test_stopped_and_resumed_is_straight(tmp_path: Path, straight: Outcome, hook: str, call: int, first: int) -> None:
    with pytest.raises(Interrupted):
        fit(tmp_path, hooks=interrupted_at(hook, call))
    resumed = fit(tmp_path, resume=True)
    same(resumed, straight)
    assert min(resumed.steps, default=13) == first


@pytest.mark.parametrize("adapters", [False, True])
def test_adapters_go_on_the_same_and_recomputed_blocks_change_nothing(tmp_path: Path, adapters: bool) -> None:
    """Dropout is drawn again as it was; so a run that found memory short may go on with gradient checkpointing."""
    (tmp_path / "straight").mkdir()
    whole = fit(tmp_path / "straight", adapters=adapters)
    with pytest.raises(Interrupted):
        fit(tmp_path, hooks=interrupted_at("on_train_batch_start", 6), adapters=adapters)
    same(fit(tmp_path, resume=True, adapters=adapters, recompute=True), whole)


def test_a_step_that_is_not_finite_leaves_the_state_before_it(tmp_path: Path, straight: Outcome) -> None:
    for at in (2, 4, 7):  # within an epoch, in the first step of one, and again after going on
        with pytest.raises(NotFinite):
            fit(tmp_path, resume=at > 2, explode_at=at)
        assert torch.load(tmp_path / "last.ckpt", weights_only=True)["global_step"] == at
    same(fit(tmp_path, resume=True), straight)


def test_saving_changes_nothing_and_every_checkpoint_goes_on_the_same(tmp_path: Path, straight: Outcome) -> None:
    """A checkpoint at every step, each kept; then a run from each of them, as after a kill at any place."""
    kept: list[bytes] = []

    def keep(trainer: L.Trainer) -> None:
        file = tmp_path / "last.ckpt"
        if file.is_file() and (not kept or file.read_bytes() != kept[-1]):
            kept.append(file.read_bytes())

    often = fit(tmp_path, minutes=0, hooks={"on_train_batch_end": keep, "on_train_epoch_end": keep})
    same(often, straight)
    keep(None)  # type: ignore[arg-type]
    assert len(kept) == EPOCHS * STEPS
    for number, content in list(enumerate(kept, start=1))[1::4]:
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "last.ckpt").write_bytes(content)
        resumed = fit(folder, resume=True)
        same(resumed, straight)
        assert list(resumed.steps) == list(range(number + 1, EPOCHS * STEPS + 1))


@pytest.mark.parametrize("has_best", [True, False])
def test_a_model_that_is_gone_comes_again(
    tmp_path: Path, straight: Outcome, has_best: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Interrupted):
        fit(tmp_path, hooks=interrupted_at("on_train_batch_start", 10))
    weights = tmp_path / "model" / "model.safetensors"
    before = weights.read_bytes()
    shutil.rmtree(tmp_path / "model")
    if not has_best:
        (tmp_path / "best.ckpt").unlink()
    seen: list[bytes] = []

    def look(trainer: L.Trainer) -> None:
        seen.append(weights.read_bytes() if weights.is_file() else b"")

    same(fit(tmp_path, resume=True, hooks={"on_train_batch_start": look}), straight)
    assert seen[0] == (before if has_best else b"")
    assert ("written again from" if has_best else "the next best epoch writes them again") in caplog.text
    assert weights.is_file()


def test_validation_inside_an_epoch(tmp_path: Path) -> None:
    options: dict[str, Any] = {"val_check_interval": 4}
    (tmp_path / "straight").mkdir()
    whole = fit(tmp_path / "straight", **options)
    assert [step for step, _ in whole.held_out] == [2, 4, 6, 8, 10, 12]
    for hook, call in (("on_validation_batch_start", 2), ("on_train_batch_start", 5), ("on_validation_end", 1)):
        with pytest.raises(Interrupted):
            fit(tmp_path, hooks=interrupted_at(hook, call), **options)
        same(fit(tmp_path, resume=True, **options), whole)


def test_early_stopping_goes_on_and_stays_stopped(tmp_path: Path) -> None:
    (tmp_path / "straight").mkdir()
    # A loss that rises from the second epoch on: the minimum is asked of its negative.
    options: dict[str, Any] = {"patience": 1, "epochs": 6}

    def worse(trainer: L.Trainer) -> None:
        trainer.callback_metrics["val/loss"] = torch.tensor(5.0 if trainer.current_epoch < 1 else 6.0)

    # Seen by early stopping, which comes after this hook.
    whole = fit(tmp_path / "straight", hooks={"on_validation_epoch_end": worse}, **options)
    stop = interrupted_at("on_train_batch_start", 12)
    with pytest.raises(Interrupted):
        fit(tmp_path, hooks={"on_validation_epoch_end": worse, **stop}, **options)
    resumed = fit(tmp_path, resume=True, hooks={"on_validation_epoch_end": worse}, **options)
    same(resumed, whole)
    again = fit(tmp_path, resume=True, hooks={"on_validation_epoch_end": worse}, **options)
    assert again.steps == {}  # killed after the last checkpoint, before the summary: nothing more is trained
