"""What to try next: each suggestion comes with the figures that call for it and not without, and its command works."""

import copy
import re
import shlex
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hydra import compose, initialize_config_dir

from lyric_lm.command import quote_text_arguments
from lyric_lm.evaluation.advice import MOST, Advice, advice_of
from lyric_lm.settings import CONF, plain
from tests.test_configs import composed

NOISE, GUARD, FEWER, RATE = (
    "Draw less wildly",
    "Switch the guard on",
    "Train for fewer epochs, or at a lower rate",
    "Look at the songs, then at the learning rate",
)
ENDS, REPEATS, LONGER, FAR = (
    "Let the songs come to their ends",
    "Raise the temperature, or penalise repetition",
    "Train longer, or take a larger model",
    "Listen for what gives it away",
)
SONGS, HELD_OUT, TEST, NOTHING = (
    "Add songs",
    "Hold out more songs",
    "For figures to be defended, set songs aside for the last test",
    "Write songs, with the guard on",
)


def feature(what: str, median: float | None, of_held_out: float | None, distance: float | None) -> dict[str, Any]:
    sets = {"samples": {"median": median}, "held_out": {"median": of_held_out}}
    return {"what": what, "sets": sets, "distance": {"samples": distance}}


def figures() -> dict[str, Any]:
    """What ``metrics.json`` says of a run in which there is nothing to mend."""
    return {
        "run": "outputs/train/gpt2/2026-01-01_12-00-00",
        "split": "test",
        "n_train_songs": 200,
        "n_held_out_songs": 20,
        "noise": 0.02,
        "settings": {"temperature": 0.8, "max_new_tokens": 400, "originality": None},
        "originality": {"sets": {"samples": {"longest_run": 5, "share_6": 0.0}}},
        "style": {
            "ended": {"samples": 0.95, "base": 0.1},
            "told_apart": {"samples": {"auc": 0.97}},
            "features": {
                "lines": feature("lines", 20, 24, 0.2),
                "words_per_line": feature("words per line", 6.5, 6.0, 0.4),
                "repeated_4_grams": feature("four words in a row that the song had before", 0.08, 0.05, 0.1),
                "rhyme_density": feature("rhyme density", None, None, None),
            },
        },
        "verdict": {name: {"answer": "yes", "sentence": "."} for name in ("learned", "original", "in_style")},
    }


@cache
def trained(*overrides: str) -> dict[str, Any]:
    """The settings of a training run, as its folder keeps them."""
    return composed("train", *overrides)


