"""``--help`` tells every setting of a command and every option of its groups, with what the files say of them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from lyric_lm.settings import CONF
from tests.conftest import Done

GROUPS = {  # as the README and the documents name them
    "train": {"data", "model", "trainer", "optim", "finetune", "callbacks", "logger", "sweep", "artist", "experiment"},
    "generate": {"model"},
    "evaluate": {"data", "model"},
    "prepare": {"data"},
    "preflight": {"data", "model", "trainer", "optim", "finetune"},
    "compare": set(),
}


def keys(settings: Any) -> Iterator[str]:
    for name, value in settings.items():
        yield name
        if isinstance(value, dict):
            yield from keys(value)


@pytest.mark.parametrize("name", GROUPS)
def test_all_settings_and_options_are_told(name: str, call: Callable[..., Done]) -> None:
    done = call(name, "--help")
    assert (done.code, done.err) == (0, "")
    lines = [line.strip() for line in done.out.splitlines()]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        settings: Any = OmegaConf.to_container(compose(name))
        loader = GlobalHydra.instance().config_loader()
        options = {group: loader.get_group_options(group) for group in GROUPS[name]}
    told = {line.partition(":")[0] for line in lines}
    assert set(keys(settings)) <= told
    assert options.keys() <= told
    assert set(re.findall(r"^  (\w+)=\w+ {3}", done.out, re.MULTILINE)) == options.keys()
    for group, names in options.items():
        for option in names:
            (line,) = [line for line in lines if line.startswith(f"{group}={option} ")]
            assert len(line.removeprefix(f"{group}={option}").strip()) > 10, "what it is"
    assert f"python -m lyric_lm.{name}" in done.out
    assert max(map(len, lines)) < 150
    assert "``" not in done.out
    assert "${now" not in done.out


def test_what_the_files_say_is_told(call: Callable[..., Done]) -> None:
    help_of = {name: call(name, flag).out for name, flag in (("train", "--help"), ("generate", "-h"))}
    assert "  block_size: 512        # tokens per packed row; most songs have 150 to 500\n" in help_of["train"]
    assert "    embed_tail: true             # 17Embed\n" in help_of["train"]
    assert '  prompt: ""            # the beginning of the song' in help_of["generate"]
    assert "model: nothing, or one of these  # the untrained model to hear, with run=null\n" in help_of["generate"]
    assert (
        "Two small matrices beside every linear layer of the blocks are trained (LoRA), the weights stay as\n"
        in (help_of["train"])
    )
    assert "Command:" not in help_of["train"]
    assert "@package" not in help_of["train"]


def test_other_arguments_do_no_harm_beside_it(call: Callable[..., Done]) -> None:
    assert call("generate", "--help", "temperature=hot").out == call("generate", "-h").out
