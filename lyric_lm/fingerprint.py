"""Is this still the same run? Songs and settings as a checkpoint remembers them, and what has changed since.

A run goes on exactly only with the songs and the settings it began with. What changes no step (how long to train, where
to log, samples, into how many batches and processes a step is cut) may change; everything else is refused by name.
"""

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.packing import Part
from lyric_lm.errors import InputError

# Groups whose keys decide about every step. Which songs there are is told by their fingerprint.
_GROUPS = ("model", "finetune", "data", "optim", "trainer")
_SAME_STEP = ("model.gradient_checkpointing",)  # to the last bit
# Of the data, only how the songs are laid out; of the trainer, only what decides about a step.
_LAYOUT = ("block_size", "batch_size")
# The same songs may be cut into other batches, unless something is counted in batches.
_CUT = ("data.batch_size", "trainer.accumulate_grad_batches")
_IN_BATCHES = ("val_check_interval", "limit_train_batches", "limit_val_batches", "overfit_batches")
MOST_TOLD = 50_000  # songs that are told apart; a checkpoint holds their titles and hashes
_STEP = (
    *("precision", "compile", "accumulate_grad_batches", "gradient_clip_val", "gradient_clip_algorithm"),
    *("check_val_every_n_epoch", *_IN_BATCHES),
)


def songs_fingerprint(songs: LyricsDataModule) -> dict[str, list[list[str]]]:
    """Return for each split the title and a hash (SHA-256, 16 digits) of each song, as the model reads it.

    Of more than ``MOST_TOLD``, it is one hash of all.
    """
    found: dict[str, list[list[str]]] = {}
    if sum(map(len, songs.parts.values())) > MOST_TOLD:
        for split, parts in songs.parts.items():
            whole = hashlib.sha256()
            for part in parts:
                whole.update(_bytes_of(part))
            found[split] = [[f"all {split} songs", whole.hexdigest()[:16]]]
        return found
    for split, parts in songs.parts.items():
        hashes: dict[str, Any] = {}
        for part in parts:
            hashes.setdefault(part.title, hashlib.sha256()).update(_bytes_of(part))
        found[split] = sorted([title, digest.hexdigest()[:16]] for title, digest in hashes.items())
    return found


def blocks_fingerprint(songs: LyricsDataModule) -> str:
    """Return a hash (SHA-256) of which songs, or parts of them, the model reads in which order and blocks.

    Their tokens are in ``songs_fingerprint``; where they lie in a file, they would be read from all over it here.
    """
    digest = hashlib.sha256()
    for split, blocks in songs.blocks.items():
        digest.update(f"{split} {len(blocks)} ".encode())
        for block in blocks:
            parts = (f"{part.title}\n{part.first_position} {len(part.ids)} " for part in block)
            digest.update(f"{len(block)} {''.join(parts)}".encode())
    return digest.hexdigest()


def parts_fingerprint(parts: Iterable[Part]) -> str:
    """Return a hash (SHA-256) of the tokens of some parts, and of where they stand in their songs."""
    return hashlib.sha256(b"".join(map(_bytes_of, parts))).hexdigest()


def texts_fingerprint(texts: Iterable[str]) -> str:
    """Return a hash (SHA-256) of some texts, in their order."""
    digest = hashlib.sha256()
    for text in texts:
        content = text.encode()
        digest.update(f"{len(content)} ".encode() + content)
    return digest.hexdigest()


def _bytes_of(part: Part) -> bytes:
    """Return a part's place in its song and its ids as bytes, the same on every machine."""
    return f"{part.first_position} {len(part.ids)} ".encode() + np.asarray(part.ids, dtype="<i4").tobytes()


def step_settings(settings: dict[str, Any], precision: str) -> dict[str, Any]:
    """Return the settings that decide about every step, dotted; ``precision`` is what ``auto`` came to."""
    chosen = {"seed": settings["seed"]}
    for group in _GROUPS:
        for key, value in settings[group].items():
            if (group != "data" or key in _LAYOUT) and (group != "trainer" or key in _STEP):
                chosen[f"{group}.{key}"] = value
    chosen = {key: value for key, value in chosen.items() if key not in _SAME_STEP}
    return chosen | {"trainer.precision": precision}


