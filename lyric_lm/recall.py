"""What was found out about a model on this machine, kept so that it is not computed again in every run.

Songs of the untrained model, checks that passed, a memory estimate: each takes seconds before the first step, and
comes out the same as long as nothing that it depends on has changed. All of that is the key: the weights to the last
bit, the tokenizer, the settings, the versions, the machine, and this package itself.
"""

import contextlib
import functools
import hashlib
import json
import os
import platform
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from lyric_lm.cache import cache_folder, cached_file, code_digest

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Found = TypeVar("Found", bound=list[Any] | dict[str, Any] | float)

# Variables that choose how the libraries compute.
_ENVIRONMENT = (
    "ATEN_",
    "CUDA_",
    "CUBLAS_",
    "DNNL_",
    "KMP_",
    "MKL_",
    "NVIDIA_",
    "OMP_",
    "ONEDNN_",
    "PYTORCH_",
    "TORCH_",
)


def recall(
    kind: str,
    key: dict[str, Any],
    find: Callable[[], Found],
    is_kept: Callable[[Found], bool] = lambda found: True,
) -> Found:
    """Return what was found before under the same key in the same circumstances, else find it, and keep it.

    Args:
        kind: a word for the file's name.
        key: plain data that decides about the result, beside the circumstances.
        find: makes plain data.
        is_kept: whether a result is one to go by the next time.
    """
    found = look_up(kind, key)
    if found is None:
        found = find()
        if is_kept(found):
            keep(kind, key, found)
    return found


def recall_of_model(
    model: str | None,
    kind: str,
    key: dict[str, Any],
    find: Callable[[], Found],
    is_kept: Callable[[Found], bool] = lambda found: True,
) -> Found:
    """Do the same with what a model is found to do; where its ``identity`` is not known, it is found each time."""
    return find() if model is None else recall(kind, {"model": model, **key}, find, is_kept)


def look_up(kind: str, key: dict[str, Any]) -> Any:
    """Return what was kept under a key in the same circumstances, or None."""
    file, whole = _place(kind, key)
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):  # not there, or damaged
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["key"] == whole:
            return kept["found"]
    return None


def keep(kind: str, key: dict[str, Any], found: Any) -> None:
    """Keep plain data under a key; where the cache cannot be written, it is found again the next time."""
    file, whole = _place(kind, key)
    with contextlib.suppress(OSError), cached_file(file) as stream:
        stream.write(json.dumps({"key": whole, "found": found}, indent=1, ensure_ascii=False).encode())


def _place(kind: str, key: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """Return the file for a key, and the key with the circumstances."""
    whole = json.loads(json.dumps({**key, "circumstances": circumstances()}))
    name = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:32]
    return cache_folder() / "found" / f"{kind}-{name}.json", whole


def identity(network: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> str:
    """Return a hash (SHA-256) of a model: class, configuration, tokenizer, and a checksum (CRC-32) of every weight."""
    whole = hashlib.sha256(f"{type(network).__name__} {configuration(network)} {_tokens(tokenizer)}".encode())
    state = network.state_dict()
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:  # a checksum lets other threads run
        for name, digest in zip(state, threads.map(_digest, state.values()), strict=True):
            whole.update(name.encode() + digest)
    return whole.hexdigest()


def configuration(network: "PreTrainedModel") -> str:
    """Return a network's configuration as text, with how it attends, without where it was loaded from."""
    config = {**network.config.to_dict(), "attention": network.config._attn_implementation}
    config.pop("_name_or_path", None)
    return json.dumps(config, sort_keys=True, default=str)


def _digest(tensor: Tensor) -> bytes:
    content = tensor.detach().cpu().contiguous()
    data: Any = content.reshape(-1).view(torch.uint8).numpy()
    checksum = zlib.crc32(data)  # several times as quick as a hash
    return f"{content.dtype} {tuple(content.shape)} {checksum} ".encode()


def _tokens(tokenizer: "PreTrainedTokenizerBase") -> str:
    fast = getattr(tokenizer, "backend_tokenizer", None)
    content = fast.to_str() if fast is not None else json.dumps(sorted(tokenizer.get_vocab().items()))
    return f"{type(tokenizer).__name__} {tokenizer.special_tokens_map} {content}"


def circumstances() -> dict[str, Any]:
    """Return what else decides about numbers: versions, machine, settings of the libraries, this package."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "package": code_digest(),
        **_versions(),
        "python": platform.python_version(),
        "machine": [platform.platform(), platform.processor(), _processor(), gpu],
        "threads": torch.get_num_threads(),
        "matmul": torch.get_float32_matmul_precision(),
        "environment": {key: value for key, value in os.environ.items() if key.startswith(_ENVIRONMENT)},
    }


@functools.cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("torch", "transformers", "tokenizers", "lightning", "peft", "numpy")}


@functools.cache
def _processor() -> list[str]:
    """Return the kernel's name and flags of the processor, where it tells them (Linux), and what torch makes of it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    told = {line for line in lines if line.startswith(("model name", "flags", "Features", "microcode"))}
    return [*sorted(told), torch.backends.cpu.get_cpu_capability()]
