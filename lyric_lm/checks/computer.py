"""The checks of versions, weights and machine together: in full for ``train``, those of writing for ``generate``."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from itertools import islice
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.checks.check import FAIL, PASS, Check
from lyric_lm.checks.machine import check_machine, our_songs, text_ids
from lyric_lm.checks.versions import check_versions
from lyric_lm.checks.weights import check_loaded, check_weights
from lyric_lm.hardware import device_of, give_back_memory, resolve_precision
from lyric_lm.model.lora import is_adapted
from lyric_lm.recall import recall_of_model

N_SONGS = 50  # taken apart and put together again by the tokenizer


def check_computer(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    settings: dict[str, Any],
    texts: list[str],
    is_full: bool = False,
    known_as: str | None = None,
) -> list[Check]:
    """Check what is needed to train with the settings of ``train``, in a few seconds.

    Args:
        known_as: the model's ``recall.identity``: what this machine has computed rightly with it before is not computed
            again.

    Raises:
        InputError: ``trainer.precision`` is refused on this device.
    """
    from lyric_lm.checks.step import check_step  # Lightning, which writing songs does not need

    trainer = settings["trainer"]
    device, precision = (
        device_of(trainer["accelerator"]),
        resolve_precision(trainer["precision"], trainer["accelerator"]),
    )
    from_scratch = settings["model"]["from_scratch"]
    checks = check_for_writing(network, tokenizer, device, texts, from_scratch, precision, is_full, known_as)
    if any(check.name == "logits" for check in checks):  # the machine could be asked
        ids = text_ids(tokenizer, 40, int(network.config.max_position_embeddings))
        key = {"device": device, "precision": precision, "finetune": settings["finetune"], "model": settings["model"]}
        checks += _once("step", known_as, key, lambda: [check_step(network, ids, device, precision)])
    give_back_memory()  # the copies; else they would add to the run's peak
    return checks


def check_for_writing(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    device: str,
    texts: list[str] | None = None,
    from_scratch: bool = False,
    precision: str = "32-true",
    is_full: bool = False,
    known_as: str | None = None,
) -> list[Check]:
    """Check what is needed to write songs; where versions or weights are bad already, nothing is computed with them.

    Of a trained model no loss is asked for: on any text of ours it would say little about another language or style.
    """
    texts = list(islice(our_songs() if texts is None else texts, N_SONGS))
    key = {"texts": hashlib.sha256("\0".join(texts).encode()).hexdigest(), "is_adapted": is_adapted(network)}
    checks = [
        *check_versions(network, device),
        check_loaded(network, from_scratch),
        *_once("weights", known_as, key, lambda: check_weights(network, tokenizer, texts, from_scratch)),
    ]
    if not any(check.status == FAIL for check in checks):
        key = {"device": device, "precision": precision, "is_full": is_full, "is_adapted": is_adapted(network)}
        how = (device, precision, from_scratch, is_full)
        checks += _once("machine", known_as, key, lambda: check_machine(network, tokenizer, *how))
    return checks


def _once(kind: str, known_as: str | None, key: dict[str, Any], make: Callable[[], list[Check]]) -> list[Check]:
    """Return checks of what a machine computes with a model; those that passed hold for the next time too."""
    found = recall_of_model(
        known_as,
        kind,
        key,
        lambda: [asdict(check) for check in make()],
        lambda found: all(check["status"] == PASS for check in found),
    )
    return [Check(**check) for check in found]
