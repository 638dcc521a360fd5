"""The evaluate command as it is typed: what it leaves, and what else than a run it can evaluate."""

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM, AutoTokenizer

from lyric_lm.evaluation import guide
from lyric_lm.lyrics.corpus import build_corpus
from tests.conftest import SMALL
from tests.evaluating import FILES, Call, contents, metrics_of, names, records
from tests.evaluation_keys import check_keys


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("based")


@pytest.fixture
def based(call: Call, place: Path, tiny_run: Path, songs_folder: Path) -> Path:
    """A run that began from weights, those of ``tiny_run``, with songs that fit in a block; made and evaluated once."""
    folder = place / "run"
    if not folder.exists():
        base = shutil.copytree(tiny_run / "model", place / "tiny_album")
        done = call(
            *("train", f"model.pretrained={base}", f"data.path={songs_folder}", f"hydra.run.dir={folder}"),
            *("data.block_size=1024", "data.val_fraction=0.4", "trainer.max_epochs=1", "trainer.precision=32-true"),
            *("optim.lr=3e-3", "callbacks=bare", "logger=csv_only"),
        )
        assert done.code == 0, done.err
        done = call("evaluate", f"run={folder}", *SMALL)
        assert done.code == 0, done.err
    return folder


# What it leaves


def test_the_folder_is_that_of_the_documents(evaluated: Path, based: Path) -> None:
    assert names(evaluated) == FILES
    assert names(based / "evaluation") == FILES | {"base_samples.jsonl"}


def test_records_are_those_of_generate(evaluated: Path, run: Path) -> None:
    found = records(evaluated / "samples.jsonl")
    assert [list(record) for record in found] == [["prompt", "text", "ended", "seed", "settings", "model"]] * 6
    assert [record["seed"] for record in found] == [1, 2, 3, 4, 5, 6]
    assert {record["model"] for record in found} == {str(run / "model")}
    assert found[0]["settings"] == {
        **{"max_new_tokens": 60, "temperature": 1.0, "top_k": 0, "top_p": 0.9, "min_p": None},
        **{"repetition_penalty": 1.0, "originality": None},
    }


def test_the_songs_are_those_of_generate(call: Call, evaluated: Path, run: Path, tmp_path: Path) -> None:
    done = call("generate", f"run={run}", "prompt=", "num_samples=2", "max_new_tokens=60", "out=songs.jsonl")
    assert (done.code, done.err) == (0, "")
    assert records(tmp_path / "songs.jsonl") == records(evaluated / "samples.jsonl")[:2]


def test_metrics_of_a_run_from_random_weights(evaluated: Path, run: Path) -> None:
    metrics = metrics_of(evaluated)
    check_keys(metrics, has_base=False)
    split = json.loads((run / "split.json").read_text(encoding="utf-8"))
    assert (metrics["run"], metrics["model"], metrics["artist"]) == (str(run), "tiny", "Tilda Marrow")
    assert (metrics["version"], metrics["split"]) == (1, "val")
    assert (metrics["n_train_songs"], metrics["n_held_out_songs"]) == (len(split["train"]), len(split["val"]))
    assert sorted(song["title"] for song in metrics["held_out"]["songs"]) == sorted(split["val"])
    assert metrics["settings"] == {
        **{"num_samples": 6, "num_base_samples": 6, "prompt": "", "max_new_tokens": 60, "temperature": 1.0},
        **{"top_k": 0, "top_p": 0.9, "min_p": None, "repetition_penalty": 1.0, "originality": None, "seed": 1},
    }
    # There is no untrained model to compare with.
    assert metrics["held_out"]["base"] is metrics["held_out"]["difference"] is metrics["noise"] is None
    assert metrics["originality"]["sets"]["base"] is metrics["style"]["told_apart"]["base"] is None
    assert (
        metrics["style"]["nearer"]
        is metrics["style"]["rhyme_schemes"]["base"]
        is metrics["style"]["ended"]["base"]
        is None
    )
    for feature in metrics["style"]["features"].values():
        assert feature["sets"]["base"] is feature["distance"]["base"] is None
    assert {row["base"] for row in metrics["style"]["favourite_words"]} == {None}
    assert metrics["verdict"]["learned"]["answer"] == "unknown"
    assert metrics["guide"] is metrics["style"]["mauve"] is None


