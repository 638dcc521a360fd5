"""What the machine has: the arithmetic it does in hardware, and the memory a run took."""

import contextlib
import ctypes
import gc
import importlib.util
import platform
import sys
from pathlib import Path

import psutil
import torch

from lyric_lm.errors import InputError

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # of glibc's malloc.h


def best_device() -> str:
    """Return the device that a model should be used on: ``cuda``, ``mps`` or ``cpu``."""
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def device_of(accelerator: str) -> str:
    """Return the device that ``trainer.accelerator`` means: ``cuda``, ``mps`` or ``cpu``."""
    return best_device() if accelerator in ("auto", "gpu") else accelerator


def resolve_precision(precision: str, accelerator: str) -> str:
    """Return Lightning's name of the precision that ``trainer.precision`` means on this machine.

    ``auto`` is bf16 where the hardware multiplies bf16 (CUDA compute capability 8 or more; CPUs with AMX or
    AVX512-BF16), else 32-bit: emulated bf16 is slower than 32-bit, and MPS computes half precision
    unreliably (https://github.com/pytorch/pytorch/issues/180776).

    Raises:
        InputError: half precision on MPS, or bf16-true, which hardly learns at fine-tuning rates because
            small updates round away.
    """
    accelerator = device_of(accelerator)
    if precision == "auto":
        return "bf16-mixed" if multiplies_bf16(accelerator) else "32-true"
    if accelerator == "mps" and "16" in str(precision):
        raise InputError(
            f"trainer.precision={precision} is refused on MPS, where half precision gives wrong results "
            "(pytorch issue 180776); set trainer.precision=32-true"
        )
    if str(precision) in ("bf16-true", "16-true"):
        raise InputError(
            f"trainer.precision={precision} rounds small updates away and hardly learns; "
            "set trainer.precision=bf16-mixed"
        )
    return str(precision)


def multiplies_bf16(accelerator: str) -> bool:
    """Tell whether a device multiplies bf16 in hardware: ``cuda``, ``mps`` or ``cpu``."""
    if accelerator == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    if accelerator == "cpu":
        return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
    return False


def has_triton() -> bool:
    """Tell whether there is the compiler of kernels for NVIDIA GPUs, which torch brings along but on Windows."""
    return importlib.util.find_spec("triton") is not None


def device_name(device: torch.device) -> str:
    """Return a device in words: the GPU's name, or the processor and its threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.machine()}, {torch.get_num_threads()} threads)"


def keep_freed_memory() -> None:
    """Let this process keep the memory it frees, for the next step, where its allocator would return it (glibc's).

    Otherwise every tensor of some size is mapped, filled with zeros by the system, and unmapped, again and again
    (``benchmarks.step``). The peak may rise: what is free lies in pieces. ``give_back_memory`` returns what it can.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(_M_MMAP_MAX, 0)
            libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
            libc.mallopt(_M_TOP_PAD, 2**26)


def give_back_memory() -> None:
    """Let go of what is no longer used, down to the system where its allocator keeps it back (glibc's)."""
    gc.collect()
    give_back_free_memory()


def give_back_free_memory() -> None:
    """Return to the system what the allocator keeps though it is free, where it does (glibc's)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def peak_memory_bytes() -> int:
    """Return the most memory in use so far: the GPU's where there is one, else this process's."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    status = Path("/proc/self/status")
    if status.is_file():  # Linux, where the other figure may be that of the process which started this one
        (line,) = (line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
