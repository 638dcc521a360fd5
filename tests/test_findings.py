"""What several runs say together: importance of settings, spread over seeds, the best command again."""

import random
from pathlib import Path

import pandas as pd
import pytest

from lyric_lm.runs import Run
from lyric_lm.search.findings import command_of, importances, ranking, spreads


def run_of(loss: float | None, seed: int = 1, folder: Path = Path("run"), **overrides: str) -> Run:
    given = {key.replace("__", "."): value for key, value in overrides.items()}
    return Run(folder, pd.DataFrame(), {"best_val_loss": loss, "seed": seed}, given | {"seed": str(seed)})


def test_results_over_seeds_have_a_mean_and_a_spread() -> None:
    runs = [run_of(3.0 + 0.1 * seed, seed, optim__lr="1e-4", model="tiny") for seed in (1, 2, 3)]
    runs += [run_of(3.0 + 0.2 * seed, seed, optim__lr="1e-3", model="tiny") for seed in (1, 2)]
    runs += [run_of(2.0, 1, optim__lr="1e-2", model="tiny"), run_of(None, 2, optim__lr="1e-2", model="tiny")]
    low, high = spreads(runs, "best_val_loss")
    assert str(low) == "3.2000 ± 0.1000 (3 seeds, 3.1000 to 3.3000)"  # by hand: n - 1
    assert low.settings == "optim.lr=1e-4"
    assert str(high) == "3.3000 ± 0.1414 (2 seeds, 3.2000 to 3.4000)"
    assert ranking([low, high]) == "no ranking: optim.lr=1e-4 and optim.lr=1e-3 lie within the spread of their seeds"


def test_seeds_alone_are_all_runs() -> None:
    (found,) = spreads([run_of(3.0, 1, model="tiny"), run_of(3.2, 2, model="tiny")], "best_val_loss")
    assert found.settings == "all runs"
    assert spreads([run_of(3.0, 1, model="tiny")], "best_val_loss") == []


def test_what_decided_has_the_larger_share() -> None:
    draw = random.Random(1)
    runs = []
    for _ in range(24):
        lr, epochs = draw.choice(["1e-4", "1e-3", "1e-2"]), draw.choice(["1", "2", "3"])
        loss = {"1e-4": 3.0, "1e-3": 3.5, "1e-2": 5.0}[lr] + 0.01 * int(epochs)
        runs.append(run_of(loss, optim__lr=lr, trainer__max_epochs=epochs, finetune="full"))
    found = importances(runs, "best_val_loss")
    assert found is not None
    assert list(found) == ["optim.lr", "trainer.max_epochs"]
    assert found["optim.lr"] > 0.9
    assert sum(found.values()) == pytest.approx(1.0)


def test_words_decide_too_and_what_is_missing_is_a_word() -> None:
    runs = [run_of(3.0 if word else 4.0, seed, **({"finetune": word} if word else {}))
            for seed, word in enumerate(["lora", "lora", "lora", "", "", ""])]  # fmt: skip
    found = importances(runs, "best_val_loss")
    assert found is not None
    assert next(iter(found)) == "finetune"


@pytest.mark.parametrize(
    "runs",
    [
        [run_of(3.0, 1), run_of(3.1, 2), run_of(3.2, 3)],  # too few
        [run_of(3.0, 1) for _ in range(5)],  # nothing differs
        [run_of(3.0, seed) for seed in range(5)],  # nothing came of it
        [run_of(None, seed) for seed in range(5)],
    ],
)
def test_where_nothing_can_be_said_nothing_is(runs: list[Run]) -> None:
    assert importances(runs, "best_val_loss") is None


def test_the_command_of_a_run_can_be_pasted(tmp_path: Path) -> None:
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "overrides.yaml").write_text(
        "- sweep=optuna\n- data.path='my songs'\n- model=tiny\n- optim.lr=0.0003\n"
        "- +callbacks.pruning.trial=3\n- hydra.sweep.dir=here\n"
    )
    expected = "python -m lyric_lm.train 'data.path=my songs' model=tiny optim.lr=0.0003"
    assert command_of(run_of(3.0, folder=tmp_path)) == expected
    assert command_of(run_of(3.0, folder=tmp_path / "nowhere")) == ""