def test_metrics_of_a_run_from_weights(based: Path) -> None:
    metrics = metrics_of(based / "evaluation")
    check_keys(metrics, has_base=True)
    assert metrics["style"]["told_apart"]["samples"]["n_held_out"] == metrics["n_held_out_songs"] >= 4
    assert metrics["originality"]["sets"]["base"]["n_songs"] == 6
    assert 0 <= metrics["noise"] <= 1
    assert 0 <= metrics["style"]["nearer"]["samples"]["share"] <= 1
    assert metrics["style"]["ended"]["base"] == sum(
        record["ended"] / 6 for record in records(based / "evaluation" / "base_samples.jsonl")
    )
    base_of = {record["model"] for record in records(based / "evaluation" / "base_samples.jsonl")}
    assert base_of == {str(based.parent / "tiny_album")}
    low, high = metrics["held_out"]["difference"]["loss_interval"]
    assert low <= metrics["held_out"]["difference"]["loss"] <= high


def losses(model: Path, songs: Path, titles: list[str]) -> dict[str, tuple[float, int]]:
    """Each song's nats and tokens, added up token by token in double precision."""
    network = AutoModelForCausalLM.from_pretrained(model).double().eval()
    tokenizer = AutoTokenizer.from_pretrained(model)
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    lyrics = {song.title: song.lyrics for song in build_corpus(songs, None, "drop", False, 0.1, 0.0, 1).songs}
    found = {}
    for title in titles:
        ids = [end, *tokenizer("\n" + lyrics[title])["input_ids"], end]
        assert len(ids) <= 1024
        with torch.no_grad():
            logits = network(torch.tensor([ids])).logits[0]
        nats = 0.0
        for place in range(2, len(ids)):  # behind the opening: a separator and a line end
            scores = logits[place - 1]
            nats += math.log(sum(math.exp(score) for score in scores.tolist())) - float(scores[ids[place]])
        found[title] = (nats, len(ids) - 2)
    return found


def test_held_out_figures_agree_with_a_plain_loop(evaluated: Path, run: Path, songs_folder: Path) -> None:
    held_out = metrics_of(evaluated)["held_out"]
    expected = losses(run / "model", songs_folder, [song["title"] for song in held_out["songs"]])
    for song in held_out["songs"]:
        nats, n_tokens = expected[song["title"]]
        assert song["n_tokens"] == n_tokens
        assert song["loss"] == pytest.approx(nats / n_tokens, rel=1e-5)
        assert song["perplexity"] == pytest.approx(math.exp(nats / n_tokens), rel=1e-4)
        assert song["bits_per_byte"] == pytest.approx(nats / math.log(2) / (n_tokens - 1), rel=1e-5)  # a token: a byte
    nats, n_tokens = (sum(column) for column in zip(*expected.values(), strict=True))
    assert held_out["tuned"]["loss"] == pytest.approx(nats / n_tokens, rel=1e-5)
    n_bytes = n_tokens - len(expected)
    assert (held_out["tuned"]["n_tokens"], held_out["tuned"]["n_bytes"]) == (n_tokens, n_bytes)
    assert held_out["tuned"]["bits_per_byte"] == pytest.approx(nats / math.log(2) / n_bytes, rel=1e-5)
    assert [song["loss"] for song in held_out["songs"]] == sorted((s["loss"] for s in held_out["songs"]), reverse=True)


