"""The recipe's checks fire on what they watch, and a healthy recipe hears nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from tokenizers import ByteLevelBPETokenizer
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from lyric_lm.checks import disk
from lyric_lm.checks.check import Check
from lyric_lm.checks.disk import check_disk
from lyric_lm.checks.recipe import (
    check_all,
    check_learning_rate,
    check_smoothing,
    check_step_size,
    check_steps,
    check_warmup,
    n_steps,
)
from lyric_lm.checks.songs import check_held_out, check_lengths, song_lengths
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.encoding import END_OF_TEXT
from lyric_lm.lyrics.corpus import Corpus, corpus_from
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.lyrics.song import Song
from lyric_lm.model.tiny import make_tiny
from lyric_lm.settings import CONF
from tests.test_configs import composed, names


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE that takes about as many tokens for English as GPT-2's: 0.3 a character."""
    bpe = ByteLevelBPETokenizer()
    songs = [file.read_text(encoding="utf-8") for file in sorted(ALBUM.glob("*.txt"))]
    bpe.train_from_iterator(songs, vocab_size=3000, show_progress=False, special_tokens=[END_OF_TEXT])
    return PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token=END_OF_TEXT)


@pytest.fixture(scope="module")
def network() -> PreTrainedModel:
    return make_tiny()[0]


@pytest.fixture(scope="module")
def album() -> Corpus:
    settings = composed("train")
    return corpus_from(settings["data"], settings["seed"])


@pytest.fixture
def warnings_of(
    tokenizer: PreTrainedTokenizerFast, network: PreTrainedModel, album: Corpus, tmp_path: Path
) -> Callable[..., dict[str, Check]]:
    """The checks of a run on the demo album that do not pass, by name."""

    def checked(*overrides: str) -> dict[str, Check]:
        settings = composed("train", *overrides)
        data = settings["data"]
        is_split_anew = any("fraction" in override for override in overrides)
        corpus = corpus_from(data, settings["seed"]) if is_split_anew else album
        songs = LyricsDataModule(corpus.splits, tokenizer, 1024, data["block_size"], data["batch_size"], 1)
        checks = check_all(settings, network, corpus, songs, tmp_path)
        return {check.name: check for check in checks if check.status != "pass"}

    return checked


@pytest.mark.parametrize("experiment", [None, *(name for name in names("experiment") if name != "report")])
def test_a_healthy_recipe_hears_nothing(warnings_of: Callable[..., dict[str, Check]], experiment: str | None) -> None:
    assert warnings_of(*([f"experiment={experiment}"] if experiment else [])) == {}


@pytest.mark.parametrize("lr", OmegaConf.load(CONF / "sweep" / "lr.yaml").hydra.sweeper.params["optim.lr"].split(","))
def test_the_rates_of_the_sweep_hear_nothing(warnings_of: Callable[..., dict[str, Check]], lr: str) -> None:
    assert warnings_of(f"optim.lr={lr}") == {}


def test_the_report_hears_what_was_wrong(warnings_of: Callable[..., dict[str, Check]]) -> None:
    said = warnings_of("experiment=report")
    assert set(said) == {"warmup", "learning_rate", "label_smoothing"}
    assert "optim.warmup_steps=100 is not shorter than the run" in said["warmup"].meaning
    assert "hardly learns" in said["learning_rate"].meaning
    assert "10 % to tokens that do not fit" in said["label_smoothing"].meaning


@pytest.mark.parametrize(
    ("overrides", "name", "way_out"),
    [
        (["trainer.accumulate_grad_batches=64"], "steps", r"trainer.accumulate_grad_batches=(\d+)"),
        (["data.batch_size=16"], "steps", r"data.batch_size=(\d+)"),
        (["trainer.max_steps=5"], "steps", r"trainer.max_steps=(-1)"),
        (["data.block_size=64"], "song_lengths", r"data.block_size=(\d+)"),
        (["data.block_size=64"], "tokens_per_step", r"trainer.accumulate_grad_batches=(\d+)"),
        (["optim.warmup_steps=60"], "warmup", r"optim.warmup_steps=(\d+)"),
        (["optim.lr=0.003"], "learning_rate", r"optim.lr=(\S+)"),
        (["optim.lr=1e-6"], "learning_rate", r"optim.lr \((\S+) is usual"),
        (["optim.label_smoothing=0.2"], "label_smoothing", r"optim.label_smoothing=(\d)"),
        (["data.val_fraction=0.03"], "held_out_songs", r"data.val_fraction=(\S+)"),
    ],
)
def test_what_a_warning_says_to_do_ends_it(
    warnings_of: Callable[..., dict[str, Check]], overrides: list[str], name: str, way_out: str
) -> None:
    said = warnings_of(*overrides)
    value = re.search(way_out, said[name].meaning)
    assert value, said[name].meaning
    key = re.match(r"[\w.]+", way_out)
    assert key
    assert name not in warnings_of(*overrides, f"{key[0]}={value[1]}")


