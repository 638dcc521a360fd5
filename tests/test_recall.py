"""What is kept between runs is used only where nothing that it depends on has changed."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch

from lyric_lm import cache as cache_module
from lyric_lm import recall as module
from lyric_lm.callbacks.songs import songs_of
from lyric_lm.checks import computer
from lyric_lm.checks.check import FAIL, PASS, Check
from lyric_lm.data.batches import BlockBatches
from lyric_lm.data.packing import Part
from lyric_lm.model.lora import add_adapters, is_adapted
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny
from lyric_lm.recall import identity, recall
from lyric_lm.sampling import Wanted, write_songs
from lyric_lm.sampling_settings import Sampling


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path))
    return tmp_path / "found"


def counting(result: Any) -> tuple[Callable[[], Any], list[int]]:
    calls: list[int] = []

    def find() -> Any:
        calls.append(1)
        return result

    return find, calls


def test_what_was_found_is_not_looked_for_again() -> None:
    find, calls = counting({"text": "Lö\nsung", "n": 0.1})
    assert recall("songs", {"seed": 1}, find) == recall("songs", {"seed": 1}, find) == {"text": "Lö\nsung", "n": 0.1}
    assert len(calls) == 1
    recall("songs", {"seed": 2}, find)
    recall("checks", {"seed": 1}, find)
    assert len(calls) == 3


@pytest.mark.parametrize("variable", ["ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR"])
def test_other_circumstances_are_another_question(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find, calls = counting([1])
    recall("songs", {}, find)
    monkeypatch.setenv(variable, "something")
    recall("songs", {}, find)
    monkeypatch.delenv(variable)
    monkeypatch.setattr(module, "_versions", lambda: {"torch": "0.0"})
    recall("songs", {}, find)
    assert len(calls) == 3


def test_changed_code_is_another_question(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "recall.py").write_text("1")
    monkeypatch.setattr(cache_module, "__file__", str(package / "cache.py"))
    find, calls = counting([1])
    for content in ("1", "2"):
        (package / "recall.py").write_text(content)
        cache_module.code_digest.cache_clear()
        recall("songs", {}, find)
    cache_module.code_digest.cache_clear()
    assert len(calls) == 2


@pytest.mark.parametrize("content", ["", "{", '{"key": {}, "found": [2]}', "[]", '{"found": [2]}'])
def test_a_damaged_file_is_not_believed_and_written_anew(content: str, cache: Path) -> None:
    find, calls = counting([1])
    recall("songs", {}, find)
    (file,) = cache.iterdir()
    file.write_text(content)
    assert recall("songs", {}, find) == [1]
    assert json.loads(file.read_text())["found"] == [1]
    assert len(calls) == 2


def test_a_folder_that_cannot_be_written_does_no_harm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "file" / "cache"))
    assert recall("songs", {}, lambda: [1]) == [1]


def test_what_is_no_result_to_go_by_is_not_kept(cache: Path) -> None:
    assert recall("checks", {}, lambda: [1], is_kept=lambda found: found != [1]) == [1]
    assert not cache.exists()


def changed(what: str) -> str:
    network, tokenizer = make_tiny()
    if what == "a weight by its last bit":
        weight = network.transformer.h[1].mlp.c_fc.weight.data
        weight.view(-1).view(torch.int32)[7] ^= 1
    elif what == "two weights change places":
        ln = network.transformer.h[0].ln_1
        ln.weight.data, ln.bias.data = ln.bias.data, ln.weight.data
    elif what == "the configuration":
        network.config.layer_norm_epsilon = 1e-6
    elif what == "how it attends":
        network.set_attn_implementation("eager")
    elif what == "the tokenizer":
        tokenizer.add_tokens(["girl"])
    elif what == "the place it was loaded from":
        network.config._name_or_path = "/elsewhere"
    return identity(network, tokenizer)


def test_a_model_is_known_by_all_that_decides_what_it_writes() -> None:
    names = ["nothing", "a weight by its last bit", "two weights change places", "the configuration", "how it attends"]
    found = [changed(name) for name in [*names, "the tokenizer"]]
    assert len(set(found)) == len(found)
    assert changed("nothing") == changed("the place it was loaded from") == found[0]


def songs(seeds: list[int], name: str | None, is_untrained: bool, network: Any = None) -> list[str]:
    network, tokenizer = (network, make_tiny()[1]) if network is not None else make_tiny()
    trained = SongModule(network, "tiny", 1e-3, 0.0, "constant", 0.0, warmup_steps=0, identity=name)
    sampling = Sampling(12, 1.0, 0, 0.9, None, 1.0, None)
    wanted = [Wanted(prompt, seed, sampling) for prompt in ("a", "") for seed in seeds]
    return [song.text for song in songs_of(trained, tokenizer, wanted, is_untrained)]


def test_songs_of_the_untrained_model_are_those_that_it_would_write_again(cache: Path) -> None:
    network, tokenizer = make_tiny()
    sampling = Sampling(12, 1.0, 0, 0.9, None, 1.0, None)
    plain = [song.text for prompt in ("a", "") for song in write_songs(network, tokenizer, prompt, [1, 2], sampling)]
    assert songs([1, 2], "me", is_untrained=True) == songs([1, 2], "me", is_untrained=True) == plain
    assert len(list(cache.iterdir())) == 1


def test_a_trained_model_always_writes_anew(cache: Path) -> None:
    before = songs([1], "me", is_untrained=True)
    torch.manual_seed(5)
    network, _ = make_tiny()
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.5 * torch.randn_like(weight)
    assert songs([1], "me", is_untrained=False, network=network) != before
    songs([1], None, is_untrained=True)
    assert len(list(cache.iterdir())) == 1


def test_checks_that_passed_hold_and_those_that_did_not_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    network, tokenizer = make_tiny()
    status = [FAIL, PASS, PASS]
    made: list[str] = []

    def check_machine(*given: Any) -> list[Check]:
        made.append(status[len(made)])
        return [Check("logits", made[-1], "off", "limit", "")]

    monkeypatch.setattr(computer, "check_machine", check_machine)

    def found(known_as: str | None) -> str:
        checks = computer.check_for_writing(network, tokenizer, "cpu", ["la"], from_scratch=True, known_as=known_as)
        return next(check.status for check in checks if check.name == "logits")

    assert [found("me"), found("me"), found("me"), found("me")] == [FAIL, PASS, PASS, PASS]
    assert len(made) == 2
    assert found(None) == PASS
    assert len(made) == 3


def test_adapters_are_another_network_to_check_and_to_write_with(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []

    def check_machine(network: Any, *given: Any) -> list[Check]:
        made.append(is_adapted(network))
        return [Check("logits", PASS, "", "", "")]

    monkeypatch.setattr(computer, "check_machine", check_machine)
    network, tokenizer = make_tiny()
    for _ in range(2):
        computer.check_for_writing(network, tokenizer, "cpu", ["la"], from_scratch=True, known_as="me")
        songs([1], "me", is_untrained=True, network=network)
        if not is_adapted(network):
            add_adapters(network, r=2, alpha=4, dropout=0.0)
    assert made == [False, True]
    assert sum(file.name.startswith("songs-") for file in cache.iterdir()) == 2


def held_out_loss(
    network: Any, songs_of_val: list[list[int]], name: str | None, tmp_path: Path, limit: float = 1.0
) -> float:
    """Of a network as it is, by the trainer."""
    trained = SongModule(network, "tiny", 1e-3, 0.0, "constant", 0.0, warmup_steps=0, identity=name)
    blocks = [[Part(ids, 0, 3 * len(ids), "")] for ids in songs_of_val]
    options: dict[str, Any] = {
        "limit_val_batches": limit,
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = L.Trainer(accelerator="cpu", default_root_dir=tmp_path, **options)
    trainer.validate(trained, BlockBatches(blocks, 2, pad_id=0), verbose=False)
    return float(trainer.callback_metrics["val/loss"])


def test_the_untrained_models_held_out_loss_is_measured_once(cache: Path, tmp_path: Path) -> None:
    network, _ = make_tiny()
    held_out = [[0, 5, 6, 0], [0, 7, 8, 9, 0], [0, 5, 0]]
    right = held_out_loss(network, held_out, None, tmp_path)
    assert not cache.exists()
    assert held_out_loss(network, held_out, "me", tmp_path) == right
    torch.nn.init.zeros_(network.lm_head.weight)  # so that it would be measured otherwise
    assert held_out_loss(network, held_out, "me", tmp_path) == right
    other = held_out_loss(network, held_out, "somebody else", tmp_path)
    assert other == pytest.approx(math.log(network.config.vocab_size))
    assert held_out_loss(network, [*held_out[:2], [0, 5, 6, 0]], "me", tmp_path) == other  # other songs
    assert len(list(cache.iterdir())) == 3
    for _ in range(2):
        held_out_loss(network, held_out, "me", tmp_path, limit=0.5)  # the first batch
    assert len(list(cache.iterdir())) == 4