def test_songs_that_fit_in_a_block_cost_what_training_said(based: Path) -> None:
    held_out = metrics_of(based / "evaluation")["held_out"]
    summary = json.loads((based / "summary.json").read_text(encoding="utf-8"))
    assert held_out["tuned"]["loss"] == pytest.approx(summary["best_val_loss"], abs=1e-3)
    assert held_out["tuned"]["bits_per_byte"] == pytest.approx(summary["bits_per_byte"], abs=1e-3)
    assert held_out["base"]["loss"] == pytest.approx(summary["baseline_val_loss"], abs=1e-3)
    assert held_out["difference"]["loss"] == pytest.approx(held_out["tuned"]["loss"] - held_out["base"]["loss"])


def test_the_page_stands_alone_and_shows_the_untrained_model_where_there_is_one(evaluated: Path, based: Path) -> None:
    alone, beside = (
        (folder / "report.html").read_text(encoding="utf-8") for folder in (evaluated, based / "evaluation")
    )
    for page, folder in ((alone, evaluated), (beside, based / "evaluation")):
        assert page.startswith("<!DOCTYPE html>")
        assert page.rstrip().endswith("</html>")
        for outside in ("<script", "<link", "@import", 'src="', 'href="http', "url(http"):
            assert outside not in page
        for part in metrics_of(folder)["verdict"].values():
            assert part["sentence"].replace("'", "&#39;") in page
        assert page.count("<svg") > 10
    for mark in (">untrained model</", '<th class="number">untrained</th>', "untrained model (ceiling)"):
        assert mark not in alone
        assert mark in beside


def test_the_screen(call: Call, evaluated: Path, run: Path) -> None:
    done = call("evaluate", f"run={run}", *SMALL)
    metrics = metrics_of(evaluated)
    assert done.code == 0
    for part in metrics["verdict"].values():
        assert part["sentence"] in done.out
    for one in metrics["advice"]:
        assert f"  - {one['do']}: {one['why']}\n" in done.out
        assert f"    {one['command'] or ''}" in done.out
    assert f"{evaluated}/report.html" in done.out.splitlines()[-1]
    assert done.err.splitlines()[0] == f"{run}: 2 held-out songs, 10 training songs"


def test_the_latest_run_is_the_default(call: Call, tiny_run: Path, tmp_path: Path) -> None:
    latest = shutil.copytree(tiny_run, tmp_path / "outputs" / "train" / "tiny" / "a")
    done = call("evaluate", "num_samples=1", "max_new_tokens=8")
    assert done.code == 0, done.err
    assert names(latest / "evaluation") == FILES
    assert names(tmp_path) == {"outputs"}  # nothing anywhere else
    assert names(latest) == names(tiny_run) | {"evaluation"}


# Other things to evaluate


def test_an_untrained_model_on_the_test_split(call: Call, songs_folder: Path, tmp_path: Path) -> None:
    asked = ("run=null", "model=tiny", f"data.path={songs_folder}", "data.test_fraction=0.4")
    done = call("evaluate", *asked, *SMALL)
    assert done.code == 0, done.err
    folder = tmp_path / "outputs" / "evaluation" / "tiny"
    assert names(folder) == FILES
    metrics = metrics_of(folder)
    check_keys(metrics, has_base=False)
    assert (metrics["run"], metrics["model"], metrics["split"]) == (None, "tiny", "test")
    splits = build_corpus(songs_folder, None, "drop", False, 0.1, 0.4, 1).titles_by_split()
    assert sorted(song["title"] for song in metrics["held_out"]["songs"]) == sorted(splits["test"])
    assert metrics["n_train_songs"] == len(splits["train"])
    assert metrics["held_out"]["tuned"]["loss"] == pytest.approx(math.log(257), abs=0.15)
    assert [one["command"] for one in metrics["advice"]] == ["python -m lyric_lm.train data.path=MY_SONGS"]
    assert ">None<" not in (folder / "report.html").read_text(encoding="utf-8")


