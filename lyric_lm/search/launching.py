"""What our sweepers for Hydra have in common: arguments in its sweep syntax, a folder, and a launcher for the runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from lyric_lm.errors import Interrupted
from lyric_lm.runs import from_here


class LaunchingSweeper(Sweeper):
    """A sweeper with the launcher that the user chose.

    Args:
        params: what the configuration goes through, in Hydra's sweep syntax by key.
    """

    hydra_context: HydraContext
    config: DictConfig
    launcher: Launcher

    def __init__(self, params: dict[str, Any] | None):
        self.params = [f"{key}={value}" for key, value in (params or {}).items()]

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    @property
    def folder(self) -> Path:
        """Where the runs go."""
        return from_here(Path(str(self.config.hydra.sweep.dir)).absolute())

    def parsed(self, arguments: list[str]) -> list[Override]:
        """Return what the configuration goes through, and the arguments on top of it."""
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        return list(parser.parse_overrides([*self.params, *arguments]))

    @contextmanager
    def can_go_on(self) -> Iterator[None]:
        """Say how to go on, where the block is interrupted."""
        try:
            yield
        except (Interrupted, KeyboardInterrupt):
            raise Interrupted(f"go on with the same command and hydra.sweep.dir={self.folder}") from None
