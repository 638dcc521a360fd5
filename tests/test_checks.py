"""Preflight: each check fires on what it watches and is silent on what is healthy."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from tokenizers.normalizers import Replace

from lyric_lm import hardware
from lyric_lm.checks import recipe, versions
from lyric_lm.checks.check import Check, heed
from lyric_lm.checks.weights import check_loaded, check_round_trip
from lyric_lm.errors import InputError
from lyric_lm.model import pretrained
from tests.conftest import Done
from tests.hub import Hub


def test_torch_2_8_on_mps_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert versions.check_torch("mps").status == "pass"
    for version in ("2.8.0", "2.8.1+abc"):
        monkeypatch.setattr(versions.torch, "__version__", version)
        assert versions.check_torch("cpu").status == "pass"
        bad = versions.check_torch("mps")
        assert bad.status == "fail"
        with pytest.raises(InputError, match=r"163597, 162730.*install torch 2\.9"):
            heed([bad], tmp_path / "preflight.json")


def test_the_safe_way_is_the_default_on_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "best_device", lambda: "mps")
    network, _ = pretrained.load_model("tiny", None, None, 0.0, from_scratch=True, attention="auto")
    assert network.config._attn_implementation == "eager"
    assert [check.status for check in versions.check_versions(network, "mps")] == ["pass"] * 3
    network, _ = pretrained.load_model("tiny", None, None, 0.0, from_scratch=True, attention="sdpa")
    (said,) = [check for check in versions.check_versions(network, "mps") if check.status != "pass"]
    assert said.name == "attention"
    assert "set model.attention=eager" in said.meaning
    monkeypatch.setattr(pretrained, "best_device", lambda: "cpu")
    network, _ = pretrained.load_model("tiny", None, None, 0.0, from_scratch=True, attention="auto")
    assert network.config._attn_implementation == "sdpa"
    with pytest.raises(InputError, match=r"model\.attention=flash is not one of auto, sdpa, eager"):
        pretrained.load_model("tiny", None, None, 0.0, from_scratch=True, attention="flash")


@pytest.mark.parametrize(
    ("loss", "from_scratch", "status", "words"),
    [
        (3.7, False, "pass", ""),
        (8.0, False, "pass", ""),  # a language it hardly knows
        (10.9, False, "fail", "this model is guessing; it was not loaded"),
        (17.3, False, "fail", "its tokenizer is another model's"),
        (math.nan, False, "fail", "damaged"),
        (17.3, True, "pass", ""),
    ],
)
def test_the_untrained_loss_tells_what_was_loaded(loss: float, from_scratch: bool, status: str, words: str) -> None:
    check = recipe.check_baseline(loss, 50257, from_scratch)
    assert check.status == status
    assert words in check.meaning


def test_warnings_are_said_once_and_every_failure_is_told(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    warned = Check("language", "warn", "1.1", "0.6", "take another")
    for _ in range(2):
        heed([warned], tmp_path / "preflight.json")
    assert [record.getMessage() for record in caplog.records] == ["Warning: language is 1.1 (0.6); take another"]
    caplog.clear()
    failed = [Check(name, "fail", "bad", "good", "do this") for name in ("logits", "greedy")]
    with pytest.raises(InputError, match=r"^preflight: 2 checks failed: logits, greedy$"):
        heed([warned, *failed], tmp_path / "preflight.json")
    assert [record.getMessage() for record in caplog.records] == [
        f"Failed: {name} is bad (good); do this" for name in ("logits", "greedy")
    ]
    assert len(json.loads((tmp_path / "preflight.json").read_text(encoding="utf-8"))) == 3


def test_weights_that_were_left_over_and_a_lossy_tokenizer(hub_server: Hub, tmp_path: Path) -> None:
    folder = shutil.copytree(hub_server.folders["gpt2"], tmp_path / "saved")
    whole = load_file(folder / "model.safetensors")
    network, tokenizer = pretrained.load_model("mine", str(folder), None, 0.0, from_scratch=False)
    assert check_loaded(network, False).status == "pass"  # old buffers are in the file, and are no weights
    assert check_loaded(network, False).figure.startswith("28 of 28 tensors")
    extra = {**whole, "h.2.ln_1.weight": whole["h.1.ln_1.weight"].clone()}
    save_file(extra, folder / "model.safetensors", metadata={"format": "pt"})
    network, _ = pretrained.load_model("mine", str(folder), None, 0.0, from_scratch=False)
    assert check_loaded(network, False).status == "warn"
    assert "h.2.ln_1.weight" in check_loaded(network, False).meaning

    texts = ["Row on,\nrow home", "Row on"]
    assert check_round_trip(tokenizer, texts).status == "pass"
    tokenizer.backend_tokenizer.normalizer = Replace("\n", " ")
    lossy = check_round_trip(tokenizer, texts)
    assert (lossy.status, lossy.figure) == ("warn", "1 of 2 songs come back changed")
    assert r"'Row on,\nrow home' comes back as 'Row on, row home'" in lossy.meaning


def test_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    for has_bf16, expected in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(hardware, "multiplies_bf16", lambda _, answer=has_bf16: answer)
        assert hardware.resolve_precision("auto", "cpu") == expected
    assert hardware.resolve_precision("32-true", "cpu") == "32-true"
    for precision in ("16-mixed", "bf16-mixed"):
        with pytest.raises(InputError, match="refused on MPS"):
            hardware.resolve_precision(precision, "mps")
    assert hardware.resolve_precision("auto", "mps") == "32-true"
    with pytest.raises(InputError, match="bf16-mixed"):
        hardware.resolve_precision("bf16-true", "cpu")


def test_half_precision_that_the_processor_takes_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "multiplies_bf16", lambda _: False)
    slow = recipe.check_precision("bf16-mixed", "cpu")
    assert (slow.status, slow.figure) == ("warn", "bf16-mixed on cpu")
    assert "trainer.precision=auto" in slow.meaning
    assert (
        recipe.check_precision("32-true", "cpu").status == recipe.check_precision("16-mixed", "cuda").status == "pass"
    )
    monkeypatch.setattr(recipe, "multiplies_bf16", lambda _: True)
    assert recipe.check_precision("bf16-mixed", "cpu").status == "pass"


def test_the_command_prints_and_writes_the_checks(call: Callable[..., Done], tmp_path: Path) -> None:
    done = call("preflight", "model=tiny", "trainer.precision=32-true")
    assert done.code == 0, done.err
    written = json.loads((tmp_path / "preflight.json").read_text(encoding="utf-8"))
    assert [check["name"] for check in written] == [
        *("torch", "attention", "draws", "loaded", "weights", "vocabulary", "round_trip"),
        *("predictions", "logits", "greedy", "cached_decoding", "batched", "left_padded", "packing", "far_positions"),
        *("tied_weights", "sampling", "optimizer_step", "precision", "language", "song_lengths", "held_out_songs"),
        *("steps", "tokens_per_step", "warmup", "learning_rate", "label_smoothing", "memory", "disk", "untrained_loss"),
    ]
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[:-2]] == [["PASS", check["name"]] for check in written]
    assert len({line.index("(") for line in lines[:3]}) == 1  # aligned
    assert lines[-1] == "all 30 checks passed"
    assert all(set(check) == {"name", "status", "figure", "limit", "meaning"} for check in written)
