"""What is evaluated: a run's model with the songs that it was trained on and those that it has not seen.

A run folder goes in; its settings, its songs and the place of its model come out. The songs are read again from where
the run read them, since a run folder keeps no lyrics, and must come out split as they were.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import Corpus, corpus_from
from lyric_lm.runs import OUTPUTS, latest_run, model_folder


@dataclass(frozen=True)
class Subject:
    """A model to evaluate.

    ``tuned`` and ``base`` are arguments of ``load_model``; ``base`` is None where there is no untrained model to
    compare with: the model is itself untrained, or began from random weights. ``folder`` is the model's, ``run_dir``
    the run's, ``trained`` the settings of its training; all three are None for an untrained model. ``name`` is what
    to call the model.
    """

    name: str
    tuned: dict[str, Any]
    base: dict[str, Any] | None
    corpus: Corpus
    run_dir: Path | None
    folder: Path | None
    trained: dict[str, Any] | None

    @property
    def split(self) -> str:
        """The songs to judge by: ``test`` where some were set aside for it, else ``val``."""
        return "test" if self.corpus.splits["test"] else "val"

    @property
    def language(self) -> str:
        """The ISO 639-1 code of most songs' language; empty where none can be told."""
        told = self.corpus.languages - Counter({"": self.corpus.languages[""]})
        return max(told, key=lambda code: (told[code], code), default="")


def subject_of(settings: dict[str, Any]) -> Subject:
    """Find what the settings of ``evaluate`` mean: a run, or with ``run=null`` an untrained model.

    Raises:
        FileNotFoundError, InputError: there is no such run, it has no model, or its songs are not there as they were.
    """
    if settings["run"] is None:
        if settings["model"] is None:
            raise InputError("run=null wants the name of an untrained model: add model=gpt2, or another of conf/model")
        corpus = corpus_from(settings["data"], settings["seed"])
        return Subject(settings["model"]["name"], settings["model"], None, corpus, None, None, None)
    if settings["model"] is not None:
        raise InputError("model= is for untrained models: add run=null, or leave model= away to use a trained one")
    run_dir = latest_run(OUTPUTS) if settings["run"] == "latest" else Path(settings["run"]).expanduser()
    if run_dir.name in ("model", "model.previous"):
        run_dir = run_dir.parent
    folder = model_folder(str(run_dir))
    config = run_dir / ".hydra" / "config.yaml"
    if not config.is_file():
        raise InputError(
            f"run={settings['run']} is not a run folder (no .hydra/config.yaml), so it is not known which songs the "
            "model was trained on; give the folder that train made"
        )
    trained = yaml.safe_load(config.read_text(encoding="utf-8"))
    data = {**trained["data"], "path": _songs_path(trained["data"]["path"], settings["data"]["path"], run_dir)}
    if data.get("streamed"):
        raise InputError(
            f"run={settings['run']} was trained with data=streamed; evaluate looks each sample up in all "
            "training songs, which it holds in memory: train with data=lyrics to evaluate, or go by the held-out "
            "loss (compare)"
        )
    corpus = corpus_from(data, trained["seed"])
    _refuse_other_songs(corpus, run_dir)
    tuned = {"name": str(run_dir), "pretrained": str(folder), "revision": None, "dropout": None, "from_scratch": False}
    base = None if trained["model"]["from_scratch"] else trained["model"]
    return Subject(trained["model"]["name"], tuned, base, corpus, run_dir, folder, trained)


def _songs_path(then: str | None, now: str | None, run_dir: Path) -> str | None:
    """Return where the songs are: where they are said to be now, or where the run read them."""
    if now is not None or then is None:
        return now
    if Path(then).expanduser().exists():
        return then
    hydra = yaml.safe_load((run_dir / ".hydra" / "hydra.yaml").read_text(encoding="utf-8"))
    there = Path(hydra["hydra"]["runtime"]["cwd"]) / then
    return str(there) if there.exists() else then


def _refuse_other_songs(corpus: Corpus, run_dir: Path) -> None:
    """Raise InputError unless the songs are split as they were in the run: else "held out" would not be true."""
    file = run_dir / "split.json"
    if not file.is_file():
        raise InputError(
            f"run={run_dir} has no split.json, so it is not known which songs were held out; train it again"
        )
    then, now = json.loads(file.read_text(encoding="utf-8")), corpus.titles_by_split()
    differ = [title for name in then for title in set(then[name]).symmetric_difference(now.get(name, []))]
    n_then = {name: len(titles) for name, titles in then.items()}
    report = run_dir / "corpus.json"
    n_bytes = json.loads(report.read_text(encoding="utf-8"))["n_bytes"] if report.is_file() else None
    is_edited = n_bytes is not None and n_bytes != sum(len(song.lyrics.encode()) for song in corpus.songs)
    if differ or is_edited or n_then != {name: len(titles) for name, titles in now.items()}:
        told = ", ".join(sorted(set(differ))[:3])
        what = f"differing: {told}" if differ else "their lyrics differ" if is_edited else "their number differs"
        raise InputError(
            f"the songs in {corpus.path} are not those that {run_dir} was trained on ({what}); give the place of the "
            "same songs with data.path=, or train again"
        )
