"""What must hold whatever the settings: packed is alone, each token is scored once."""

import math
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor

from lyric_lm.data.batches import IGNORE_INDEX, collate
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.packing import Part
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.lyrics.song import Song
from lyric_lm.model.loss import logits_of, loss_sums
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny

OPTIM: dict[str, Any] = {
    "lr": 1e-3,
    "weight_decay": 0.1,
    "schedule": "cosine",
    "label_smoothing": 0.0,
    "warmup_steps": 2,
    "warmup_fraction": None,
}


class Recorder(L.Callback):
    """Keep what each optimizer step logged."""

    def __init__(self) -> None:
        self.steps: dict[int, dict[str, float]] = {}

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        names = ("train/loss", "train/objective", "train/grad_norm", "lr")
        if "train/loss" in trainer.callback_metrics:
            self.steps[trainer.global_step] = {name: float(trainer.callback_metrics[name]) for name in names}


def splits(n: int = 19) -> dict[str, list[Song]]:
    """Songs of very unequal lengths: one to five lines of the demo album each."""
    songs = build_corpus(None, None, "drop", False, 0.1, 0.0, 1).songs[:n]
    cut = [
        Song(song.title, song.artist, "\n".join(song.lyrics.split("\n")[: 1 + i % 5]), song.source)
        for i, song in enumerate(songs)
    ]
    return {"train": cut[3:], "val": cut[:3], "test": []}


def fit(
    folder: Path,
    batch_size: int = 1,
    accumulate: int = 1,
    epochs: int = 2,
    callbacks: tuple[L.Callback, ...] = (),
    resume: Path | None = None,
    kind: type[SongModule] = SongModule,
    **optim: Any,
) -> tuple[dict[int, dict[str, float]], dict[str, Tensor], float]:
    """Train the tiny model; return what each step logged, the final weights, and the last held-out loss."""
    L.seed_everything(1, verbose=False)
    network, tokenizer = make_tiny()
    songs = LyricsDataModule(splits(), tokenizer, 1024, 64, batch_size, seed=1)
    module = kind(network, "tiny", **{**OPTIM, **optim})
    recorder = Recorder()
    trainer = L.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        accumulate_grad_batches=accumulate,
        gradient_clip_val=1.0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
        callbacks=[recorder, *callbacks],
        log_every_n_steps=1,
    )
    trainer.fit(module, songs, ckpt_path=resume, weights_only=True)
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    return recorder.steps, weights, float(trainer.callback_metrics["val/loss"])


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    return make_tiny()[0].eval()


def test_packed_is_alone(network: torch.nn.Module) -> None:
    _, tokenizer = make_tiny()
    songs = LyricsDataModule(splits(), tokenizer, 1024, 256, batch_size=2, seed=1)
    assert max(len(block) for block in songs.blocks["train"]) > 2
    with torch.no_grad():
        for block in songs.blocks["train"]:
            batch = collate([block], songs.pad_id)
            logits = logits_of(network, batch)
            start = 0
            for part in block:
                positions = torch.arange(part.first_position, part.first_position + len(part.ids))[None]
                alone = network(torch.tensor(part.ids, dtype=torch.int64)[None], position_ids=positions).logits[0]
                torch.testing.assert_close(logits[0, start : start + len(part.ids)], alone, atol=1e-4, rtol=1e-4)
                start += len(part.ids)


def test_eager_attention_is_packed_alike(network: torch.nn.Module) -> None:
    _, tokenizer = make_tiny()
    songs = LyricsDataModule(splits(), tokenizer, 1024, 256, batch_size=2, seed=1)
    batch = collate(songs.blocks["train"][:2], songs.pad_id)
    is_target = batch["labels"] != IGNORE_INDEX
    with torch.no_grad():
        expected = logits_of(network, batch)[is_target]
        network.set_attn_implementation("eager")
        found = logits_of(network, batch)[is_target]
        network.set_attn_implementation("sdpa")
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_a_random_model_loses_ln_vocabulary(network: torch.nn.Module) -> None:
    _, tokenizer = make_tiny()
    songs = LyricsDataModule(splits(), tokenizer, 1024, 256, batch_size=8, seed=1)
    with torch.no_grad():
        sums = [(loss_sums(logits_of(network, b), b["labels"]).nats, b["n_targets"]) for b in songs.batches("train")]
    loss = sum(float(nats) for nats, _ in sums) / sum(int(n) for _, n in sums)
    assert loss == pytest.approx(math.log(257), abs=0.1)


def test_one_song_can_be_learned_by_heart() -> None:
    network, tokenizer = make_tiny()
    ids = [0, *tokenizer("Row on, row home,\nthe kettle is on.")["input_ids"], 0]
    batch = collate([[Part(ids, 0, 35, "t")]], 0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(250):
        loss = loss_sums(logits_of(network, batch), batch["labels"]).objective / batch["n_targets"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_same_seed_same_curve(tmp_path: Path) -> None:
    first, first_weights, _ = fit(tmp_path)
    second, second_weights, _ = fit(tmp_path)
    assert first == second
    assert all(torch.equal(first_weights[name], second_weights[name]) for name in first_weights)


def test_long_songs_are_scored_once_each_token() -> None:
    _, tokenizer = make_tiny()
    songs = splits()["train"]
    data = LyricsDataModule({"train": songs}, tokenizer, 1024, 32, batch_size=1, seed=1)
    assert any(part.first_position > 0 for part in data.parts["train"])
    assert data.n_targets("train") == sum(len(song.lyrics.encode()) + 1 for song in songs)  # a byte is a token here
    assert sum(part.n_bytes for part in data.parts["train"]) == sum(len(song.lyrics.encode()) for song in songs)
    for song in songs:
        text = b"".join(
            bytes(tokenizer.decode(part.ids[part.n_context :], skip_special_tokens=True), "utf-8")
            for part in data.parts["train"]
            if part.title == song.title
        )
        assert text.decode() == song.lyrics
