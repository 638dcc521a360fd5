"""What is watched during training is named where it happens, and healthy runs are left in peace."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lyric_lm.callbacks import watch as watch_module
from lyric_lm.callbacks.samples import Samples
from lyric_lm.callbacks.watch import FirstStep, Language
from lyric_lm.checks import recipe
from lyric_lm.data import batches
from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.model import module
from lyric_lm.model.loss import LossSums, batch_sums
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny
from lyric_lm.sampling import Sample
from tests import test_invariants
from tests.conftest import TINY, Done

# The first step's loss


def make_sure_tiny(dropout: float = 0.0) -> Any:
    """A tiny model whose loss depends much on labels, places and neighbours, as a trained one's does."""
    network, tokenizer = make_tiny(dropout)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 2:
                weight *= 6
    return network, tokenizer


def first_step(folder: Path, monkeypatch: pytest.MonkeyPatch, dropout: float = 0.0, **options: Any) -> dict[str, str]:
    """Train a sure tiny model under the watch; return the check that it wrote."""
    monkeypatch.setattr(test_invariants, "make_tiny", lambda: make_sure_tiny(dropout))
    file = folder / "preflight.json"
    file.write_text("[]")
    test_invariants.fit(folder, epochs=1, callbacks=(FirstStep(file),), **options)
    (check,) = json.loads(file.read_text())
    return check


@pytest.mark.parametrize(
    ("batch_size", "accumulate", "smoothing", "dropout"),
    [(1, 1, 0.0, 0.0), (2, 3, 0.1, 0.0), (1, 1000, 0.0, 0.0), (1000, 1, 0.1, 0.0), (2, 2, 0.0, 0.1)],
)
def test_the_first_step_of_a_healthy_run_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int, accumulate: int, smoothing: float, dropout: float
) -> None:
    check = first_step(
        tmp_path, monkeypatch, dropout, batch_size=batch_size, accumulate=accumulate, label_smoothing=smoothing
    )
    assert (check["name"], check["status"]) == ("first_step_loss", "pass")


def collated(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[..., dict[str, torch.Tensor]]:
    plain = batches.collate

    def changed(*arguments: Any) -> dict[str, torch.Tensor]:
        batch = plain(*arguments)
        change(batch)
        return batch

    return changed


def shift_labels(batch: dict[str, torch.Tensor]) -> None:
    is_target = batch["labels"] != batches.IGNORE_INDEX
    batch["labels"] = torch.where(is_target, batch["input_ids"], batch["labels"])  # the token itself, not the next


def let_songs_see_each_other(batch: dict[str, Any]) -> None:
    batch["song_lengths"] = [sum(batch["song_lengths"])]


def number_places_through(batch: dict[str, torch.Tensor]) -> None:
    batch["position_ids"] = torch.arange(batch["input_ids"].shape[1])[None] % 1000  # the model knows 1,024


@pytest.mark.parametrize("fault", [shift_labels, let_songs_see_each_other, number_places_through])
def test_a_wrong_batch_is_caught_at_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None]
) -> None:
    monkeypatch.setattr(batches, "collate", collated(fault))
    with pytest.raises(InputError, match=r"first_step_loss is .* are labels, positions or the mask"):
        first_step(tmp_path, monkeypatch, batch_size=1000)
    (check,) = json.loads((tmp_path / "preflight.json").read_text())
    assert check["status"] == "fail"


def test_an_objective_without_its_smoothing_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "batch_sums", lambda network, batch, _=0.0: batch_sums(network, batch))
    with pytest.raises(InputError, match=r"first_step_loss is .* train/objective would mean something else"):
        first_step(tmp_path, monkeypatch, label_smoothing=0.1)


def test_a_loss_times_the_accumulation_ends_the_run_with_one_line(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "batch_sums", lambda *given: LossSums(*(4 * x for x in batch_sums(*given))))
    arguments = [*TINY, f"data.path={songs_folder}", "trainer.max_epochs=1", "hydra.run.dir=run", "callbacks=bare"]
    arguments += ["trainer.accumulate_grad_batches=4", "logger=csv_only"]
    done = call("train", *arguments)
    assert done.code == 1
    assert "preflight: optimizer_step is loss 3e+00" in done.err  # three times too much, before anything is trained
    monkeypatch.setattr(recipe, "check_computer", lambda *given: [])
    done = call("train", *arguments)
    assert done.code == 1
    (said,) = [line for line in done.err.split("\n") if "first_step_loss" in line]
    assert "4.000 times as much" in said
    assert "it is multiplied by trainer.accumulate_grad_batches=4" in said
    checks = json.loads((tmp_path / "run" / "preflight.json").read_text())
    assert [check["status"] for check in checks if check["name"] == "first_step_loss"] == ["fail"]
    assert len(checks) > 4  # those before are kept


# Samples

SONG = """The kettle sings, the harbour sleeps,
The lamp is on, the tide is low,
And what the sea has taken, keeps,
And what I lost I let it go."""
NOISE = "".join(chr(33 + (i * i * 7 + i * 13) % 90) for i in range(100))


