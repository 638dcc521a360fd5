"""Models come from a folder, whole or not at all; what is wrong with one is said in one line."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2LMHeadModel,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from lyric_lm.data.batches import collate
from lyric_lm.data.packing import Part
from lyric_lm.errors import InputError
from lyric_lm.model import pretrained
from lyric_lm.model.loss import batch_sums, has_plain_head
from lyric_lm.model.pretrained import context_length, load_model
from tests.conftest import Done
from tests.hub import Hub


@pytest.fixture
def folder(tmp_path: Path, hub_server: Hub) -> Path:
    """A folder with a saved model, for a test to damage."""
    return shutil.copytree(hub_server.folders["gpt2"], tmp_path / "saved")


def load(folder: Path | str, **changes: Any) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    settings: dict[str, Any] = {"revision": None, "dropout": None, "from_scratch": False}
    return load_model("mine", str(folder), **{**settings, **changes})


def refusal(folder: Path | str, **changes: Any) -> str:
    with pytest.raises(InputError) as error:
        load(folder, **changes)
    message = str(error.value)
    assert "\n" not in message
    return message


def change_json(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_a_folder_by_name(call: Callable[..., Done], folder: Path) -> None:
    done = call("generate", "run=null", "model=gpt2", f"model.pretrained={folder}", "max_new_tokens=5")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()


def test_weights_are_those_of_the_file_in_float32(folder: Path) -> None:
    network, tokenizer = load(folder)
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    saved = load_file(folder / "model.safetensors")
    found = network.state_dict()
    names = [name for name in saved if not name.endswith(".attn.bias")]
    assert len(names) == 2 + 2 * 12 + 2
    assert all(torch.equal(found[f"transformer.{name}"], saved[name]) for name in names)
    assert context_length(network) == 1024
    text = "Row on, café Привет 🎵\n\nhome <|endoftext|>"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer("<|endoftext|>")["input_ids"] == [len(tokenizer) - 1] == [network.config.eos_token_id]


def test_half_precision_files_are_loaded_in_float32(folder: Path) -> None:
    change_json(folder / "config.json", dtype="bfloat16")
    for from_scratch in (False, True):
        network, _ = load(folder, from_scratch=from_scratch)
        assert {p.dtype for p in network.parameters()} == {torch.float32}


def test_tied_weights_stay_tied_after_save_and_load(folder: Path, tmp_path: Path) -> None:
    network, tokenizer = load(folder)
    assert network.lm_head.weight is network.transformer.wte.weight
    with torch.no_grad():
        network.transformer.wte.weight += 1
    network.save_pretrained(tmp_path / "again")
    tokenizer.save_pretrained(tmp_path / "again")
    assert "lm_head.weight" not in load_file(tmp_path / "again" / "model.safetensors")
    again, same = load(tmp_path / "again")
    assert again.lm_head.weight is again.transformer.wte.weight
    assert torch.equal(again.lm_head.weight, network.lm_head.weight)
    assert same.get_vocab() == tokenizer.get_vocab()
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "again")
    assert torch.equal(plain.lm_head.weight, network.lm_head.weight)
    assert AutoTokenizer.from_pretrained(tmp_path / "again")("Row on")["input_ids"] == tokenizer("Row on")["input_ids"]


def test_from_scratch_has_other_weights(folder: Path) -> None:
    network, tokenizer = load(folder)
    torch.manual_seed(5)
    fresh, same = load(folder, from_scratch=True)
    assert type(fresh) is type(network)
    assert same.get_vocab() == tokenizer.get_vocab()
    assert not torch.equal(fresh.transformer.wte.weight, network.transformer.wte.weight)
    assert fresh.transformer.wte.weight.std().item() == pytest.approx(0.02, rel=0.1)  # GPT-2's initializer_range
    torch.manual_seed(5)
    assert torch.equal(load(folder, from_scratch=True)[0].transformer.wte.weight, fresh.transformer.wte.weight)


def test_from_scratch_needs_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    load(folder, from_scratch=True)
    assert refusal(folder).startswith(f"model=mine: the folder {folder} does not hold a model that can be loaded: ")


@pytest.mark.parametrize("from_scratch", [False, True])
@pytest.mark.parametrize(("dropout", "expected"), [(None, 0.1), (0.0, 0.0), (0.25, 0.25), (0, 0)])
def test_dropout_is_set_everywhere(folder: Path, dropout: float | None, expected: float, from_scratch: bool) -> None:
    network, _ = load(folder, dropout=dropout, from_scratch=from_scratch)
    rates = {module.p for module in network.modules() if isinstance(module, nn.Dropout)}
    assert rates == {expected}
    assert network.config.attn_pdrop == network.config.embd_pdrop == network.config.resid_pdrop == expected


# Refusals


@pytest.mark.parametrize("dropout", [-0.1, 1, 1.5, float("nan"), "high"])
def test_dropout_out_of_range(folder: Path, dropout: Any) -> None:
    assert refusal(folder, dropout=dropout) == f"model.dropout={dropout} is not in [0, 1)"


def test_no_pretrained_weights_to_load() -> None:
    with pytest.raises(InputError, match=re.escape("set model.pretrained=ID or model.from_scratch=true")):
        load_model("tiny", None, None, 0.0, from_scratch=False)


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    for path in (str(tmp_path / "none"), "./none", "~/none/none", "a/b/c"):
        assert refusal(path).startswith(f"model.pretrained={path} does not exist; give a folder")


def test_a_file_instead_of_a_folder(folder: Path) -> None:
    file = folder / "model.safetensors"
    assert refusal(file).startswith(f"model.pretrained={file} is a file; give a folder with a saved model")


def test_a_folder_that_holds_no_model(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"model.pretrained={tmp_path} has no config.json: it is not a saved model folder"


@pytest.mark.parametrize("name", ["h.1.mlp.c_fc.weight", "wte.weight", "ln_f.bias"])
def test_a_missing_weight_is_named(folder: Path, name: str) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights[name]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    message = refusal(folder)
    assert name in message
    assert "would be random" in message


def test_a_weight_of_another_shape_is_named(folder: Path) -> None:
    change_json(folder / "config.json", n_positions=512)
    message = refusal(folder)
    assert "1 weights" in message
    assert "transformer.wpe.weight" in message


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_file(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    assert refusal(folder).startswith(f"model=mine: the folder {folder} does not hold a model that can be loaded: ")


def test_no_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"):
        (folder / name).unlink()
    assert refusal(folder).startswith("model=mine: its tokenizer knows no words")  # transformers makes an empty one


def test_a_tokenizer_larger_than_the_embeddings(folder: Path) -> None:
    _, tokenizer = load(folder)
    n = len(tokenizer)
    tokenizer.add_tokens(["<verse>", "<chorus>"])
    tokenizer.save_pretrained(folder)
    assert refusal(folder) == (
        f"model=mine: the tokenizer knows {n + 2} tokens, the model only {n}; they do not belong together"
    )


def test_a_tokenizer_without_an_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, tokenizer = load(folder)

    def endless(place: str, **_: Any) -> PreTrainedTokenizerBase:
        tokenizer.eos_token = None
        ids = tokenizer.convert_tokens_to_ids
        monkeypatch.setattr(tokenizer, "convert_tokens_to_ids", lambda t: None if t == "<|endoftext|>" else ids(t))
        return tokenizer

    monkeypatch.setattr(pretrained.AutoTokenizer, "from_pretrained", endless)
    assert "no <|endoftext|> and no end-of-text token" in refusal(folder)


# Gradient checkpointing


def test_blocks_are_computed_twice_and_the_gradients_are_the_same(folder: Path) -> None:
    batch = collate([[Part([7, 5, 9, 20, 31, 7], 0, 5, "a"), Part([7, 1, 2, 7], 0, 3, "b")]], pad_id=7)
    found = []
    for gradient_checkpointing in (False, True):
        network, _ = load(folder, dropout=0.1, gradient_checkpointing=gradient_checkpointing)
        has_plain_head(network)  # asks the network, once
        calls: list[int] = []
        network.transformer.h[0].mlp.register_forward_pre_hook(lambda *_, calls=calls: calls.append(1))
        torch.manual_seed(3)
        objective = batch_sums(network.train(), batch).objective
        objective.backward()
        found.append((float(objective.detach()), {name: p.grad for name, p in network.named_parameters()}, len(calls)))
    (loss, gradients, n_once), (other_loss, other_gradients, n_twice) = found
    assert (n_once, n_twice) == (1, 2)
    assert loss == other_loss
    assert all(torch.equal(gradient, other_gradients[name]) for name, gradient in gradients.items())


def test_a_model_that_cannot_compute_its_blocks_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GPT2LMHeadModel, "supports_gradient_checkpointing", False)
    assert "gradient_checkpointing=true is not known to models of the kind gpt2" in refusal(
        folder, gradient_checkpointing=True
    )
