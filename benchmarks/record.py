"""Keep a benchmark's figures with what they were measured on: ``benchmarks/results/NAME.json``."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import torch

RESULTS = Path(__file__).parent / "results"


def environment() -> dict[str, Any]:
    """Return the machine, its load and the versions, as plain data."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit.stdout.strip() or None,
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "transformers", "lightning")},
        "machine": platform.machine(),
        "processor": processor(),
        "cores": psutil.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "amx": bool(torch.cpu._is_amx_tile_supported()),
        "avx512_bf16": bool(torch.cpu._is_avx512_bf16_supported()),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_at_the_end": round(os.getloadavg()[0], 1),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def processor() -> str:
    """Return the processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def record(name: str, rows: list[dict[str, Any]], **more: Any) -> Path:
    """Write ``results/NAME.json``: the command, the environment, the rows of the table and what else was measured."""
    RESULTS.mkdir(exist_ok=True)
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    command = " ".join(["python -m", spec.name if spec else Path(sys.argv[0]).stem, *sys.argv[1:]])
    content = {"name": name, "command": command, "environment": environment(), "rows": rows, **more}
    file = RESULTS / f"{name}.json"
    file.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
    return file


def spread(values: list[float], digits: int = 2) -> str:
    """Return the median and the range of several measurements.

    >>> spread([3.0, 1.0, 2.0])
    '2.00 (1.00 to 3.00)'
    """
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows as a Markdown table; the keys of the first are its columns."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + " --- |" * len(rows[0])]
    return "\n".join([*lines, *("| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows)])
