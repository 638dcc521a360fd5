"""A folder that was opened before is opened without transformers: to the same songs, and only while nothing changed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from lyric_lm.checks.check import FAIL, PASS, WARN, Check
from lyric_lm.decoding.choice import decoder_for
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.model.pretrained import load_model
from lyric_lm.model.tiny import make_tiny
from lyric_lm.reopening import folder_key, keep_opened, reopen
from lyric_lm.sampling import write_songs
from tests.conftest import ROOT
from tests.memoriser import tokenizer_of
from tests.sharp_model import choice

CHECKS = [Check("torch", PASS, "2.13", "any", ""), Check("weights", PASS, "none", "no NaN", "")]
TEXTS = [file.read_text(encoding="utf-8") for file in sorted(ALBUM.glob("*.txt"))[:6]]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path / "cache"))


def gpt2(**changes: Any) -> PreTrainedModel:
    sizes: dict[str, Any] = {"vocab_size": 257, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 128}
    return GPT2LMHeadModel(GPT2Config(**{**sizes, "bos_token_id": 0, "eos_token_id": 0, **changes}))


def llama(**changes: Any) -> PreTrainedModel:
    sizes: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128}
    ends = {"bos_token_id": 0, "eos_token_id": 0}
    return LlamaForCausalLM(LlamaConfig(vocab_size=257, **{**sizes, **heads, **ends, **changes}))


def saved(network: PreTrainedModel, folder: Path) -> Path:
    network.save_pretrained(folder)
    make_tiny()[1].save_pretrained(folder)
    return folder


def opened(folder: Path, checks: list[Check] | None = None) -> Any:
    """Open a folder the long way, and keep what it takes to open it again."""
    key = folder_key(folder)
    model = load_model("a", str(folder), None, None, from_scratch=False)
    if key:
        keep_opened(folder, key, *model, CHECKS if checks is None else checks)
    return model


def again(folder: Path) -> Any:
    key = folder_key(folder)
    return reopen(folder, key) if key else None


MADE: dict[str, Callable[[], PreTrainedModel]] = {
    "gpt2": gpt2,
    "gpt2, an output layer of its own": lambda: gpt2(tie_word_embeddings=False),
    "gpt2 in half precision": lambda: gpt2().bfloat16(),
    "llama": lambda: llama(rope_theta=500.0),
    "llama, tied": lambda: llama(tie_word_embeddings=True, head_dim=12),
}


@pytest.mark.parametrize("name", MADE)
def test_songs_are_the_same(name: str, tmp_path: Path) -> None:
    torch.manual_seed(5)
    folder = saved(MADE[name](), tmp_path / "model")
    network, tokenizer = opened(folder)
    found = again(folder)
    assert found.checks == CHECKS
    assert found.network.context == 128
    sampling = choice(max_new_tokens=30, top_p=0.95)
    for precision in ("float32", "auto"):
        right = write_songs(network, tokenizer, "Row on", [1, 2], sampling, decoder=decoder_for(network, precision))
        decoder = decoder_for(found.network, precision)
        songs = write_songs(found.network, found.tokenizer, "Row on", [1, 2], sampling, decoder=decoder)
        assert list(songs) == list(right)


def test_the_second_time_transformers_is_not_imported(tiny_run: Path, tmp_path: Path) -> None:
    """In processes of their own, as it is typed."""
    code = (
        "import sys; from lyric_lm import generate; from lyric_lm.command import run\n"
        "try: run(generate.main)\n"
        "finally: open('imported.txt', 'a').write(f\"{'transformers' in sys.modules}\\n\")"
    )
    options = [f"run={tiny_run}", "prompt=Row on", "max_new_tokens=30", "originality=6", "seed=4"]
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code, *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        found.append((done.stdout, json.loads((tmp_path / "preflight.json").read_text(encoding="utf-8"))))
    assert (tmp_path / "imported.txt").read_text(encoding="utf-8").split() == ["True", "False"]
    assert found[0] == found[1]
    assert found[0][0].startswith("Row on")


def flip_a_bit(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)


def cut_off(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-1])


def another_norm(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "layer_norm_epsilon": 1e-3}), encoding="utf-8")


def another_tokenizer(folder: Path) -> None:
    tokenizer_of("bytes", TEXTS).save_pretrained(folder)


def one_file_more(folder: Path) -> None:
    (folder / "added_tokens.json").write_text("{}", encoding="utf-8")


def one_file_less(folder: Path) -> None:
    (folder / "generation_config.json").unlink()


def adapters(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


@pytest.mark.parametrize(
    "change",
    [flip_a_bit, cut_off, another_norm, another_tokenizer, one_file_more, one_file_less, adapters, no_tokenizer],
)
def test_a_changed_folder_is_opened_the_long_way(change: Callable[[Path], None], tmp_path: Path) -> None:
    folder = saved(gpt2(), tmp_path / "model")
    opened(folder)
    assert again(folder) is not None
    change(folder)
    assert again(folder) is None


def test_pieces_of_a_large_file_are_all_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyric_lm.reopening._PIECE", 1000)
    folder = saved(gpt2(), tmp_path / "model")
    opened(folder)
    content = (folder / "model.safetensors").read_bytes()
    for place in (999, 1000, len(content) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 4
        (folder / "model.safetensors").write_bytes(changed)
        assert again(folder) is None
    (folder / "model.safetensors").write_bytes(content)
    assert again(folder) is not None


def test_a_model_that_was_moved_is_the_same(tmp_path: Path) -> None:
    folder = saved(gpt2(), tmp_path / "model")
    opened(folder)
    assert again(folder.rename(tmp_path / "elsewhere")) is not None


@pytest.mark.parametrize("status", [WARN, FAIL])
def test_what_did_not_pass_is_asked_again(status: str, tmp_path: Path) -> None:
    folder = saved(gpt2(), tmp_path / "model")
    opened(folder, [CHECKS[0], replace(CHECKS[1], status=status)])
    assert again(folder) is None


@pytest.mark.parametrize(
    "make", [lambda: gpt2(activation_function="relu"), lambda: llama(hidden_act="gelu")], ids=["gpt2", "llama"]
)
def test_other_networks_are_opened_the_long_way(make: Callable[[], PreTrainedModel], tmp_path: Path) -> None:
    folder = saved(make(), tmp_path / "model")
    opened(folder)
    assert again(folder) is None


def test_weights_under_other_names_are_opened_the_long_way(tmp_path: Path) -> None:
    """As the first GPT-2 on the hub has them, without the name of the part before it."""
    folder = saved(gpt2(), tmp_path / "model")
    weights = {
        name.removeprefix("transformer."): value for name, value in load_file(folder / "model.safetensors").items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    opened(folder)
    assert again(folder) is None


def test_a_network_that_was_changed_is_not_taken_for_the_folders(tmp_path: Path) -> None:
    folder = saved(gpt2(), tmp_path / "model")
    key = folder_key(folder)
    assert key is not None
    network, tokenizer = load_model("a", str(folder), None, None, from_scratch=False)
    with torch.no_grad():
        next(iter(network.parameters())).add_(1e-3)
    keep_opened(folder, key, network, tokenizer, CHECKS)
    assert again(folder) is None
