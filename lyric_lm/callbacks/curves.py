"""Draw the run's curves after each validation, so that there is always a picture of how it stands."""

from pathlib import Path

import lightning as L

from lyric_lm.curves import save_run_curves
from lyric_lm.runs import read_metrics


class Curves(L.Callback):
    """Write the three curves from ``metrics.csv`` into the run's ``images/``."""

    def __init__(self, run_dir: Path, clip_at: float | None):
        self.run_dir, self.clip_at = run_dir, clip_at

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if trainer.state.fn == "fit":
            self.draw()

    def draw(self) -> None:
        """Draw from what ``metrics.csv`` holds now."""
        save_run_curves(read_metrics(self.run_dir), self.clip_at, self.run_dir / "images")
