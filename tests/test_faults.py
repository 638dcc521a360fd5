"""Each fault is named by the check that watches for it, and no healthy model of any kind sets one off."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.checks.check import Check
from lyric_lm.checks.computer import check_computer
from lyric_lm.model.tiny import make_tiny
from tests.conftest import Done
from tests.faults import FAULTS, HEALTHY, Patch, random_model
from tests.hub import Hub


def checked(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, precision: str, from_scratch: bool = False
) -> dict[str, Check]:
    settings: dict[str, Any] = {
        "trainer": {"accelerator": "cpu", "precision": precision},
        "model": {"from_scratch": from_scratch},
        "finetune": {"method": "full"},
    }
    return {check.name: check for check in check_computer(network, tokenizer, settings, ["Row on,\nrow home"])}


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_model_sets_nothing_off(name: str, precision: str) -> None:
    _, tokenizer = make_tiny()
    checks = checked(random_model(name), tokenizer, precision, from_scratch=True)
    assert len(checks) == 17 + ("mixed" in precision)
    assert [check for check in checks.values() if check.status != "pass"] == []


@pytest.mark.parametrize(
    ("name", "fault"), [pytest.param(n, f, id=f"{n}-{f.__name__}") for n, faults in FAULTS.items() for f in faults]
)
def test_a_fault_is_named(monkeypatch: Patch, name: str, fault: Callable[[Patch, PreTrainedModel], None]) -> None:
    network, tokenizer = make_tiny()
    fault(monkeypatch, network)
    check = checked(network, tokenizer, "32-true")[name]
    assert check.status == "fail", check
    assert check.meaning


def test_the_model_and_the_random_numbers_are_left_as_they_were() -> None:
    network, tokenizer = make_tiny(dropout=0.1)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    checked(network, tokenizer, "32-true")
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training
    assert network.config._attn_implementation == "sdpa"
    assert network.config.num_hidden_layers == len(network.transformer.h) == 2
    assert all(p.grad is None and p.requires_grad for p in network.parameters())
    assert network.transformer.drop.p == 0.1


# What is wrong with a model that can be loaded


def preflight(call: Callable[..., Done], model: Path, songs: Path) -> tuple[Done, dict[str, dict[str, str]]]:
    done = call("preflight", f"data.path={songs}", f"model.pretrained={model}", "trainer.precision=32-true")
    return done, {check["name"]: check for check in json.loads(Path("preflight.json").read_text(encoding="utf-8"))}


def test_a_model_that_knows_its_language_passes(call: Callable[..., Done], hub_server: Hub, songs_folder: Path) -> None:
    done, checks = preflight(call, hub_server.folders["gpt2"], songs_folder)
    assert done.code == 0, done.err
    assert checks["untrained_loss"]["status"] == "pass"
    assert done.out.endswith("checks passed, 1 with a warning: held_out_songs\n")  # there are only a dozen songs


def test_random_weights_are_not_trained_on(
    call: Callable[..., Done], hub_server: Hub, songs_folder: Path, tmp_path: Path
) -> None:
    model = hub_server.folders["saltby/random"]
    done, checks = preflight(call, model, songs_folder)
    assert done.code == 1
    assert "this model is guessing; it was not loaded" in checks["untrained_loss"]["meaning"]
    assert checks["predictions"]["status"] == "warn"
    assert done.out.endswith("checks failed: untrained_loss\n")
    assert done.err.count("error:") == 1
    train = ("train", f"data.path={songs_folder}", f"model.pretrained={model}", "hydra.run.dir=run", "callbacks=bare")
    done = call(*train)
    assert done.code == 1
    assert "error: preflight: untrained_loss is 5.9" in done.err
    assert not (tmp_path / "run" / "model").exists()


def test_a_shuffled_tokenizer(call: Callable[..., Done], hub_server: Hub, songs_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(hub_server.folders["gpt2"], tmp_path / "shuffled")
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    words = sorted(set(vocabulary) - {"<|endoftext|>"})
    ids = [vocabulary[word] for word in words]
    random.Random(1).shuffle(ids)
    vocabulary.update(zip(words, ids, strict=True))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    done, checks = preflight(call, folder, songs_folder)
    assert done.code == 1
    assert [name for name, check in checks.items() if check["status"] == "fail"] == ["untrained_loss"]
    assert "its tokenizer is another model's" in checks["untrained_loss"]["meaning"]
    assert checks["predictions"]["status"] == "pass"
