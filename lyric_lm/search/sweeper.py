"""A sweeper for Hydra on Optuna's ask-and-tell interface: ``python -m lyric_lm.train sweep=optuna``.

Hydra's own plugin wants an Optuna before 3 and prunes nothing. Here Optuna says which settings to try next, any of
Hydra's launchers runs them, and what ``train`` returns is told back. The study lies beside the runs, so that a search
can be stopped and gone on with: the same arguments, and ``hydra.sweep.dir=FOLDER``.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from lyric_lm.arguments import check_objective
from lyric_lm.errors import InputError
from lyric_lm.search.launching import LaunchingSweeper
from lyric_lm.search.space import split
from lyric_lm.search.study import address, begin, distributions_as_data, n_finished, open_study, tell

if TYPE_CHECKING:
    from optuna import Study, Trial

PRUNED_BY = ("bits_per_byte", "best_val_loss", "perplexity")  # objectives that the held-out loss of an epoch foretells

log = logging.getLogger(__name__)


class OptunaSweeper(LaunchingSweeper):
    """Search settings for the best objective.

    Args:
        n_trials: of the whole search, those of earlier starts included.
        n_jobs: trials that are launched together; more than one where the launcher runs several at once.
        direction: ``minimize`` or ``maximize``.
        prune: stop runs that fare worse than half of the others at the same epoch, where the objective is a loss.
        seed: of the search.
        params: what is searched, in Hydra's sweep syntax by key; arguments on the command line come on top.
    """

    def __init__(
        self, n_trials: int, n_jobs: int, direction: str, prune: bool, seed: int | None, params: dict[str, Any] | None
    ):
        super().__init__(params)
        self.n_trials, self.n_jobs, self.direction, self.prune, self.seed = n_trials, n_jobs, direction, prune, seed

    def sweep(self, arguments: list[str]) -> "Study":
        """Run the search.

        Raises:
            InputError: nothing is searched, a number is out of range, or an earlier start had other arguments.
        """
        for name, value in (("n_trials", self.n_trials), ("n_jobs", self.n_jobs)):
            if not isinstance(value, int) or value < 1:
                raise InputError(f"hydra.sweeper.{name}={value} cannot work; it must be a whole number, at least 1")
        objective = str(self.config.objective)
        check_objective(objective)
        if self.direction not in ("minimize", "maximize"):
            raise InputError(f"hydra.sweeper.direction={self.direction} is not known; allowed: minimize, maximize")
        fixed, space = split(self.parsed(arguments))
        if not space:
            raise InputError("nothing is searched; give ranges, as in optim.lr='tag(log,interval(3e-5,1e-3))'")
        folder = self.folder
        folder.mkdir(parents=True, exist_ok=True)
        study = open_study(address(folder), self.direction, self.seed)
        prunes = self.prune and objective in PRUNED_BY
        if self.prune and not prunes:
            log.info("No run is stopped early: objective=%s does not follow the held-out loss", objective)
        settings = {"objective": objective} | dict(item.split("=", 1) for item in fixed) | distributions_as_data(space)
        for number in begin(study, settings):
            log.info("Trial %s was cut off and is made again", number)
        OmegaConf.save(self.config, folder / "multirun.yaml")
        with self.can_go_on():
            while (n_left := self.n_trials - n_finished(study)) > 0:
                trials = [study.ask(space) for _ in range(min(self.n_jobs, n_left))]
                self._run(study, trials, fixed, prunes)
        _tell_best(study, folder)
        return study

    def _run(self, study: "Study", trials: "list[Trial]", fixed: list[str], prunes: bool) -> None:
        storage = address(self.folder)
        batch = []
        for trial in trials:
            chosen = [f"{key}={value}" for key, value in trial.params.items()]
            batch.append([*fixed, *chosen, *(pruning(storage, trial.number) if prunes else [])])
        self.validate_batch_is_legal(batch)
        returns: Sequence[JobReturn] = self.launcher.launch(batch, initial_job_idx=trials[0].number)
        for trial, returned in zip(trials, returns, strict=True):
            log.info("Trial %s: %s", trial.number, tell(study, trial, returned._return_value))


def pruning(storage: str, number: int) -> list[str]:
    """Return the arguments that let a run report to the study."""
    return [
        "+callbacks.pruning._target_=lyric_lm.callbacks.pruning.Pruning",
        f"+callbacks.pruning.storage='{storage}'",
        f"+callbacks.pruning.trial={number}",
    ]


def _tell_best(study: "Study", folder: Path) -> None:
    if not any(trial.value is not None for trial in study.get_trials(deepcopy=False)):
        log.error("no trial came to a result; the runs' logs in %s say why", folder)
        return
    best = study.best_trial
    arguments = " ".join(f"{key}={value}" for key, value in best.params.items())
    log.info(
        "Best of %s trials: number %s, %.4f\nTrain with it: python -m lyric_lm.train %s\nLook at all: python -m "
        "lyric_lm.compare run=%s",
        *(len(study.get_trials(deepcopy=False)), best.number, best.value, arguments, folder),
    )
