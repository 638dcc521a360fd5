"""Draw the pictures of ``docs/report.md`` from ``results/``: ``python -m benchmarks.report.figures``."""

import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.report.material import RESULTS

DOCS = Path(__file__).parent.parent.parent / "docs"
BLUE, ORANGE, GREY, GREEN = "#2b6cb0", "#c05621", "#888888", "#2f855a"
LN_V = 10.80  # ln 49152, SmolLM2
BEFORE, SINCE = "5.14.1", "5.23.0"


def read(name: str) -> dict[str, Any]:
    """Return the results of a script."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def save(figure: Figure, name: str) -> None:
    """Write a picture into ``docs/``."""
    figure.savefig(DOCS / f"{name}.png", dpi=90, bbox_inches="tight")


def log_of_the_report() -> Figure:
    """Draw logged loss and gradient norm of one recipe under two releases of transformers, and the true loss."""
    runs = read("recipe")
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    loss, norm = figure.subplots(1, 2)
    for release, colour in ((BEFORE, ORANGE), (SINCE, BLUE)):
        run = runs[f"report | {release}"]
        steps = range(1, len(run["logged loss"]) + 1)
        loss.plot(steps, run["logged loss"], color=colour, label=f"logged loss, transformers {release}")
        norm.plot(steps, run["grad norm"], color=colour, label=f"transformers {release}")
    run = runs[f"report | {BEFORE}"]
    epochs = [i * len(run["logged loss"]) / 3 for i in range(len(run["held out"]))]
    loss.plot(epochs, run["held out"], "o--", color=GREEN, label="held-out loss, plain, either release")
    loss.axhline(LN_V, color=GREY, ls=":", lw=1)
    loss.text(0, LN_V + 0.3, "ln V: guessing", color=GREY, fontsize=8)
    norm.axhline(1, color=GREY, ls="--", lw=1, label="clipped at 1")
    loss.set(title="What the Trainer logs, and what is true", xlabel="optimizer step", ylabel="nats per token")
    norm.set(title="Gradient norm as logged", xlabel="optimizer step", ylabel="L2 norm")
    for axes, place in ((loss, "lower center"), (norm, "upper right")):
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, fontsize=7, labelspacing=0.15, borderaxespad=0, loc=place)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def warm_up() -> Figure:
    """Draw the learning rate and the held-out loss with a warm-up longer and shorter than the run."""
    runs = read("recipe")
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    rate, loss = figure.subplots(1, 2)
    for name, label, colour in (
        ("report", "warm-up 100, rate 2e-5 (the report)", ORANGE),
        ("warm-up 2", "warm-up 2, rate 2e-5", BLUE),
        ("rate 1e-4, warm-up 2, no smoothing", "warm-up 2, rate 1e-4, no smoothing", GREEN),
    ):
        run = next((runs[key] for key in (f"{name} | {BEFORE}", f"{name} | {SINCE}") if key in runs), None)
        if run:
            rate.plot(range(1, len(run["rate"]) + 1), run["rate"], color=colour, label=label)
            loss.plot(range(len(run["held out"])), run["held out"], "o-", color=colour, label=label)
    rate.set(title="Learning rate", xlabel="optimizer step")
    loss.set(title="Held-out loss (plain)", xlabel="epoch (0: untrained)", ylabel="nats per token")
    loss.xaxis.get_major_locator().set_params(integer=True)
    rate.legend(frameon=False, fontsize=8)
    for axes in (rate, loss):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def noise() -> Figure:
    """Draw the nats per token of every suspect's text, from language to noise."""
    sampling, decoding, weights, recipe = (read(name) for name in ("sampling", "decoding", "weights", "recipe"))
    trained = next(run for name, run in recipe.items() if name.startswith("report | "))
    found = {
        "held-out songs": (sampling["held-out songs"]["nats"], GREEN),
        "THE REPORT'S TEXT": (sampling["the report's text"]["nats"], ORANGE),
        "tokens drawn evenly": (sampling["tokens drawn evenly"]["nats"], GREY),
        "the report's recipe, safe sampling": (trained["safe"]["nats"], BLUE),
        "the report's recipe, untruncated": (trained["untruncated"]["nats"], BLUE),
    }
    smoothed = recipe[f"rate 1e-4, warm-up 2 | {SINCE}"]["untruncated"]["nats"]
    found["rate 1e-4 with smoothing, untruncated"] = (smoothed, BLUE)
    for name in ("1.0, untruncated", "1.5, top_k 50", "1.5, untruncated"):
        found[f"temperature {name}"] = (sampling[f"model: {name}"]["nats"], BLUE)
    for name in ("1.0, top_k 50", "1.0, untruncated"):
        found[f"smoothing learned completely, {name}"] = (
            sampling[f"smoothing learned completely: {name}"]["nats"],
            BLUE,
        )
    for name, value in decoding.items():
        if "nats" in value and name != "none":
            found[name] = (value["nats"], BLUE)
    for name, value in weights.items():
        if name != "none":
            found[f"weights: {name}"] = (value["nats"], BLUE)
    ordered = sorted(found.items(), key=lambda item: item[1][0])
    figure = Figure(figsize=(9, 0.28 * len(ordered) + 1), layout="constrained")
    axes = figure.subplots()
    axes.barh(
        [name for name, _ in ordered], [n for _, (n, _) in ordered], color=[c for _, (_, c) in ordered], height=0.7
    )
    axes.axvline(LN_V, color=GREY, ls=":", lw=1)
    axes.text(LN_V + 0.1, 0, "ln V", color=GREY, fontsize=8)
    axes.set(title="How strange the text is to a healthy model", xlabel="nats per token")
    axes.tick_params(axis="y", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Draw all."""
    save(log_of_the_report(), "report_log")
    save(warm_up(), "report_warm_up")
    save(noise(), "report_noise")


if __name__ == "__main__":
    main()