def refuse_changes(then: dict[str, Any], now: dict[str, Any], resume: str) -> None:
    """Compare what a checkpoint says of its run with the run that is about to go on from it.

    Args:
        then, now: ``model``, ``songs`` and ``blocks`` (their fingerprints), ``settings`` (``step_settings``),
            ``world_size``.
        resume: the folder, for the message.

    Raises:
        InputError: something differs that would change the result.
    """
    if then["model"] != now["model"]:
        raise InputError(
            f"resume={resume}: its checkpoint is of model={then['model']}, not of model={now['model']}; resume it "
            "without model="
        )
    old, new = then["settings"], now["settings"]
    before, method = (settings["finetune.method"] for settings in (old, new))
    if before != method:
        raise InputError(
            f"resume={resume}: its checkpoint is of finetune={before}, not of finetune={method}; resume it without "
            "finetune="
        )
    is_recut = is_same_step(then, now)
    changed = [key for key in old if key in new and old[key] != new[key] and not (is_recut and key in _CUT)]
    if changed:
        key, more = changed[0], f" (and {len(changed) - 1} more settings)" if len(changed) > 1 else ""
        raise InputError(
            f"resume={resume}: {key} was {_shown(old[key])} and is now {_shown(new[key])}{more}, so the run would not "
            f"go on as it began; resume it with {key}={_shown(old[key])}, or start a new run"
        )
    if then["world_size"] != now["world_size"] and not is_recut:
        raise InputError(
            f"resume={resume}: the run was made by {then['world_size']} processes and there are now "
            f"{now['world_size']}, so a step would hold other songs; set trainer.devices={then['world_size']}, or "
            f"data.batch_size and trainer.accumulate_grad_batches so that with the processes they multiply to "
            f"{_blocks_per_step(then)}"
        )
    if then["songs"] != now["songs"]:
        raise InputError(
            f"resume={resume}: the songs have changed since the run began: "
            f"{difference(then['songs'], now['songs'])}; put them back, or start a new run"
        )
    if then["blocks"] != now["blocks"]:
        raise InputError(f"resume={resume}: the songs are the same, but are read in another order now; start a new run")


def is_same_step(then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Return whether a step holds the same blocks, however they are cut into batches, windows and processes."""
    counted_in_batches = any(now["settings"].get(f"trainer.{key}") is not None for key in _IN_BATCHES)
    return not counted_in_batches and _blocks_per_step(then) == _blocks_per_step(now)


def _blocks_per_step(run: dict[str, Any]) -> int:
    return int(math.prod(run["settings"][key] for key in _CUT) * run["world_size"])


def difference(then: dict[str, list[list[str]]], now: dict[str, list[list[str]]]) -> str:
    """Tell in a few words how two fingerprints of songs differ.

    >>> difference({"train": [["A", "1"], ["B", "2"]], "val": []}, {"train": [["A", "3"]], "val": [["C", "4"]]})
    '1 added ("C"), 1 removed ("B"), 1 changed ("A")'
    >>> difference({"train": [["A", "1"]], "val": []}, {"train": [], "val": [["A", "1"]]})
    '1 in another split ("A")'
    """
    old = {title: (split, digest) for split, songs in then.items() for title, digest in songs}
    new = {title: (split, digest) for split, songs in now.items() for title, digest in songs}
    both = sorted(old.keys() & new.keys())
    moved = [title for title in both if old[title][0] != new[title][0]]
    kinds = {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "in another split": moved,
        "changed": [title for title in both if title not in moved and old[title] != new[title]],
    }
    return ", ".join(f'{len(titles)} {kind} ("{titles[0]}")' for kind, titles in kinds.items() if titles)


def _shown(value: Any) -> str:
    """Return a value as it is typed.

    >>> _shown(None), _shown(True), _shown(3e-5)
    ('null', 'true', '3e-05')
    """
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