def language(network: Any, tokenizer: Any, folder: Path, **model: Any) -> Language:
    """The watch over samples, after its look at the untrained model's own."""
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    settings = {"name": "t", "pretrained": str(folder), "revision": None, "dropout": 0.0, "from_scratch": False}
    songs = [song.lyrics for song in build_corpus(None, None, "drop", False, 0.1, 0.0, 1).songs]
    return Language(settings | model, tokenizer, [*songs[5:], SONG], songs[:5])


def after(watch: Language, network: Any, texts: list[str], epoch: int, name: str | None = None) -> None:
    """Let the samples of an epoch be looked at; 0 is the untrained model's."""
    samples = Samples(Path(), watch.tokenizer, [], 1, 9, 0.8, 50, 0.95, None, 1.0)
    samples.songs = [Sample("", text, True, 1) for text in texts]
    state = SimpleNamespace(fn="fit" if epoch else "validate")
    trainer: Any = SimpleNamespace(
        callbacks=[samples], state=state, current_epoch=epoch - 1, callback_metrics={"val/loss": torch.tensor(2.0)}
    )
    watch.on_validation_end(trainer, SongModule(network, "t", 1e-3, 0.0, "constant", 0.0, identity=name))


@pytest.fixture(scope="module")
def reader() -> Any:
    """A tiny model that has read the demo album for some seconds: it knows which letters follow which."""
    torch.manual_seed(0)
    network, tokenizer = make_tiny()
    songs = [song.lyrics for song in build_corpus(None, None, "drop", False, 0.1, 0.0, 1).songs]
    ids = torch.tensor([[0, *tokenizer(text)["input_ids"]][:128] for text in songs if len(text) > 300])
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    for start in range(0, 8 * 60, 8):
        rows = ids[[i % len(ids) for i in range(start, start + 8)]]
        loss = network(rows, labels=rows).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 3.5  # of ln 257 = 5.5
    return network.eval(), tokenizer


def test_samples_that_are_noise_are_said_at_their_epoch(
    reader: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network, tokenizer = reader
    watch = language(network, tokenizer, tmp_path)
    texts = {1: SONG, 2: NOISE, 3: "the " * 40, 4: "!" * 60, 5: "\ufffd" * 60, 6: "blastNorm"}
    after(watch, network, ["And all the sea and all the land, the lamp is on the hill and I am here"], 0)
    with caplog.at_level(logging.WARNING):
        for epoch, text in texts.items():
            after(watch, network, [text, text], epoch)
    assert watch.is_language == {"1": True, "2": False, "3": False, "4": False, "5": False}  # 6: too short
    said = [record.getMessage() for record in caplog.records]
    assert [text.split()[2] for text in said] == ["2", "3", "4", "5"]
    assert all("the samples are not language: 2 of 2" in text and "lyric_lm.preflight" in text for text in said)
    assert "nats per token under the untrained model" in said[0]
    assert "goes round in circles: 4 different tokens in 160" in said[1]


def test_one_sample_of_two_is_enough_and_a_resumed_run_goes_on(reader: Any, tmp_path: Path) -> None:
    network, tokenizer = reader
    watch = language(network, tokenizer, tmp_path)
    after(watch, network, [SONG], 0)
    after(watch, network, [SONG, NOISE], 1)
    resumed = language(network, tokenizer, tmp_path)
    resumed.load_state_dict(json.loads(json.dumps(watch.state_dict())))
    after(resumed, make_tiny()[0], [SONG, SONG, NOISE], 2)  # judged by the untrained model, not by the run's
    assert resumed.is_language == {"1": False, "2": True}


def test_random_weights_are_no_yardstick(reader: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    network, tokenizer = reader
    watch = language(network, tokenizer, tmp_path, from_scratch=True)
    for epoch in (0, 1):
        after(watch, network, [NOISE], epoch)
    assert watch.is_language == {}
    assert not caplog.records


def test_the_yardstick_is_found_once_for_the_same_songs_and_samples(
    reader: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "cache"))
    network, tokenizer = reader
    looked: list[int] = []
    plain = watch_module.measure
    monkeypatch.setattr(watch_module, "measure", lambda *given: looked.append(1) or plain(*given))

    def found(name: str | None, text: str = SONG, change: Callable[[Language], object] = lambda _: None) -> int:
        """Let the untrained model be looked at; return how many samples were measured."""
        looked.clear()
        watch = language(network, tokenizer, tmp_path)
        change(watch)
        after(watch, network, [text, text], 0, name)
        known.append(watch.yardstick)
        return len(looked)

    known: list[Any] = []
    assert [found(None), found("me"), found("me"), found(None)] == [2, 2, 0, 2]
    assert known[0] == known[1] == known[2] == known[3]
    assert found("me", SONG + "!") == 2
    assert found("me", change=lambda watch: watch.songs.pop()) == 2  # its words may be others
    assert found("me", change=lambda watch: watch.held_out.pop()) == 2
    assert found("somebody else") == 2


def test_an_untrained_model_that_is_gone_ends_no_run(
    reader: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network, tokenizer = reader
    watch = language(network, tokenizer, tmp_path)
    after(watch, network, [SONG], 0)
    (tmp_path / "config.json").unlink()
    after(watch, network, [SONG], 1)
    assert watch.is_language == {}
    assert "Whether the samples are language cannot be told: " in caplog.text
