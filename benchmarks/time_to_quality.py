"""Measure how long training takes to a held-out loss: ``python -m benchmarks.time_to_quality [SONGS ...]``.

The references (``benchmarks.references``) and this project with its defaults train the same network on the songs of
each artist (a folder each; without: the demo album), a process each time, one after the other. The judge measures
every contender alike, on a clock that stands meanwhile. Out come, for each contender, its best loss, the seconds until
it was there, and how much sooner ours was as good, between measurements along a straight line;
``docs/time_to_quality.png`` shows the curves.

Each contender has ``--seconds`` of training, 90 where nothing is said: the slow ones are cut off, which the table
says; ``--seconds 0`` lets each go to the end of its recipe, some minutes to an hour each. ``--keep-references`` takes
the references' curves from the last run with the same settings on the same machine, and runs ours alone;
``--recipe "optim.lr=1e-4 optim.schedule=cosine"`` changes settings of ours.
"""

import argparse
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from benchmarks import ours
from benchmarks.record import RESULTS, environment, record, spread, table
from benchmarks.references import nanogpt, report_recipe, trainer_best
from benchmarks.references.songs import Judge, load_plain, read_songs
from lyric_lm.hardware import multiplies_bf16
from lyric_lm.model.pretrained import load_model

CONTENDERS = {
    "A": "A: HF Trainer, the report's recipe",
    "B": "B: HF Trainer at its best",
    "C": "C: nanoGPT's loop, tuned",
    "ours": "lyric_lm, defaults",
}
COLOURS = {"A": "#888888", "B": "#2f855a", "C": "#c05621", "ours": "#2b6cb0"}
PICTURE = Path(__file__).parent.parent / "docs" / "time_to_quality.png"
ALBUM = "demo album"
SAME_MACHINE = ("processor", "cores", "torch_threads", "gpu")
Curve = list[tuple[float, int, float]]  # seconds, steps, nats per token


def measure(contender: str, artist: str, seed: int, model: str, seconds: float, recipe: str) -> dict[str, Any]:
    """Train in this process; return the curve, and whether it was cut off."""
    settings = ours.default_settings(f"model={model}")["model"]
    pretrained = settings["pretrained"]
    judges_own, tokenizer = load_plain(pretrained, 0.0)
    songs = read_songs(None if artist == ALBUM else artist, tokenizer, 1024)
    line_end = songs.line_end if contender == "ours" else ()
    judge = Judge(judges_own, songs, limit=seconds, least=max(2.0, seconds / 20), line_end=line_end)
    if contender == "ours":
        torch.manual_seed(seed)  # LoRA's matrices, where that is the default
        network = load_model(**settings)[0]
        network = ours.fit(network, songs, judge, seed, f"model={model}", *recipe.split())
    else:
        network = load_plain(pretrained, None if contender == "A" else 0.0)[0]
        {"A": report_recipe.fit, "B": trainer_best.fit, "C": nanogpt.fit}[contender](network, songs, judge, seed)
    return {"artist": songs.corpus.artist, "curve": judge.finish(network), "is_cut": judge.is_cut}


def best(curve: Curve) -> float:
    """Return the lowest loss of a curve."""
    return min(loss for _, _, loss in curve)


def seconds_to(curve: Curve, level: float) -> float | None:
    """Return the seconds after which a curve is first at a loss, on the straight line between two measurements.

    >>> curve = [(0.0, 0, 4.0), (2.0, 3, 3.5), (4.0, 6, 3.6)]
    >>> seconds_to(curve, 4.0), seconds_to(curve, 3.75), seconds_to(curve, 3.5), seconds_to(curve, 3.4)
    (0.0, 1.0, 2.0, None)
    """
    if curve[0][2] <= level:
        return curve[0][0]
    for (began, _, before), (ended, _, after) in pairwise(curve):
        if after <= level:
            return began + (ended - began) * (before - level) / (before - after)
    return None


