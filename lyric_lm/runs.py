"""Find runs and read what they left: the run folder as the place where stages meet.

What a run folder holds is told in ``outputs/README.md``.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from lyric_lm.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

OUTPUTS = Path("outputs")

# The columns of metrics.csv, in order; blank where not measured.
METRICS = (
    *("step", "epoch", "train/loss", "train/objective", "train/grad_norm", "lr", "tokens_per_second"),
    *("val/loss", "val/perplexity", "val/bits_per_byte"),
)


@dataclass(frozen=True)
class Run:
    """A run folder, read: the metrics as a table with the columns ``METRICS``, and the summary."""

    folder: Path
    metrics: "pd.DataFrame"
    summary: dict[str, Any]
    overrides: dict[str, str]

    @property
    def train(self) -> "pd.DataFrame":
        """The rows of optimizer steps."""
        return self.metrics[self.metrics["train/loss"].notna()]

    @property
    def val(self) -> "pd.DataFrame":
        """The rows of validations; the first is the untrained model's, at step 0."""
        return self.metrics[self.metrics["val/loss"].notna()]


def read_run(folder: Path) -> Run:
    """Read a run folder.

    Raises:
        InputError: it has no metrics or no summary.
    """
    for name in ("metrics.csv", "summary.json"):
        if not (folder / name).is_file():
            raise InputError(f"run={folder} has no {name}: it is not a run folder, or the run never got that far")
    overrides = folder / ".hydra" / "overrides.yaml"
    items = yaml.safe_load(overrides.read_text(encoding="utf-8")) if overrides.is_file() else []
    # What a search gives its runs to report by tells nothing apart.
    pairs = [item.split("=", 1) for item in items or [] if "=" in item and not item.startswith("+callbacks.pruning.")]
    return Run(
        folder=folder,
        metrics=read_metrics(folder),
        summary=json.loads((folder / "summary.json").read_text(encoding="utf-8")),
        overrides={key: value.strip("'") for key, value in pairs},  # without the quotes that Hydra needed
    )


def read_metrics(folder: Path) -> "pd.DataFrame":
    """Read ``metrics.csv`` as numbers, NaN where not measured."""
    import pandas as pd  # half a second, which finding a model does not need

    return pd.read_csv(
        folder / "metrics.csv", dtype={name: "int64" if name in ("step", "epoch") else "float64" for name in METRICS}
    )


def losses_by_epoch(metrics: "pd.DataFrame") -> tuple[list[dict[str, Any]], int | None]:
    """Return ``epoch``, ``val_loss`` and ``train_loss`` (a mean over the epoch) of each epoch, and the best epoch.

    Epoch 0 is the untrained model; its ``train_loss`` is None. The best epoch is None where nothing was trained. Of
    several validations in an epoch the lowest counts.
    """
    means = metrics[metrics["train/loss"].notna()].groupby("epoch")["train/loss"].mean()
    rows: list[dict[str, Any]] = []
    for _, row in metrics[metrics["val/loss"].notna()].iterrows():
        epoch = int(row["epoch"]) + 1 if row["step"] > 0 else 0
        mean = means.get(epoch - 1) if epoch else None
        train_loss = None if mean is None else float(mean)
        val_loss = float(row["val/loss"])
        if rows and rows[-1]["epoch"] == epoch:
            val_loss = min(val_loss, rows.pop()["val_loss"])
        rows.append({"epoch": epoch, "val_loss": val_loss, "train_loss": train_loss})
    trained = [row for row in rows if row["epoch"] > 0]
    return rows, min(trained, key=lambda row: row["val_loss"])["epoch"] if trained else None


def complete_summary(run_dir: Path) -> dict[str, Any] | None:
    """Return what a run came to; None if there is none that has come to its end."""
    file = run_dir / "summary.json"
    summary = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    return None if summary is None or summary["interrupted"] else summary


def from_here(path: Path) -> Path:
    """Return a path as seen from here if it lies below: shorter to read, and the same place."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def find_runs(where: str | list[str]) -> list[Path]:
    """Return the run folders that are meant: folders, or folders of runs, with commas between.

    Raises:
        FileNotFoundError: a folder does not exist.
        InputError: there is no run in one of them.
    """
    names = where if isinstance(where, list) else [where] if Path(where).exists() else where.split(",")
    found: list[Path] = []
    for name in names:
        folder = Path(name.strip()).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(f"run={name.strip()} does not exist; give run folders or a folder of runs")
        inside = sorted(summary.parent for summary in folder.rglob("summary.json"))
        if not inside:
            raise InputError(f"run={name.strip()} holds no run (no summary.json in it); train one first")
        found += inside
    return list(dict.fromkeys(found))


def latest_run(outputs: Path, needs: str = "model/config.json") -> Path:
    """Return the newest run folder under ``outputs`` that has the file ``needs``.

    Raises:
        InputError: there is none.
    """
    # A run killed while its model was replaced has the one before as model.previous.
    names = (needs, needs.replace("model/", "model.previous/"))
    files = [file for name in names for file in outputs.rglob(name) if file.is_file()]
    if not files:
        raise InputError(
            f"run=latest: no run under {outputs}/ has {needs} yet; train one with python -m lyric_lm.train, or name a "
            "folder with run="
        )
    newest = max(files, key=lambda file: (file.stat().st_mtime, str(file)))
    return newest.parents[len(Path(needs).parts) - 1]


def model_folder(run: str) -> Path:
    """Return the exported model that ``run`` means: ``latest``, a run folder, or a model folder itself.

    Raises:
        FileNotFoundError: the folder does not exist.
        InputError: there is no model in it.
    """
    folder = latest_run(OUTPUTS) if run == "latest" else Path(run).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"run={run} does not exist; give a run folder, a model folder, latest, or null")
    for candidate in (folder / "model", folder / "model.previous", folder):  # previous: killed while it was replaced
        if (candidate / "config.json").is_file():
            return candidate
    raise InputError(f"run={run} has no model/ yet: it stopped before a first model was kept; go on with resume={run}")
