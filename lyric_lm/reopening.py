"""Open a model folder that this machine has opened before without transformers, whose import takes seconds.

The first time, transformers loads the model and all is checked. Where it is a plain GPT-2 or Llama on a CPU and every
check passed, what its files do not tell by themselves is kept: the configuration as transformers understood it, and
the checks. It holds until a bit of a file changes, or a version, the machine, or this package.
Then, and wherever anything is unusual, the folder is opened the first way, which can say what is wrong.
"""

import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from lyric_lm.checks.check import PASS, Check
from lyric_lm.data.plain_tokenizer import FILE as TOKENIZER
from lyric_lm.data.plain_tokenizer import PlainTokenizer, does_no_more
from lyric_lm.decoding.plain import Plain, plain_of
from lyric_lm.recall import keep, look_up

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_WEIGHTS = "model.safetensors"
_PIECE = 2**25  # bytes of a file at a time

Key = dict[str, Any]


@dataclass(frozen=True)
class Reopened:
    """A model as it was opened before, and the checks that it passed."""

    network: Plain
    tokenizer: PlainTokenizer
    checks: list[Check]


def folder_key(folder: Path) -> Key | None:
    """Return what a model folder is known by: checksums (CRC-32) of all its files; None: it cannot be reopened."""
    try:
        files = {file.name: file for file in sorted(folder.iterdir()) if file.is_file()}
        if not {_WEIGHTS, TOKENIZER} <= files.keys() or "adapter_config.json" in files:
            return None
        return {name: _checksums(file) for name, file in files.items()}
    except OSError:
        return None


def _checksums(file: Path) -> list[int]:
    """Return a checksum of each piece of a file."""
    n_bytes = file.stat().st_size
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:  # a checksum lets other threads run
        return [n_bytes, *threads.map(lambda start: zlib.crc32(_piece(file, start)), range(0, n_bytes, _PIECE))]


def _piece(file: Path, start: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(start)
        return stream.read(_PIECE)


def reopen(folder: Path, key: Key) -> Reopened | None:
    """Open a folder by what is kept of it under its key; None where nothing is."""
    kept = look_up("folder", key)
    if kept is None:
        return None
    try:
        weights = dict(_weights(folder / _WEIGHTS))
    except (OSError, SafetensorError):
        return None
    tokenizer = PlainTokenizer(folder, kept["eos_token_id"])
    return Reopened(Plain(kept["config"], weights), tokenizer, [Check(**check) for check in kept["checks"]])


def _weights(file: Path) -> Iterator[tuple[str, Tensor]]:
    with safe_open(file, framework="pt") as content:
        for name in content.keys():  # noqa: SIM118 (not a mapping)
            yield name, content.get_tensor(name).float()


def keep_opened(
    folder: Path, key: Key, network: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", checks: list[Check]
) -> None:
    """Keep what it takes to open a folder again, where that will be the same to the bit.

    Args:
        folder: what the network and the tokenizer were loaded from, as they are now.
        key: its ``folder_key``, from before they were loaded.
        checks: all that ``generate`` makes.
    """
    plain = plain_of(network)
    if plain is None or any(check.status != PASS for check in checks):
        return
    if _has_weights(folder, plain) and does_no_more(tokenizer, PlainTokenizer(folder, tokenizer.eos_token_id)):
        config = json.loads(json.dumps(plain.config, default=str))  # a value that is no plain data decides nothing here
        passed = [asdict(check) for check in checks]
        keep("folder", key, {"config": config, "eos_token_id": tokenizer.eos_token_id, "checks": passed})


def _has_weights(folder: Path, plain: Plain) -> bool:
    """Tell whether a folder's file holds the weights of a network under the same names."""
    try:
        found = dict(_weights(folder / _WEIGHTS))
    except (OSError, SafetensorError):
        return False
    if plain.config["tie_word_embeddings"]:  # the output layer's may be missing
        found.setdefault("lm_head.weight", plain.weight("lm_head.weight"))
    return all(name in found and torch.equal(found[name], weight) for name, weight in plain.weights.items())
