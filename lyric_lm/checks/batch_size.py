"""``data.batch_size=auto``: the largest batch that memory holds, for an optimizer step that stays the same.

The step is that of ``batch_size=1``: ``trainer.accumulate_grad_batches`` blocks (of each process), which are laid out
in fewer, larger batches, all of one size. More rows at a time change how fast a step is, and nothing else.
"""

import logging
from typing import Any

from transformers import PreTrainedModel

from lyric_lm.checks.memory import bytes_there, peak_bytes, what_fits, with_changes
from lyric_lm.errors import InputError
from lyric_lm.hardware import device_of
from lyric_lm.processes import n_processes

_KEYS = ("data.batch_size", "trainer.accumulate_grad_batches")

log = logging.getLogger(__name__)


def with_batch_size(
    settings: dict[str, Any], network: PreTrainedModel, then: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the settings with ``data.batch_size`` and the accumulation as numbers; log what ``auto`` came to.

    Args:
        settings: of ``train``.
        network: its class and configuration tell what a batch takes.
        then: what a checkpoint says of the settings, dotted; a run goes on with the batches that it began with.

    Raises:
        InputError: with ``auto``, not even one block fits; says what would.
    """
    if settings["data"]["batch_size"] != "auto":
        return settings
    if then:
        return with_changes(settings, {key: then[key] for key in _KEYS})
    trainer = settings["trainer"]
    n_blocks, device = trainer["accumulate_grad_batches"], device_of(trainer["accelerator"])
    there = bytes_there(device) / n_processes(trainer)
    for batch_size in (size for size in range(max(1, n_blocks), 0, -1) if n_blocks % size == 0):
        chosen = with_changes(settings, dict(zip(_KEYS, (batch_size, n_blocks // batch_size), strict=True)))
        try:
            needed = peak_bytes(network, chosen, device)
        except RuntimeError:  # not known; see check_memory
            chosen = with_changes(settings, {"data.batch_size": 1})
            log.info("data.batch_size=auto: what this model needs is not known; one block at a time")
            return chosen
        if needed <= there:
            log.info(
                "data.batch_size=auto: %s of the step's %s blocks at a time, about %.1f GB needed, %.1f GB there",
                *(batch_size, n_blocks, needed / 1e9, there / 1e9),
            )
            return chosen
    raise InputError(
        f"data.batch_size=auto: not even one block fits, about {needed / 1e9:.1f} GB needed, {there / 1e9:.1f} GB "
        f"there; {what_fits(network, chosen, device, there)} (data.batch_size=1 tries all the same)"
    )
