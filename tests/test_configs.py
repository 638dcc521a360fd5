"""Every command, model, experiment and sweep composes, and the keys are those that are told."""

import importlib
import tomllib
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from lyric_lm.settings import CONF, defaults, plain
from tests.conftest import ROOT

COMMANDS = ("prepare", "train", "generate", "evaluate", "compare", "preflight")


def names(group: str) -> list[str]:
    return sorted(file.stem for file in (CONF / group).glob("*.yaml"))


def composed(command: str, *overrides: str) -> dict:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose(command, list(overrides)))


def test_commands_have_the_known_root_keys() -> None:
    root = {command: set(composed(command)) for command in COMMANDS}
    groups = {"data", "model", "trainer", "optim", "finetune"}
    assert root["train"] == groups | {"callbacks", "logger", "seed", "objective", "resume"}
    assert root["prepare"] == {"data", "seed", "diff"}
    assert root["compare"] == {"run", "out"}
    assert root["preflight"] == groups | {"seed", "out"}
    sampling = {"max_new_tokens", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "originality"}
    written = sampling | {"model", "run", "prompt", "num_samples", "seed", "out"}
    assert root["generate"] == written | {"prompt_file", "preflight", "precision", "quantize"}
    assert root["evaluate"] == written | {"data", "num_base_samples", "guide", "mauve"}


def test_songs_are_evaluated_as_they_are_generated() -> None:
    """What was measured holds for what generate writes without being told otherwise."""
    generate, evaluate = composed("generate"), composed("evaluate")
    for key in (evaluate.keys() & generate.keys()) - {"num_samples"}:
        assert evaluate[key] == generate[key]
    assert evaluate["data"] == composed("train")["data"]


def test_groups_have_the_known_keys() -> None:
    train = composed("train")
    data = {
        "path",
        "artist",
        "min_songs",
        "section_labels",
        "clean",
        "keep_versions",
        "val_fraction",
        "test_fraction",
        "streamed",
        "block_size",
        "batch_size",
    }
    assert set(train["data"]) == data
    assert set(train["optim"]) == {
        *("lr", "beta1", "beta2", "weight_decay", "warmup_steps", "warmup_fraction"),
        *("schedule", "label_smoothing", "ema_decay"),
    }
    assert {"max_epochs", "precision", "accumulate_grad_batches", "gradient_clip_val", "accelerator", "devices"} <= set(
        train["trainer"]
    )
    for model in names("model"):
        assert set(composed("train", f"model={model}")["model"]) == {
            *("name", "pretrained", "revision", "dropout", "from_scratch", "attention", "gradient_checkpointing")
        }
    assert train["finetune"] == {"method": "full"}
    lora = composed("train", "finetune=lora")
    assert set(lora["finetune"]) == {"method", "r", "alpha", "dropout"}
    assert lora["optim"] == train["optim"] | {"lr": 2e-3}
    assert composed("train", "finetune=lora", "optim.lr=5e-4")["optim"]["lr"] == 5e-4
    assert composed("train", "finetune=lora", "experiment=report")["optim"]["lr"] == 2e-5


def test_models_are_those_of_the_readme() -> None:
    expected = {"gpt2", "gpt2_medium", "gpt2_large", "gpt2_xl", "distilgpt2", "smollm2", "rugpt3small", "tiny"}
    assert set(names("model")) == expected
    assert composed("train", "model=gpt2_medium")["model"]["name"] == "gpt2-medium"
    custom = composed("train", "model=gpt2", "model.pretrained=/some/where/my-model")["model"]
    assert custom["name"] == "my-model"


@pytest.mark.parametrize("experiment", names("experiment"))
def test_an_experiment_composes_and_its_header_says_how_to_use_it(experiment: str) -> None:
    assert composed("train", f"experiment={experiment}") != composed("train")
    header = (CONF / "experiment" / f"{experiment}.yaml").read_text(encoding="utf-8")
    for words in ("# @package _global_", "# What for:", "# Command:", f"experiment={experiment}", "# Expect:"):
        assert words in header


def test_the_command_line_beats_the_experiment() -> None:
    settings = composed("train", "experiment=report", "model=tiny", "optim.lr=1")
    assert (settings["optim"]["lr"], settings["model"]["name"]) == (1, "tiny")
    assert settings["optim"]["warmup_steps"] == 100