def test_the_limits() -> None:
    """Just inside and just outside of each, by hand."""
    one = {"batch_size": 1}
    trainer = {"accumulate_grad_batches": 4, "max_epochs": 3, "max_steps": -1}
    pairs: list[tuple[Check, Check]] = [
        (check_warmup("", 33, 100), check_warmup("", 34, 100)),
        (check_steps(20, 28, one, trainer), check_steps(19, 28, one, trainer)),
        (
            check_steps(30, 10, one, trainer | {"accumulate_grad_batches": 10, "max_epochs": 30}),
            check_steps(30, 10, one, trainer | {"accumulate_grad_batches": 11, "max_epochs": 30}),
        ),
        (check_step_size(1000, 10, 1), check_step_size(999, 10, 1)),
        (check_learning_rate(1e-4, [0.5] * 20, False), check_learning_rate(1e-4, [0.5] * 19, False)),
        (check_learning_rate(1e-3, [1.0] * 20, False), check_learning_rate(1.1e-3, [1.0] * 20, False)),
        (check_learning_rate(3e-3, [1.0] * 20, True), check_learning_rate(3e-3, [1.0] * 20, False)),
        (check_smoothing(0.04), check_smoothing(0.05)),
        (check_lengths([9] * 9 + [600], 512, 1024, 0.9, "gpt2"), check_lengths([9] * 8 + [600], 512, 1024, 0.9, "x")),
        (check_held_out(50, 5), check_held_out(50, 4)),
    ]
    assert [(inside.status, outside.status) for inside, outside in pairs] == [("pass", "warn")] * len(pairs)


def test_song_lengths_are_those_of_the_songs(tokenizer: PreTrainedTokenizerFast) -> None:
    """However they are cut: separator, line end, the tokens of the lyrics, separator."""
    words = [" ".join(["word"] * n) for n in (5, 100, 300)]
    songs = [Song(str(i), "Ada", text, "here") for i, text in enumerate(words)]
    expected = [len(tokenizer(text)["input_ids"]) + 3 for text in words]
    for block_size in (16, 128, 1024):
        data = LyricsDataModule({"train": songs, "val": []}, tokenizer, 1024, block_size, 1, 1)
        assert song_lengths(data.parts["train"], data.pad_id) == expected


def test_disk_is_reckoned_with_what_a_run_writes(
    network: PreTrainedModel, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = sum(p.nbytes for p in network.parameters())
    for checkpoint in (tiny_run / "checkpoints").iterdir():
        assert checkpoint.stat().st_size == pytest.approx(4 * weights, rel=0.2)  # moments and average
    assert (tiny_run / "model" / "model.safetensors").stat().st_size == pytest.approx(weights, rel=0.2)

    needed = 3 * 4 * weights + 2 * weights
    for free, status in ((needed, "pass"), (needed - 1, "fail")):
        monkeypatch.setattr(disk.shutil, "disk_usage", lambda _, free=free: type("Usage", (), {"free": free}))
        assert check_disk(network, tmp_path, is_averaged=True).status == status
        assert check_disk(network, tmp_path, is_averaged=False).status == "pass"
    assert check_disk(network, tiny_run, is_averaged=True).status == "pass"  # it has some of its files already
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").write_bytes(b"x" * 10)
    (tmp_path / "checkpoints" / "best.ckpt").hardlink_to(tmp_path / "checkpoints" / "last.ckpt")
    for free, status in ((needed - 10, "pass"), (needed - 11, "fail")):
        monkeypatch.setattr(disk.shutil, "disk_usage", lambda _, free=free: type("Usage", (), {"free": free}))
        assert check_disk(network, tmp_path, is_averaged=True).status == status


def test_checks_leave_the_random_numbers_alone(warnings_of: Callable[..., dict[str, Check]]) -> None:
    before = torch.get_rng_state()
    warnings_of()
    assert torch.equal(before, torch.get_rng_state())


def test_steps_are_counted(album: Corpus, tokenizer: PreTrainedTokenizerFast) -> None:
    songs = LyricsDataModule(album.splits, tokenizer, 1024, 512, 1, 1)
    n = len(songs.blocks["train"])
    trainer: dict[str, Any] = {"max_epochs": 3, "accumulate_grad_batches": 4, "max_steps": -1}
    assert n_steps(songs, trainer) == 3 * ((n + 3) // 4)
    assert n_steps(songs, trainer | {"max_steps": 2}) == 2