def test_a_run_with_a_test_split_is_judged_by_it(
    call: Call, tiny_run: Path, songs_folder: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    config = yaml.safe_load((run / ".hydra" / "config.yaml").read_text(encoding="utf-8"))
    config["data"]["test_fraction"] = 0.4
    (run / ".hydra" / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    splits = build_corpus(songs_folder, None, "drop", False, 0.1, 0.4, 1).titles_by_split()
    (run / "split.json").write_text(json.dumps(splits), encoding="utf-8")
    assert call("evaluate", f"run={run}", "num_samples=1", "max_new_tokens=8").code == 0
    metrics = metrics_of(run / "evaluation")
    assert metrics["split"] == "test"
    assert sorted(song["title"] for song in metrics["held_out"]["songs"]) == sorted(splits["test"])


def test_no_songs_by_the_untrained_model(call: Call, based: Path) -> None:
    done = call("evaluate", f"run={based}", *SMALL, "num_base_samples=0", "out=mine")
    assert done.code == 0, done.err
    metrics = metrics_of(Path("mine"))
    assert names(Path("mine")) == FILES
    assert metrics["held_out"]["base"] is not None
    assert metrics["noise"] is not None
    assert metrics["originality"]["sets"]["base"] is metrics["style"]["told_apart"]["base"] is None
    assert metrics["style"]["nearer"] is None


def test_with_the_guard_on(call: Call, based: Path) -> None:
    done = call("evaluate", f"run={based}", *SMALL, "originality=6", "out=mine")
    assert done.code == 0, done.err
    assert metrics_of(Path("mine"))["settings"]["originality"] == 6
    asked = {
        name: {record["settings"]["originality"] for record in records(Path("mine") / f"{name}.jsonl")}
        for name in ("samples", "base_samples")
    }
    assert asked == {"samples": {6}, "base_samples": {None}}  # the untrained model has nothing to guard


def test_the_guide(call: Call, based: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "N_SONGS", 2)
    monkeypatch.setattr(guide, "TEMPERATURES", (0.6, 1.0))
    monkeypatch.setattr(
        guide, "CUTS", ({"top_k": 50, "top_p": 0.95, "min_p": None}, {"top_k": 0, "top_p": 1.0, "min_p": 0.1})
    )
    folder = shutil.copytree(based / "evaluation", tmp_path / "mine")
    before = contents(folder)
    done = call("evaluate", f"run={based}", *SMALL, "guide=true", "out=mine")
    assert done.code == 0, done.err
    metrics = metrics_of(folder)
    check_keys(metrics, has_base=True)
    keys = ("temperature", "top_k", "top_p", "min_p")
    assert [tuple(row[key] for key in keys) for row in metrics["guide"]] == [
        *((0.6, 50, 0.95, None), (1.0, 50, 0.95, None), (0.6, 0, 1.0, 0.1), (1.0, 0, 1.0, 0.1))
    ]
    measures = {
        "share_4",
        "share_6",
        "longest_run",
        "verbatim_lines",
        "noise",
        "auc",
        "style_distance",
        "ended",
        "n_songs",
    }
    for row in metrics["guide"]:
        assert set(row) == {*keys} | measures
        assert row["n_songs"] == 2
        assert 0 <= row["noise"] <= 1
    after = contents(folder)
    songs = [name for name in after if name.startswith("guide")]
    assert sorted(songs) == [f"guide/{number:02}.jsonl" for number in (1, 2, 3, 4)]
    for number, row in enumerate(metrics["guide"], start=1):
        found = records(folder / "guide" / f"{number:02}.jsonl")
        assert [record["seed"] for record in found] == [1, 2]
        for record in found:
            assert [record["settings"][key] for key in keys] == [row[key] for key in keys]
    assert after["samples.jsonl"] == before["samples.jsonl"]
    assert {key: value for key, value in metrics.items() if key != "guide"} == {
        key: value for key, value in json.loads(before["metrics.json"]).items() if key != "guide"
    }
    page = after["report.html"].decode()
    assert 'id="guide"' in page
    assert 'id="guide"' not in before["report.html"].decode()
