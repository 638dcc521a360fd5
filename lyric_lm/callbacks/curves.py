"""Draw the run's curves while it goes on, so that there is always a picture of how it stands."""

from pathlib import Path

import lightning as L

from lyric_lm.callbacks.picture import Picture
from lyric_lm.curves import save_run_curves
from lyric_lm.runs import read_metrics


class Curves(Picture):
    """Write the three curves from ``metrics.csv`` into the run's ``images/``."""

    def __init__(self, run_dir: Path, clip_at: float | None):
        self.run_dir, self.clip_at = run_dir, clip_at

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if trainer.state.fn == "fit":
            self.draw_if_due()

    def draw(self) -> None:
        """Draw from what ``metrics.csv`` holds now."""
        save_run_curves(read_metrics(self.run_dir), self.clip_at, self.run_dir / "images")
