"""What an optimizer step logs, by a shorter way than ``self.log``."""

import lightning as L
import torch

PER_STEP = ("epoch", "train/loss", "train/objective", "train/grad_norm", "lr", "tokens_per_second")


def log_step(trainer: L.Trainer, report: dict[str, float]) -> None:
    """Log the step that was taken or left out.

    Not by ``self.log``, whose bookkeeping takes several milliseconds a step, but as Lightning's own
    LearningRateMonitor does. What has no value this time is gone from ``callback_metrics``.

    Args:
        report: ``step``, and values for some of ``PER_STEP``.
    """
    values = {name: value for name, value in report.items() if name != "step"}
    step = int(report["step"])
    known = trainer.callback_metrics
    for name in PER_STEP:
        known.pop(name, None)
    known.update({name: torch.tensor(value) for name, value in values.items()})
    if step % trainer.log_every_n_steps == 0:
        for logger in trainer.loggers:
            logger.log_metrics(values, step)
            logger.save()
