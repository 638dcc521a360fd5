"""Text arguments reach the program as typed, and a wrong argument is told in one line with the names allowed."""

import re
import signal
import time
from collections.abc import Callable

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lyric_lm import command
from lyric_lm.command import TEXT_KEYS, quote_text_arguments
from lyric_lm.errors import Interrupted
from lyric_lm.settings import CONF, did_you_mean
from tests.conftest import Done

Call = Callable[..., Done]

PARSER = OverridesParser.create()

# What cannot be typed plainly: null is no text, ${...} is an interpolation, and quotes around the whole are Hydra's.
MEANT_OTHERWISE = re.compile(r"""null|.*\$\{.*|'([^'\\]|\\.)*'|"([^"\\]|\\.)*\"""", re.DOTALL)


def received(argument: str) -> object:
    """Return the value that Hydra's own parser takes from an argument."""
    (quoted,) = quote_text_arguments([argument])
    (override,) = PARSER.parse_overrides([quoted])
    return override.value()


TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),  # all that a command line can hold
    st.text("ab ,'\"\\{}[]()=:$~+*\t\n|é👏", max_size=12),  # all that means something to Hydra
)


@given(TEXT.filter(lambda text: not MEANT_OTHERWISE.fullmatch(text)))
@example("girl, you make me feel")
@example("'Cause I'm rockin'")
@example('"Hey," she said, "row"')
@example("don't \\' stop\\")
@example("\\\\server\\songs\\")
@example(" leading and trailing ")
@example("")
@example("$5 {and} [more] (less) a=b: c")
@example("null ")
@example("1,2")
@example("\\\n")
@example("true")
@settings(max_examples=300, deadline=None)
def test_text_is_received_as_typed(text: str) -> None:
    assert received(f"prompt={text}") == text


@pytest.mark.parametrize("key", TEXT_KEYS)
def test_every_text_key_takes_text(key: str) -> None:
    assert received(f'{key}=Ada\'s "best", vol. 1') == 'Ada\'s "best", vol. 1'


@pytest.mark.parametrize(
    "text", ["girl, you", "don't", "a\\b\\", "  two  ", "$5", "100%", "[Verse 1]\nRow", "3", "#1", "é👏"]
)
def test_text_is_the_same_in_the_config(text: str) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("generate", overrides=quote_text_arguments([f"prompt={text}", f"out={text}"]))
    assert (cfg.prompt, cfg.out) == (text, text)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("prompt=null", None),
        ("data.artist='Burns, R'", "Burns, R"),
        ('data.artist="Burns, R"', "Burns, R"),
        ("prompt='don\\'t'", "don't"),
        ("run=[one,two]", ["one", "two"]),
        ("run=one,two", "one,two"),
        ("data.path=${oc.env:HOME}", "${oc.env:HOME}"),
        ("seed=3", 3),
        ("data.val_fraction=0.5", 0.5),
    ],
)
def test_what_means_something_keeps_its_meaning(argument: str, value: object) -> None:
    assert received(argument) == value


def test_other_arguments_are_not_touched() -> None:
    arguments = [
        "-m",
        "--cfg",
        "job",
        "seed=1,2",
        "~data.path",
        "+experiment=report",
        "model=gpt2,distilgpt2",
        "prompt",
    ]
    assert quote_text_arguments(arguments) == arguments


@pytest.mark.parametrize("flag", ["-m", "--multirun"])
def test_a_sweep_over_paths_is_a_sweep_but_prompts_are_text(flag: str) -> None:
    quoted = quote_text_arguments(["data.path=one,two", "prompt=girl, you", "data.artist=Ada Lark", flag])
    path, prompt, artist = PARSER.parse_overrides(quoted[:3])
    assert path.is_sweep_override()
    assert not prompt.is_sweep_override()
    assert prompt.value() == "girl, you"
    assert artist.value() == "Ada Lark"


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("data.pth=x", "unknown key data.pth; did you mean data.path? (all keys: --cfg job)"),
        ("+data.pth=x", "unknown key data.pth; did you mean data.path?"),
        ("sed=3", "unknown key sed; did you mean seed?"),
        ("dta=lyrics", "unknown key dta; did you mean data?"),
        ("data=songs", "data=songs is not known; allowed: lyrics"),
        ("data.section_labels=off", "data.section_labels=off is not one of drop, keep, plain"),
        ("data.section_labels=2", "data.section_labels=2 is not one of drop, keep, plain"),
        ("data.val_fraction=2", "data.val_fraction=2 is not a fraction; give 0 <= data.val_fraction < 1"),
        ("data.val_fraction=many", "data.val_fraction=many is not a number"),
        ("data.keep_versions=maybe", "data.keep_versions=maybe is not true or false"),
        ("data.path=nowhere, never", "data.path=nowhere, never does not exist"),
        ("data.path=", "data.path is empty"),
        ("seed=1,2", "Ambiguous value for argument 'seed=1,2'"),
        ("seed=[1", "at input '[1'"),
        ("seed", "Error parsing override 'seed'"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(call: Call, argument: str, message: str) -> None:
    done = call("prepare", argument)
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_a_wrong_group_names_what_there_is(call: Call) -> None:
    done = call("train", "model=gpt5")
    assert done.code == 1
    names = sorted(file.stem for file in (CONF / "model").glob("*.yaml"))
    assert done.err.splitlines() == [f"error: model=gpt5 is not known; allowed: {', '.join(names)}"]


def test_a_suggestion_is_another_name() -> None:
    assert did_you_mean("data.batchsize") == "; did you mean data.batch_size?"
    assert "did you mean trainer?" not in did_you_mean("trainer")
    assert did_you_mean("zzzzzz") == did_you_mean("optim.learning_rate") == ""  # nothing rather than a wrong one


def test_ctrl_c_in_a_destructor_comes_a_moment_later() -> None:
    class Slow:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, command._raise_interrupt)
    try:
        Slow()  # gone at once
        with pytest.raises(Interrupted):
            time.sleep(10)
    finally:
        signal.signal(signal.SIGTERM, before)
