"""What several runs of a search say together: which setting mattered, how far chance goes, what to type for the best.

Runs go in as ``runs.read_run`` gives them; nothing of Optuna is imported unless importance is asked for.
"""

import math
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

import yaml

from lyric_lm.command import TEXT_KEYS
from lyric_lm.errors import InputError
from lyric_lm.runs import Run
from lyric_lm.search.study import optuna

FEWEST = 4  # runs from which importance is estimated
_NOT_TO_TYPE = ("sweep=", "resume=", "objective=", "hydra.", "+callbacks.pruning.")


@dataclass(frozen=True)
class Spread:
    """One setting's results over several seeds: each run's number, their mean and standard deviation (n - 1)."""

    settings: str
    values: list[float]

    @property
    def mean(self) -> float:
        return mean(self.values)

    @property
    def deviation(self) -> float:
        return stdev(self.values)

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        return f"{self.mean:.4f} ± {self.deviation:.4f} ({len(self.values)} seeds, {low:.4f} to {high:.4f})"


def spreads(runs: Sequence[Run], key: str) -> list[Spread]:
    """Return the results of settings that were run with several seeds, the lowest mean first.

    Args:
        runs: any; those without a result are left out.
        key: of ``summary.json``.
    """
    groups: dict[str, dict[Any, float]] = {}
    for run in runs:
        if run.summary[key] is not None:
            name = ", ".join(f"{k}={v}" for k, v in sorted(run.overrides.items()) if k != "seed")
            groups.setdefault(name, {})[run.summary["seed"]] = run.summary[key]
    shared = set.intersection(*(set(name.split(", ")) for name in groups)) if groups else set()
    found = [
        Spread(", ".join(part for part in name.split(", ") if part not in shared) or "all runs", list(values.values()))
        for name, values in groups.items()
        if len(values) > 1
    ]
    return sorted(found, key=lambda spread: spread.mean)


def ranking(found: Sequence[Spread]) -> str:
    """Say which setting is better than all others, if that is more than chance: its worst seed beats their best.

    >>> a, b = Spread("lr=1", [3.1, 3.2]), Spread("lr=2", [3.15, 3.3])
    >>> ranking([a, b])
    'no ranking: lr=1 and lr=2 lie within the spread of their seeds'
    >>> ranking([a, Spread("lr=2", [3.21, 3.3])])
    'lr=1 is better than the others with every seed'
    >>> ranking([a])
    ''
    """
    if len(found) < 2:
        return ""
    worst = max(found[0].values)
    close = [spread.settings for spread in found[1:] if min(spread.values) <= worst]
    if not close:
        return f"{found[0].settings} is better than the others with every seed"
    return f"no ranking: {found[0].settings} and {', '.join(close)} lie within the spread of their seeds"


def importances(runs: Sequence[Run], key: str) -> dict[str, float] | None:
    """Return how much each setting decided about the result, as shares, the largest first (fANOVA, Hutter et al. 2014).

    Settings are those in which the runs differ, the seed among them. None: too few runs, nothing that differs, or no
    Optuna here.
    """
    runs = [run for run in runs if run.summary[key] is not None]
    names = sorted({name for run in runs for name in run.overrides})
    varied = [name for name in names if len({run.overrides.get(name) for run in runs}) > 1]
    if len(runs) < FEWEST or not varied or len({run.summary[key] for run in runs}) < 2:
        return None
    try:
        library = optuna()
    except InputError:  # not installed
        return None
    space = {name: _distribution([run.overrides.get(name) for run in runs]) for name in varied}
    study = library.create_study()
    for run in runs:
        params = {name: _value(run.overrides.get(name), space[name]) for name in varied}
        study.add_trial(library.trial.create_trial(value=run.summary[key], params=params, distributions=space))
    evaluator = library.importance.FanovaImportanceEvaluator(seed=0)
    return dict(library.importance.get_param_importances(study, evaluator=evaluator))


def _distribution(values: list[str | None]) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    numbers = [_number(value) for value in values]
    if any(number is None for number in numbers):
        return CategoricalDistribution(sorted({value or "-" for value in values}))
    low, high = min(numbers), max(numbers)  # type: ignore[type-var]
    return FloatDistribution(low, high, log=low > 0 and high / low >= 10)  # type: ignore[operator, arg-type]


def _value(value: str | None, distribution: Any) -> Any:
    return value or "-" if hasattr(distribution, "choices") else _number(value)


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def command_of(run: Run) -> str:
    """Return the command that trains with the settings of a run, ready to paste; empty where they are not known."""
    file = run.folder / ".hydra" / "overrides.yaml"
    if not file.is_file():
        return ""
    items = yaml.safe_load(file.read_text(encoding="utf-8"))
    chosen = [item for item in items or [] if not item.startswith(_NOT_TO_TYPE)]
    return " ".join(["python -m lyric_lm.train", *(shlex.quote(_as_typed(item)) for item in chosen)])


def _as_typed(argument: str) -> str:
    """Take off the quotes that Hydra wants around any text, and that commands put there by themselves.

    >>> _as_typed("data.path='my songs'"), _as_typed("optim.lr=0.1"), _as_typed("data.path='it\\\\'s'")
    ('data.path=my songs', 'optim.lr=0.1', "data.path='it\\\\'s'")
    """
    key, _, value = argument.partition("=")
    is_plain = key in TEXT_KEYS and re.fullmatch(r"'[^'\\]*'", value)
    return f"{key}={value[1:-1]}" if is_plain else argument
