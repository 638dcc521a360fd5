"""Fine-tune a causal language model on one artist's songs and write new songs in that style.

The package follows the data: ``lyrics`` (text only) → ``data`` (ids and batches) → ``model`` (network,
loss, optimizer) → ``callbacks`` (what happens when during a run) → the commands ``prepare``, ``train``,
``generate``, ``evaluate``, ``compare`` and ``preflight``. Imports point that way only.
"""

__version__ = "0.1.0"