def of(change: Callable[[dict[str, Any]], object], *overrides: str) -> dict[str | None, Advice]:
    """The suggestions for changed figures, by what they say to do."""
    changed = figures()
    change(changed)
    before = copy.deepcopy(changed)
    found = advice_of(changed, trained(*overrides))
    assert changed == before
    assert all(one["do"] and one["why"] for one in found)
    return {one["do"]: one for one in found}


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of one figure, by its dotted name."""
    *groups, name = path.split(".")

    def change(metrics: dict[str, Any]) -> None:
        for group in groups:
            metrics = metrics[group]
        metrics[name] = value

    return change


def several(*changes: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    def change(metrics: dict[str, Any]) -> None:
        for one in changes:
            one(metrics)

    return change


REPEATED = "style.features.repeated_4_grams.sets"
COPIES = several(
    put("verdict.original.answer", "no"),
    put("originality.sets.samples.longest_run", 31),
    put("originality.sets.samples.share_6", 0.234),
)


def test_nothing_stands_out() -> None:
    found = of(lambda metrics: None)
    assert list(found) == [NOTHING]
    assert found[NOTHING]["command"] == (
        "python -m lyric_lm.generate run=outputs/train/gpt2/2026-01-01_12-00-00 originality=6 num_samples=10"
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put("noise", 0.1), [NOISE]),
        (put("noise", 0.09), []),
        (put("noise", None), []),
        (several(put("noise", 0.5), put("settings.temperature", 0.4)), []),  # it is not the drawing
        (COPIES, [GUARD, FEWER]),
        (several(COPIES, put("originality.sets.samples.longest_run", 6)), [FEWER]),  # as with originality=6
        (several(put("verdict.original.answer", "partly"), put("originality.sets.samples.longest_run", 12)), [GUARD]),
        (put("verdict.original.answer", "unknown"), []),
        (put("verdict.learned.answer", "no"), [RATE]),
        (put("verdict.learned.answer", "unknown"), []),
        (put("style.ended.samples", 0.79), [ENDS]),
        (put("style.ended.samples", 0.8), []),
        (put("style.ended.samples", None), []),
        (put(f"{REPEATED}.samples.median", 0.2), [REPEATS]),  # the artist's 0.05
        (put(f"{REPEATED}.samples.median", 0.14), []),
        (several(put(f"{REPEATED}.samples.median", 0.5), put(f"{REPEATED}.held_out.median", 0.3)), []),
        (several(put(f"{REPEATED}.samples.median", 0.7), put(f"{REPEATED}.held_out.median", 0.3)), [REPEATS]),
        (several(put(f"{REPEATED}.samples.median", 0.7), put(f"{REPEATED}.held_out.median", None)), []),
        (put("verdict.in_style.answer", "no"), [LONGER]),
        (put("verdict.in_style.answer", "partly"), [FAR]),
        (put("verdict.in_style.answer", "unknown"), []),
        (put("n_train_songs", 49), [SONGS]),
        (put("n_train_songs", 50), []),
        (put("n_held_out_songs", 9), [HELD_OUT]),
        (put("n_held_out_songs", 10), []),
        (put("split", "val"), [TEST]),
    ],
)
def test_each_suggestion_has_its_figures(change: Callable[[dict[str, Any]], None], expected: list[str]) -> None:
    assert list(of(change)) == (expected or [NOTHING])


def test_the_figure_is_named() -> None:
    found = of(
        several(
            put("noise", 0.25),
            COPIES,
            put("verdict.learned.answer", "no"),
            put("style.ended.samples", 0.4),
        ),
        "optim.lr=3e-4",
    )
    assert list(found) == [NOISE, GUARD, FEWER, RATE, ENDS]  # the most pressing first
    for do, figure in (
        (NOISE, "25 %"),
        (GUARD, "31 words"),
        (FEWER, "23 %"),
        (RATE, "optim.lr=0.0003"),
        (ENDS, "40 %"),
    ):
        assert figure in str(found[do]["why"])
    assert "AUC 0.97" in str(of(put("verdict.in_style.answer", "no"))[LONGER]["why"])
    far = of(put("verdict.in_style.answer", "partly"))[FAR]
    assert str(far["why"]).endswith("farthest from the artist in: words per line (median 6.5, the artist's 6)")


EVERYTHING = several(
    put("noise", 0.5),
    COPIES,
    put("verdict.learned.answer", "no"),
    put("style.ended.samples", 0.1),
    put(f"{REPEATED}.samples.median", 0.9),
    put("verdict.in_style.answer", "no"),
    put("n_train_songs", 8),
    put("n_held_out_songs", 2),
    put("split", "val"),
)


def test_there_are_never_many() -> None:
    assert len(of(EVERYTHING)) == MOST


def test_what_is_changed_is_changed_from_what_was() -> None:
    command = of(COPIES, "trainer.max_epochs=5", "optim.lr=4e-4")[FEWER]["command"]
    assert str(command).endswith(" optim.lr=0.0002 trainer.max_epochs=2")
    for epochs in ("1", "null"):
        assert "max_epochs" not in str(of(COPIES, f"trainer.max_epochs={epochs}")[FEWER]["command"])
    warm = of(several(put("noise", 0.3), put("settings.temperature", 1.1)))[NOISE]["command"]
    assert str(warm).endswith(" temperature=0.9")
    ends = of(several(put("style.ended.samples", 0.1), put("settings.max_new_tokens", 150)))[ENDS]["command"]
    assert str(ends).endswith(" max_new_tokens=300")


def test_the_held_out_songs_are_those_that_were_measured() -> None:
    for split in ("val", "test"):
        found = of(several(put("n_held_out_songs", 3), put("split", split)))
        assert str(found[HELD_OUT]["command"]).endswith(f" data.{split}_fraction=0.2")
        many = of(several(put("n_held_out_songs", 3), put("split", split)), f"data.{split}_fraction=0.3")
        assert HELD_OUT not in many  # it would be fewer


def test_the_same_model_and_songs_are_trained_again() -> None:
    def command(*overrides: str) -> str:
        return str(of(put("verdict.in_style.answer", "no"), *overrides)[LONGER]["command"])

    assert command("model=gpt2_medium") == "python -m lyric_lm.train model=gpt2_medium experiment=style"
    assert command("model=smollm2", "data.path=songs") == (
        "python -m lyric_lm.train model=smollm2 data.path=songs experiment=style"
    )
    assert command("model=tiny").startswith("python -m lyric_lm.train model=tiny ")
    # A folder may be called like a model that is known.
    assert command("model.pretrained=/my/gpt2") == "python -m lyric_lm.train model.pretrained=/my/gpt2 experiment=style"
    assert " model.pretrained=owner/lyrics-gpt " in command("model.pretrained=owner/lyrics-gpt")


def test_an_untrained_model_is_to_be_trained() -> None:
    (one,) = advice_of(figures() | {"run": None}, None)
    assert one["command"] == "python -m lyric_lm.train data.path=MY_SONGS"


# Every command can be typed as it stands

ODD = "my songs, (live)/it's $5 & 'more'"
CHANGES = [
    put("noise", 0.5),
    COPIES,
    put("verdict.learned.answer", "no"),
    put("verdict.in_style.answer", "no"),
    put("style.ended.samples", 0.1),
    put(f"{REPEATED}.samples.median", 0.9),
    put("n_train_songs", 8),
    put("n_held_out_songs", 2),
    put("split", "val"),
    lambda metrics: None,
]


def test_every_command_is_valid() -> None:
    commands, where = set(), ODD
    quoted = quote_text_arguments([f"data.path={where}", f"data.artist={where}", f"model.pretrained=/{where}/model"])
    for overrides in (quoted, ["model=smollm2", "optim.lr=1e-5"], ["model=tiny", "trainer.max_epochs=1"]):
        for change in CHANGES:
            found = of(several(change, put("run", f"outputs/{where}")), *overrides)
            commands |= {one["command"] for one in found.values()}
    commands |= {one["command"] for one in advice_of(figures(), None)}
    commands.discard(None)
    assert len(commands) == 5 + 3 * 5 + 1  # to generate, to train three models again, to train at all
    for command in commands:
        python, minus_m, module, *arguments = shlex.split(str(command))
        assert (python, minus_m) == ("python", "-m")
        name = module.removeprefix("lyric_lm.")
        with initialize_config_dir(str(CONF), version_base="1.3"):
            settings = plain(compose(name, quote_text_arguments(arguments)))
        for argument in arguments:  # what was typed arrived
            key, _, value = argument.partition("=")
            if re.fullmatch(r"run|data\.(path|artist)|model\.pretrained", key) and value != "MY_SONGS":
                found_value: Any = settings
                for part in key.split("."):
                    found_value = found_value[part]
                assert found_value in (where, f"outputs/{where}", f"/{where}/model")
