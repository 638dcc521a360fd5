"""A search by Optuna: what it may choose, what it records, how it goes on, and that hopeless runs are stopped."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from lyric_lm.errors import InputError
from lyric_lm.runs import read_run
from lyric_lm.search.space import split
from lyric_lm.search.study import address, begin, is_hopeless, n_finished, open_study, tell
from tests.conftest import SHORT_SAMPLES, TINY, Done, one_line, run_command

STATES = TrialState


def parts(*arguments: str) -> tuple[list[str], dict[str, Any]]:
    return split(OverridesParser.create().parse_overrides(list(arguments)))


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("optim.lr=interval(1e-5,1e-3)", FloatDistribution(1e-5, 1e-3)),
        ("optim.lr=tag(log,interval(1e-5,1e-3))", FloatDistribution(1e-5, 1e-3, log=True)),
        ("trainer.max_epochs=int(interval(1,5))", IntDistribution(1, 5)),
        ("trainer.max_epochs=range(1,6)", IntDistribution(1, 5)),
        ("trainer.max_epochs=range(1,10,2)", IntDistribution(1, 9, step=2)),
        ("finetune=full,lora", CategoricalDistribution(["full", "lora"])),
        ("finetune=choice(full,lora)", CategoricalDistribution(["full", "lora"])),
        ("data.path=choice('a b.csv','c.csv')", CategoricalDistribution([r"a\ b.csv", "c.csv"])),
    ],
)
def test_hydras_sweeps_are_optunas_distributions(argument: str, expected: Any) -> None:
    fixed, space = parts(argument)
    assert fixed == []
    assert space == {argument.partition("=")[0]: expected}


def test_the_last_of_two_arguments_counts() -> None:
    fixed, space = parts("optim.lr=interval(1e-5,1e-3)", "seed=choice(1,2)", "model=tiny", "optim.lr=1e-4", "seed=3")
    assert fixed == ["optim.lr=0.0001", "seed=3", "model=tiny"]
    assert space == {}


@pytest.mark.parametrize(
    "argument", ["a=glob(*)", "a=interval(5,1)", "a=range(0.1,0.5,0.1)", "a=tag(log,interval(0,1))"]
)
def test_what_cannot_be_searched_is_named(argument: str) -> None:
    with pytest.raises(InputError, match=r"^a=.* cannot be searched"):
        parts(argument)


SPACE = {"optim.lr": FloatDistribution(1e-4, 1e-2, log=True)}


def with_others(folder: Path, values: list[float]) -> optuna.Study:
    """A study with a trial for each value, which it had after its first epoch."""
    study = open_study(address(folder))
    for value in values:
        study.add_trial(
            create_trial(value=value, params={"optim.lr": 1e-3}, distributions=SPACE, intermediate_values={1: value})
        )
    return study


@pytest.mark.parametrize(("value", "hopeless"), [(2.0, True), (0.5, False), (1.29, False), (1.31, True)])
def test_a_run_is_hopeless_that_half_of_the_others_beat(value: float, hopeless: bool, tmp_path: Path) -> None:
    study = with_others(tmp_path, [1.1, 1.2, 1.3, 1.4, 1.5])  # median 1.3
    trial = study.ask(SPACE)
    assert is_hopeless(address(tmp_path), trial.number, value, step=1) is hopeless
    said = tell(study, trial, value)
    assert study.trials[-1].state is (STATES.PRUNED if hopeless else STATES.COMPLETE)
    assert said == (f"stopped as hopeless at {value:.4f}" if hopeless else f"{value:.4f}")


def test_the_first_runs_are_never_hopeless(tmp_path: Path) -> None:
    study = with_others(tmp_path, [1.0, 1.0, 1.0])
    assert not is_hopeless(address(tmp_path), study.ask(SPACE).number, 99.0, step=1)


def test_what_was_cut_off_is_made_again_and_what_failed_is_not(tmp_path: Path) -> None:
    study = open_study(address(tmp_path), seed=1)
    begin(study, {"model": "tiny"})
    failed, cut_off = study.ask(SPACE), study.ask(SPACE)
    assert tell(study, failed, InputError("no\nsongs")) == "failed: no songs"
    again = open_study(address(tmp_path), seed=1)
    assert n_finished(again) == 1
    assert begin(again, {"model": "tiny"}) == [cut_off.number]
    assert n_finished(again) == 1
    assert again.ask(SPACE).params == cut_off.params
    assert again.ask(SPACE).params != cut_off.params


def test_other_settings_are_another_search(tmp_path: Path) -> None:
    begin(open_study(address(tmp_path)), {"model": "tiny", "data.path": "a"})
    with pytest.raises(InputError, match=r"this search was begun with data\.path=a, not b; give the same arguments"):
        begin(open_study(address(tmp_path)), {"model": "tiny", "data.path": "b"})


def search_of(songs: Path, *more: str) -> tuple[str, ...]:
    """The arguments of a search; its seed draws both schedules below."""
    given = (*TINY, f"data.path={songs}", "trainer.max_epochs=1", "hydra.sweep.dir=search", "hydra.sweeper.seed=4")
    return ("train", "-m", "sweep=optuna", *given, *more)


@pytest.mark.slow
def test_a_search_records_what_its_runs_came_to_and_goes_on(
    call: Callable[..., Done], tmp_path: Path, songs_folder: Path
) -> None:
    space = "optim.schedule=choice(cosine,step)"  # there is no schedule of that name: these runs fail
    done = call(*search_of(songs_folder, space, "hydra.sweeper.n_trials=4"))
    assert done.code == 0, done.err
    folder = tmp_path / "search"
    trials = open_study(address(folder)).trials
    assert [trial.number for trial in trials] == [0, 1, 2, 3]
    by_state = {state: [t for t in trials if t.state is state] for state in (STATES.COMPLETE, STATES.FAIL)}
    assert all(trial.params["optim.schedule"] == "cosine" for trial in by_state[STATES.COMPLETE])
    assert all(trial.params["optim.schedule"] == "step" for trial in by_state[STATES.FAIL])
    assert by_state[STATES.FAIL]
    assert by_state[STATES.COMPLETE]
    for trial in by_state[STATES.COMPLETE]:
        run = read_run(folder / str(trial.number))
        assert trial.value == run.summary["bits_per_byte"]
        assert run.overrides["optim.weight_decay"] == trial.params["optim.weight_decay"]
        assert not any("pruning" in key for key in run.overrides)
    best = min(by_state[STATES.COMPLETE], key=lambda trial: trial.value or 9.0)
    assert f"Best of 4 trials: number {best.number}, {best.value:.4f}" in done.out
    assert "optim.schedule=step is not one of cosine, linear, constant" in done.err

    done = run_command(*search_of(songs_folder, space, "hydra.sweeper.n_trials=5"), cwd=tmp_path)  # another process
    assert done.code == 0, done.err
    assert len(open_study(address(folder)).trials) == 5
    message = one_line(call(*search_of(songs_folder, space, "hydra.sweeper.n_trials=6", "data.block_size=64")))
    assert message.startswith("this search was begun with data.block_size=None, not 64; give the same arguments")


@pytest.mark.slow
def test_a_hopeless_run_ends_after_its_epoch(call: Callable[..., Done], tmp_path: Path, songs_folder: Path) -> None:
    folder = tmp_path / "search"
    folder.mkdir()
    study = with_others(folder, [0.1, 0.2, 0.3, 0.4, 0.5])
    asked = study.ask(SPACE)
    done = call(
        "train",
        *(*TINY, *SHORT_SAMPLES, f"data.path={songs_folder}", "trainer.max_epochs=3", "hydra.run.dir=run"),
        "+callbacks.pruning._target_=lyric_lm.callbacks.pruning.Pruning",
        f"+callbacks.pruning.storage='{address(folder)}'",
        f"+callbacks.pruning.trial={asked.number}",
    )
    assert done.code == 0, done.err
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["epochs"] == 1
    assert re.search(r"Stopped: half of the other trials were better after epoch 1", done.err)
    last = open_study(address(folder)).trials[-1]
    assert last.intermediate_values == {1: pytest.approx(summary["bits_per_byte"])}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hydra.sweeper.n_trials=0"], "hydra.sweeper.n_trials=0 cannot work; it must be a whole number, at least 1"),
        (["hydra.sweeper.direction=up"], "hydra.sweeper.direction=up is not known; allowed: minimize, maximize"),
        (["optim.lr=interval(5,1)"], "optim.lr=interval(5,1) cannot be searched: "),
        (["objective=luck"], "objective=luck is not known; allowed: bits_per_byte, best_val_loss"),
    ],
)
def test_a_search_that_cannot_work_is_refused(arguments: list[str], message: str, call: Any) -> None:
    done = call("train", "-m", "sweep=optuna", "model=tiny", "hydra.sweeper.n_trials=1", *arguments)
    assert one_line(done).startswith(message)
