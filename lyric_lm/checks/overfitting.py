"""Since when does a run learn the songs by heart instead of the style? Told from the metrics alone."""

import math

import pandas as pd

# Nats per token that count as a rise. Runs of one recipe that differ in nothing but the arithmetic's last digits
# ended up to 0.007 apart on the held-out songs (benchmarks/README.md, "Overfitting").
RISE = 0.01


def overfitting_since(metrics: pd.DataFrame) -> int | None:
    """Return the epoch, from 1, since which the held-out loss rises while the training loss falls; None: it does not.

    That is the first epoch after the best one at whose end the held-out loss is more than ``RISE`` above the best,
    and the mean training loss is below that of the epoch before. A new best takes it back. The untrained model
    does not count as the best, and a first epoch cannot overfit: there is none before it.

    Args:
        metrics: ``metrics.csv`` as a table with the columns ``METRICS``.

    >>> rows = [(0, 0, None, 4.0), (1, 0, 3.8, 3.5), (2, 1, 3.0, 3.505), (3, 2, 2.5, 3.6), (4, 3, 2.0, 3.8)]
    >>> metrics = pd.DataFrame(rows, columns=["step", "epoch", "train/loss", "val/loss"])
    >>> overfitting_since(metrics[:3]), overfitting_since(metrics[:4]), overfitting_since(metrics)
    (None, 3, 3)
    """
    means = metrics[metrics["train/loss"].notna()].groupby("epoch")["train/loss"].mean()
    held_out = metrics[metrics["val/loss"].notna() & (metrics["step"] > 0)]
    best, since = math.inf, None
    for epoch, loss in zip(held_out["epoch"], held_out["val/loss"], strict=True):
        is_learning = epoch in means.index and epoch - 1 in means.index and means[epoch] < means[epoch - 1]
        if loss < best:
            best, since = loss, None
        elif since is None and loss > best + RISE and is_learning:
            since = int(epoch) + 1
    return since
