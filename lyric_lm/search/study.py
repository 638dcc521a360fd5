"""Optuna's study of a search: which trials there were, in a file beside the runs (``study.db``, SQLite)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyric_lm.errors import InputError

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution

FILE = "study.db"
NAME = "lyric_lm"
_STARTUP = 4  # trials that are drawn at random and never pruned
_SETTINGS, _PRUNED, _ERROR = "settings", "pruned", "error"


def optuna() -> Any:
    """Return the library, quiet.

    Raises:
        InputError: it is not installed.
    """
    try:
        import optuna as library
    except ImportError as error:
        raise InputError('sweep=optuna needs Optuna: pip install "lyric-lm[sweep]"') from error
    library.logging.set_verbosity(library.logging.ERROR)
    return library


def address(folder: Path) -> str:
    """Return where a search keeps its study."""
    return f"sqlite:///{(folder / FILE).absolute()}"


def open_study(storage: str, direction: str = "minimize", seed: int | None = None) -> "Study":
    """Return the study there, made if it is not there yet; TPE chooses, the median of the others prunes.

    Args:
        storage: Optuna's address of it.
        direction: of the objective: ``minimize`` or ``maximize``.
        seed: of TPE's draws, with which the same trials are drawn again; mixed with the number of trials so far.
    """
    library = optuna()
    study: Study = library.create_study(
        storage=storage,
        study_name=NAME,
        direction=direction,
        load_if_exists=True,
        pruner=library.pruners.MedianPruner(n_startup_trials=_STARTUP),
    )
    n_before = len(study.get_trials(deepcopy=False))
    study.sampler = library.samplers.TPESampler(
        n_startup_trials=_STARTUP, seed=None if seed is None else seed + n_before
    )
    return study


def begin(study: "Study", settings: dict[str, Any]) -> list[int]:
    """Go on with a study: refuse other settings, and put trials that were cut off back in line.

    Returns:
        The numbers of those trials.

    Raises:
        InputError: the study was made with other settings.
    """
    before = study.user_attrs.get(_SETTINGS)
    if before is None:
        study.set_user_attr(_SETTINGS, settings)
    elif before != settings:
        changed = sorted(key for key in before.keys() | settings.keys() if before.get(key) != settings.get(key))
        key = changed[0]
        raise InputError(
            f"this search was begun with {key}={before.get(key)}, not {settings.get(key)}; give the same arguments to "
            "go on with it, or leave hydra.sweep.dir away to begin another"
        )
    states = optuna().trial.TrialState
    cut_off = study.get_trials(deepcopy=False, states=(states.RUNNING,))
    for trial in cut_off:
        study.tell(trial.number, state=states.FAIL)
        study.enqueue_trial(trial.params)
    return [trial.number for trial in cut_off]


def n_finished(study: "Study") -> int:
    """Return how many trials have come to an end of their own: complete, pruned or failed by themselves."""
    states = optuna().trial.TrialState
    trials = study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED))
    return len(trials) + sum(_ERROR in trial.user_attrs for trial in study.get_trials(deepcopy=False))


def tell(study: "Study", trial: "Trial", value: Any) -> str:
    """Record what a trial came to; return it in words.

    Args:
        value: the objective; an exception; or None, where nothing was measured.
    """
    states = optuna().trial.TrialState
    if isinstance(value, BaseException) or value is None:
        why = "no held-out loss was measured" if value is None else " ".join(str(value).split())
        trial.set_user_attr(_ERROR, why)
        study.tell(trial, state=states.FAIL)
        return f"failed: {why}"
    if study.get_trials(deepcopy=False)[trial.number].user_attrs.get(_PRUNED):  # as its own process said
        study.tell(trial, state=states.PRUNED)
        return f"stopped as hopeless at {value:.4f}"
    study.tell(trial, float(value))
    return f"{value:.4f}"


def is_hopeless(storage: str, number: int, value: float, step: int) -> bool:
    """Report a value of a trial that is running, from its own process; return whether it had better stop."""
    study = open_study(storage)
    frozen = study.get_trials(deepcopy=False)[number]
    trial = optuna().trial.Trial(study, frozen._trial_id)
    trial.report(value, step)
    if trial.should_prune():
        trial.set_user_attr(_PRUNED, True)
        return True
    return False


def distributions_as_data(space: "dict[str, BaseDistribution]") -> dict[str, str]:
    """Return a search space as text by key."""
    return {key: str(found) for key, found in space.items()}
