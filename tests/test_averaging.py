"""A moving average of the weights is what is measured, written with and exported; a run with one goes on exactly."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from benchmarks.ours import default_settings
from lyric_lm.callbacks.songs import songs_of
from lyric_lm.checks.memory import peak_bytes, with_changes
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.errors import Interrupted
from lyric_lm.model.averaging import MovingAverage
from lyric_lm.model.lora import add_adapters, merged
from lyric_lm.model.loss import logits_of, loss_sums
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny
from lyric_lm.sampling import Wanted, write_songs
from lyric_lm.sampling_settings import Sampling
from tests import test_resume
from tests.conftest import TINY, Done, one_line
from tests.test_invariants import Recorder, fit, splits
from tests.test_resume import interrupted_at, same

DECAY = 0.8


def kept_at(step: int) -> float:
    return step / (step + 2) if step < 8 else DECAY  # 8 / 10


def test_at_first_later_steps_count_more() -> None:
    """The weights before the first step once, those after the n-th n + 1 times."""
    network, _ = make_tiny()
    average = MovingAverage(network, 0.99)
    seen = [network.lm_head.weight.detach().clone()]
    for _ in range(9):
        shaken(network)
        average.update()
        seen.append(network.lm_head.weight.detach().clone())
    expected = sum(i * weight for i, weight in enumerate(seen, start=1)) / 55
    torch.testing.assert_close(average.network.lm_head.weight.detach(), expected, atol=1e-5, rtol=1e-5)


def test_later_on_every_fourth_step_stands_for_four() -> None:
    network, _ = make_tiny()
    average = MovingAverage(network, 0.999)
    expected, counted = network.lm_head.weight.detach().double(), 1
    for step in range(1, 79):
        shaken(network)
        average.update()
        times = step + 1 if step <= 64 else 4 * step - 2 if step % 4 == 0 else 0  # (step - 2) + ... + (step + 1)
        expected += times * network.lm_head.weight.detach().double()
        counted += times
    torch.testing.assert_close(average.network.lm_head.weight.detach(), (expected / counted).float())


def test_then_a_step_is_forgotten_as_quickly_as_before() -> None:
    network, _ = make_tiny()
    average = MovingAverage(network, DECAY)
    for _ in range(64):
        average.update()
    before = average.network.lm_head.weight.detach().double().clone()
    shaken(network)
    for _ in range(8):
        average.update()
    now = network.lm_head.weight.detach().double()
    torch.testing.assert_close(average.network.lm_head.weight.detach().double() - now, 0.8**8 * (before - now))


def shaken(network: Any) -> None:
    """Change what is trained, as a step would."""
    with torch.no_grad():
        for weight in network.parameters():
            if weight.requires_grad:
                weight += 0.1 * torch.randn_like(weight)


@pytest.mark.parametrize("adapters", [False, True])
def test_it_is_the_average_by_hand_and_shares_what_is_not_trained(adapters: bool) -> None:
    network, _ = make_tiny()
    if adapters:
        add_adapters(network, r=2, alpha=4, dropout=0.0)
    average = MovingAverage(network, DECAY)
    names = [name for name, weight in network.named_parameters() if weight.requires_grad]
    expected = {name: network.get_parameter(name).detach().double().numpy().copy() for name in names}
    for step in range(1, 13):
        shaken(network)
        average.update()
        kept = kept_at(step)
        for name in names:
            expected[name] = kept * expected[name] + (1 - kept) * network.get_parameter(name).detach().numpy()
    found = dict(average.network.named_parameters())
    assert found.keys() == dict(network.named_parameters()).keys()
    for name, weight in found.items():
        assert not weight.requires_grad
        if name in expected:
            np.testing.assert_allclose(weight.numpy(), expected[name], atol=1e-6)
        else:
            assert adapters
            assert weight.data_ptr() == network.get_parameter(name).data_ptr()
    assert average.network.lm_head.weight is average.network.transformer.wte.weight  # tied weights stay tied


class Weights(Recorder):
    """Keep what each step logged, and the weights after it."""

    def __init__(self) -> None:
        super().__init__()
        self.after: dict[int, dict[str, Tensor]] = {}

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self._keep(trainer)

    def on_train_batch_end(self, trainer: Any, *args: Any) -> None:
        super().on_train_batch_end(trainer, *args)
        self._keep(trainer)

    def _keep(self, trainer: Any) -> None:
        state = trainer.lightning_module.network.state_dict()
        self.after[trainer.global_step] = {name: value.clone() for name, value in state.items()}


def average_of(weights: Weights) -> dict[str, Tensor]:
    """The average over the steps that count, in 64 bits."""
    first, *others = [weights.after[step] for step in sorted(weights.after)]
    found = {name: value.double() for name, value in first.items()}
    for step, after in enumerate(others, start=1):
        if step > 64 and step % 4:
            continue
        kept = kept_at(step) if step <= 64 else DECAY**4
        found = {name: kept * value + (1 - kept) * after[name].double() for name, value in found.items()}
    return {name: value.float() for name, value in found.items()}


def test_the_held_out_loss_is_the_averages_and_the_steps_are_as_without(tmp_path: Path) -> None:
    plain, plain_weights, without = fit(tmp_path)
    seen = Weights()
    steps, weights, loss = fit(tmp_path, callbacks=(seen,), ema_decay=DECAY)
    assert steps == plain
    assert all(torch.equal(weights[name], plain_weights[name]) for name in weights)
    network, tokenizer = make_tiny()
    network.load_state_dict(average_of(seen))
    songs = LyricsDataModule(splits(), tokenizer, 1024, 64, 1, seed=1)
    nats = n_targets = 0.0
    with torch.no_grad():
        for batch in songs.val_dataloader():
            nats += float(loss_sums(logits_of(network.eval(), batch), batch["labels"]).nats)
            n_targets += float(batch["n_targets"])
    assert loss == pytest.approx(nats / n_targets, rel=1e-6)
    assert abs(loss - without) > 1e-3


def test_songs_are_written_by_it() -> None:
    network, tokenizer = make_tiny()
    module = SongModule(network, "tiny", 1e-3, 0.0, "constant", 0.0, ema_decay=0.5)
    module.on_fit_start()
    assert module.average
    shaken(network)
    sampling = Sampling(12, 1.0, 0, 0.9, None, 1.0, None)
    (song,) = songs_of(module, tokenizer, [Wanted("a", 1, sampling)], is_untrained=False)
    (expected,) = write_songs(module.average.network, tokenizer, "a", [1], sampling)
    (other,) = write_songs(network, tokenizer, "a", [1], sampling)
    assert song.text == expected.text != other.text


def same_average(file: Path, other: Path) -> None:
    one, two = (torch.load(path, weights_only=True) for path in (file, other))
    assert one["average"]["n_steps"] == two["average"]["n_steps"] == one["global_step"]
    weights, others = one["average"]["weights"], two["average"]["weights"]
    assert weights.keys() == {name.removeprefix("network.") for name in one["state_dict"]}
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    assert not all(torch.equal(weights[name], one["state_dict"][f"network.{name}"]) for name in weights)


@pytest.mark.parametrize("adapters", [False, True])
@pytest.mark.parametrize(
    ("hook", "call"),
    [
        ("on_before_optimizer_step", 3),
        ("on_train_batch_end", 6),  # while a step is taken
        ("on_validation_batch_start", 1),
        ("on_validation_end", 1),
        ("on_train_batch_start", 10),
    ],
)
def test_stopped_and_resumed_is_straight(tmp_path: Path, adapters: bool, hook: str, call: int) -> None:
    options: dict[str, Any] = {"ema_decay": DECAY, "adapters": adapters}
    (tmp_path / "straight").mkdir()
    straight = test_resume.fit(tmp_path / "straight", **options)
    with pytest.raises(Interrupted):
        test_resume.fit(tmp_path, hooks=interrupted_at(hook, call), **options)
    same(test_resume.fit(tmp_path, resume=True, **options), straight)
    same_average(tmp_path / "last.ckpt", tmp_path / "straight" / "last.ckpt")


@pytest.mark.parametrize("adapters", [False, True])
def test_the_exported_model_is_the_average_and_comes_again_if_it_is_gone(tmp_path: Path, adapters: bool) -> None:
    options: dict[str, Any] = {"ema_decay": DECAY, "adapters": adapters}
    with pytest.raises(Interrupted):
        test_resume.fit(tmp_path, hooks=interrupted_at("on_train_batch_start", 10), **options)
    network, _ = make_tiny()
    if adapters:
        add_adapters(network, r=4, alpha=8, dropout=0.0)
    network.load_state_dict(torch.load(tmp_path / "best.ckpt", weights_only=True)["average"]["weights"])
    expected = {name: value.clone() for name, value in (merged(network) or network.state_dict()).items()}
    before = load_file(tmp_path / "model" / "model.safetensors")
    assert before.keys() <= expected.keys()
    for name, weight in before.items():
        torch.testing.assert_close(weight, expected[name], atol=1e-6, rtol=1e-5)
    shutil.rmtree(tmp_path / "model")
    seen: list[dict[str, Tensor]] = []

    def look(trainer: Any) -> None:
        seen.append(load_file(tmp_path / "model" / "model.safetensors"))

    test_resume.fit(tmp_path, resume=True, hooks={"on_train_batch_start": look}, **options)
    assert all(torch.equal(seen[0][name], before[name]) for name in before)


def test_what_it_takes_is_reckoned_with(tmp_path: Path) -> None:
    """A copy of the weights in memory, and one in each of three checkpoints."""
    settings = default_settings("model=tiny", "trainer.accelerator=cpu", "optim.ema_decay=0")
    averaged = with_changes(settings, {"optim.ema_decay": DECAY})
    network, _ = make_tiny()
    weights = sum(p.nbytes for p in network.parameters())
    more = peak_bytes(network, averaged, "cpu") - peak_bytes(network, settings, "cpu")
    assert more == pytest.approx(weights)
    with pytest.raises(Interrupted):
        test_resume.fit(tmp_path, hooks=interrupted_at("on_train_batch_start", 10), ema_decay=DECAY)
    assert (tmp_path / "last.ckpt").stat().st_size == pytest.approx(4 * weights, rel=0.2)


def test_a_run_says_so_and_what_cannot_work_is_told(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    common = [*TINY, f"data.path={songs_folder}", "callbacks=bare", "logger=csv_only", "hydra.run.dir=run"]
    assert one_line(call("train", *common, "optim.ema_decay=1")) == (
        "optim.ema_decay=1 is not in [0, 1); 0: no average of the weights"
    )
    assert one_line(call("train", *common, "optim.ema_decay=0.9", "trainer=fsdp")) == (
        "optim.ema_decay: weights in shards (trainer=fsdp) are not averaged; set optim.ema_decay=0"
    )
    done = call("train", *common, "optim.ema_decay=0.99", "trainer.max_epochs=1")
    assert done.code == 0, done.err
    assert "| moving average of the weights | decay 0.99 a step |" in (tmp_path / "run/model/README.md").read_text()
    resumed = call("train", "resume=run", "trainer.max_epochs=2", "optim.ema_decay=0.5")
    assert "optim.ema_decay was 0.99 and is now 0.5" in resumed.err