def compared(by_seed: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the table of one artist: best losses and times, over the seeds."""
    rows = []
    for name, title in CONTENDERS.items():
        runs = [contenders[name] for contenders in by_seed.values() if name in contenders]
        if not runs:
            continue
        times: list[float] = []
        ratios: list[float] = []
        for contenders in by_seed.values():
            level = best(contenders[name]["curve"])
            own = seconds_to(contenders[name]["curve"], level) or 0.0
            our = seconds_to(contenders["ours"]["curve"], level)
            times.append(own)
            if our is not None and own > 0:
                ratios.append(own / our)
        rows.append(
            {
                "artist": runs[0]["artist"],
                "contender": title,
                "best loss": spread([best(run["curve"]) for run in runs], 3),
                "after seconds": spread(times, 0) + (" (cut off)" if any(run["is_cut"] for run in runs) else ""),
                "ours as good, sooner by": "" if name == "ours" else _times(ratios, times),
            }
        )
    return rows


def _times(ratios: list[float], times: list[float]) -> str:
    if not any(times):
        return "it learned nothing yet"
    if not ratios:
        return "never as good"
    n_seeds = len(times)
    return f"{spread(ratios, 1)} x" + (f", in {len(ratios)} of {n_seeds} seeds" if len(ratios) < n_seeds else "")


def draw(found: dict[str, dict[str, dict[str, Any]]], file: Path) -> None:
    """Draw loss over seconds of training, a panel for each artist, all seeds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4 * len(found), 4.2), layout="constrained")
    for axes, by_seed in zip(figure.subplots(1, len(found), squeeze=False)[0], found.values(), strict=True):
        for contenders in by_seed.values():
            for name, run in contenders.items():
                points = [(seconds, loss) for seconds, _, loss in run["curve"] if seconds > 0]
                label = CONTENDERS[name] if contenders is next(iter(by_seed.values())) else None
                axes.plot(*zip(*points, strict=True), ".-", color=COLOURS[name], lw=1.2, ms=4, label=label)
            axes.set_title(f"Held-out loss, {contenders['ours']['artist']}", loc="left")
        untrained = next(iter(by_seed.values()))["ours"]["curve"][0][2]
        axes.axhline(untrained, color="#bbbbbb", ls="--", lw=1, label=f"untrained: {untrained:.3f}")
        axes.set_xscale("log")
        axes.set_xlabel("seconds of training")
        axes.set_ylabel("nats per token")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
    file.parent.mkdir(exist_ok=True)
    figure.savefig(file, dpi=120)


def kept(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the curves of the last run, if it had these settings on this machine.

    Raises:
        SystemExit: there is none.
    """
    file = RESULTS / "time_to_quality.json"
    last = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    here, there = environment(), last.get("environment", {})
    if last.get("settings") != settings or any(here[key] != there.get(key) for key in SAME_MACHINE):
        sys.exit("error: no curves of the references with these settings on this machine; leave --keep-references away")
    return last["curves"]


def main() -> None:
    """Print the table and draw the picture, or print one contender's curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artists", nargs="*", metavar="SONGS", help="folders of songs; without: the demo album")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--seconds", type=float, default=90.0, help="of training for each contender; 0: no limit")
    parser.add_argument("--model", default="smollm2", help="one of conf/model; gpt2 where a model hub is in reach")
    parser.add_argument("--without", nargs="+", choices=("A", "B", "C"), default=[], help="references to leave out")
    parser.add_argument("--keep-references", action="store_true")
    parser.add_argument("--recipe", default="", help="settings of train for ours, with spaces between")
    parser.add_argument("--short", action="store_true", help="some steps each, and without A, whose steps are longer")
    parser.add_argument("--one", choices=CONTENDERS, help="one contender, here, on the first artist and seed")
    arguments = parser.parse_args()
    some_steps = 12.0 if multiplies_bf16("cpu") else 60.0
    seconds = some_steps if arguments.short else arguments.seconds
    artists = arguments.artists or [ALBUM]
    if arguments.one:
        given = (arguments.seeds[0], arguments.model, seconds, arguments.recipe)
        print(json.dumps(measure(arguments.one, artists[0], *given)))
        return
    left_out = {*arguments.without, *("A" if arguments.short else "")}
    settings = {"artists": artists, "seeds": arguments.seeds, "seconds": seconds, "model": arguments.model}
    last = kept(settings) if arguments.keep_references else {}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for artist in artists:
        for seed in map(str, arguments.seeds):
            contenders = found.setdefault(artist, {}).setdefault(seed, {})
            for name in CONTENDERS:
                if name in left_out:
                    continue
                if last and name != "ours":
                    contenders[name] = last[artist][seed][name]
                    continue
                command = [sys.executable, "-W", "ignore", "-m", "benchmarks.time_to_quality", artist, "--one", name]
                command += ["--seeds", seed, "--seconds", str(seconds), "--model", arguments.model]
                command += ["--recipe", arguments.recipe]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                contenders[name] = json.loads(done.stdout.strip().splitlines()[-1])
                print(
                    f"{artist}, seed {seed}, {name}: {best(contenders[name]['curve']):.3f}", file=sys.stderr, flush=True
                )
            rows = [row for by_seed in found.values() for row in compared(by_seed)]
            if not arguments.short:  # after each seed: a run of an hour that is stopped keeps what it has
                record("time_to_quality", rows, settings=settings, curves=found)
    print(table(rows))
    if not arguments.short:
        draw(found, PICTURE)


if __name__ == "__main__":
    main()