def test_the_report_is_the_reports_recipe() -> None:
    settings = composed("train", "experiment=report")
    assert settings["model"]["name"] == "gpt2"
    assert settings["trainer"]["max_epochs"] == 3
    assert settings["trainer"]["accumulate_grad_batches"] == 4
    assert settings["trainer"]["gradient_clip_val"] == 1.0
    assert settings["trainer"]["precision"] == "32-true"
    assert (settings["optim"]["lr"], settings["optim"]["label_smoothing"]) == (2e-5, 0.1)
    assert (settings["optim"]["warmup_steps"], settings["optim"]["warmup_fraction"]) == (100, None)
    assert (settings["optim"]["beta1"], settings["optim"]["beta2"]) == (0.9, 0.999)  # HF Trainer's


@pytest.mark.parametrize("sweep", names("sweep"))
def test_a_sweep_composes_over_known_keys(sweep: str) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("train", [f"sweep={sweep}"], return_hydra_config=True)
    assert cfg.hydra.mode.name == "MULTIRUN"
    assert set(cfg.hydra.sweeper.params) <= set(defaults()) | {"experiment"}


# Chosen by others, not by the user: hydra/job_logging, and hydra's own group.
GROUPS = ("data", "model", "trainer", "optim", "finetune", "callbacks", "logger", "sweep", "artist", "experiment")
PLUGINS = ("hydra/launcher", "hydra/sweeper")


OPTIONS = [f"{group}={name}" for group in (*GROUPS, *PLUGINS) for name in names(group)]
LAUNCHERS = {"joblib": "sweep", "ray": "ray", "slurm": "slurm"}  # those of the documentation, and the extra of each


@pytest.mark.parametrize("option", [*OPTIONS, *(f"hydra/launcher={name}" for name in LAUNCHERS if name != "slurm")])
def test_every_option_of_every_group_composes(option: str) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("train", [option], return_hydra_config=True)
    target = cfg.hydra[option.partition("=")[0].partition("/")[2] or "launcher"]._target_
    module, _, name = target.rpartition(".")
    assert hasattr(importlib.import_module(module), name)  # what a launcher's or a sweeper's file names is there


def test_no_group_is_forgotten() -> None:
    found = {file.parent.relative_to(CONF).as_posix() for file in CONF.rglob("*.yaml")}
    assert found == {*GROUPS, *PLUGINS, "hydra/job_logging", "hydra", "."}


@pytest.mark.parametrize(("launcher", "extra"), LAUNCHERS.items())
def test_a_launcher_has_a_page_and_an_extra(launcher: str, extra: str) -> None:
    page = (ROOT / "docs" / f"{launcher}.md").read_text(encoding="utf-8")
    assert f"hydra/launcher={launcher}" in page
    assert f'pip install -e ".[{extra}]"' in page
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    package = "submitit" if launcher == "slurm" else launcher
    assert any(item.startswith(f"hydra-{package}-launcher") for item in extras[extra])


def test_every_key_is_explained_where_it_is_set() -> None:
    """The files are the reference: a key of data, generate or evaluate has its comment on the line."""
    for name in ("data/lyrics", "generate"):
        assert set(unexplained(CONF / f"{name}.yaml")) <= {
            *("defaults:", "model: null", "repetition_penalty: 1.0", "seed: 1")
        }
    lines = (CONF / "evaluate.yaml").read_text(encoding="utf-8").split("\n")
    (first,) = (i for i, line in enumerate(lines) if line.endswith("# as in generate, and so are the next six"))
    as_generate = [line.partition(":")[0] for line in lines[first : first + 7]]
    assert as_generate == [
        *("max_new_tokens", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "originality")
    ]
    assert set(unexplained(CONF / "evaluate.yaml")) == {
        "defaults:",
        "model: null",
        *lines[first + 1 : first + 7],
        "seed: 1",
    }


def unexplained(file: Path) -> list[str]:
    """Return the lines that set a key and do not say what it is."""
    lines = [line for line in file.read_text(encoding="utf-8").split("\n") if ":" in line and line[0].isalpha()]
    return [line for line in lines if "#" not in line]


def test_nothing_of_this_machine_is_in_the_configuration() -> None:
    for file in CONF.rglob("*.yaml"):
        assert str(ROOT) not in file.read_text(encoding="utf-8")
        assert Path(file).suffix == ".yaml"
