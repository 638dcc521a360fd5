"""The notebooks run from their folder on any run and any songs, show figures, and hold no outputs in git."""

import json
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

by_name = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_run: Path) -> pytest.MonkeyPatch:
    """The environment that a notebook's kernel inherits: a tiny run, few tokens, nothing of the user's own."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "HF_HUB_OFFLINE": "1",
        "LYRIC_LM_OUTPUTS": str(tiny_run.parents[2]),
        "LYRIC_LM_NOTEBOOK_TOKENS": "20",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("LYRIC_LM_DATA", "LYRIC_LM_ARTIST"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def outputs_of(notebook: Path) -> list[nbformat.NotebookNode]:
    """Execute a notebook from its folder, without writing it, and return all outputs; an error in a cell raises."""
    content = nbformat.read(notebook, as_version=4)
    NotebookClient(content, timeout=120, resources={"metadata": {"path": str(notebook.parent)}}).execute()
    return [output for cell in content.cells for output in cell.get("outputs", [])]


def n_figures(outputs: list[nbformat.NotebookNode]) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def shown(outputs: list[nbformat.NotebookNode]) -> str:
    """Return the rendered tables and texts."""
    return "\n".join(
        str(output.get("data", {}).get(kind, "")) for output in outputs for kind in ("text/html", "text/markdown")
    )


def test_the_notebooks_are_found() -> None:
    assert [notebook.stem for notebook in NOTEBOOKS] == ["compare", "run", "songs"]


@by_name
def test_no_outputs_in_git(notebook: Path) -> None:
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    assert content.metadata.kernelspec.name == "python3"
    for cell in content.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


@by_name
def test_runs_and_shows_figures(notebook: Path, kernel: pytest.MonkeyPatch) -> None:
    before = notebook.read_bytes()
    outputs = outputs_of(notebook)
    assert n_figures(outputs) >= 3
    assert [output.text for output in outputs if output.output_type == "stream"] == []  # plots, not print-outs
    assert notebook.read_bytes() == before


@pytest.mark.parametrize("notebook", [n for n in NOTEBOOKS if n.stem != "songs"], ids=lambda n: n.stem)
def test_works_on_a_run_stopped_in_its_first_epoch(
    notebook: Path, kernel: pytest.MonkeyPatch, tiny_run: Path, tmp_path: Path
) -> None:
    stopped = tmp_path / "outputs" / "train" / "tiny" / "stopped"
    shutil.copytree(tiny_run, stopped)
    metrics = pd.read_csv(stopped / "metrics.csv")
    metrics[metrics["step"] <= 2].to_csv(stopped / "metrics.csv", index=False)
    summary = json.loads((stopped / "summary.json").read_text(encoding="utf-8"))
    unknown = dict.fromkeys(("best_val_loss", "best_epoch", "perplexity", "bits_per_byte"))
    (stopped / "summary.json").write_text(json.dumps(summary | unknown | {"interrupted": True}), encoding="utf-8")
    kernel.setenv("LYRIC_LM_OUTPUTS", str(tmp_path / "outputs"))
    assert n_figures(outputs_of(notebook)) >= 3


def test_songs_says_what_was_left_out(kernel: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    for name, line in (
        ("sea", "Row on, row home tonight"),
        ("tea", "Pour it out for $2 and $3"),
        ("hat", "Hold on to it now"),
    ):
        (folder / f"{name}.txt").write_text(
            f"[Chorus]\n{line}\n{line}\n\n[Verse]\nAnd nobody knew it\n3Embed", encoding="utf-8"
        )
    (folder / "quiet.txt").write_text("(Instrumental)", encoding="utf-8")
    kernel.setenv("LYRIC_LM_DATA", str(folder))
    outputs = outputs_of(ROOT / "notebooks" / "songs.ipynb")
    assert n_figures(outputs) >= 3
    assert "quiet: instrumental" in shown(outputs)


def test_compare_puts_every_run_into_the_table(kernel: pytest.MonkeyPatch, tiny_run: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(tiny_run, tmp_path / "outputs" / name)
    kernel.setenv("LYRIC_LM_OUTPUTS", str(tmp_path / "outputs"))
    table = shown(outputs_of(ROOT / "notebooks" / "compare.ipynb"))
    assert all(str(tmp_path / "outputs" / name) in table for name in ("first", "second"))
