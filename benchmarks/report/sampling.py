"""What sampling can do to the text, and what smoothing adds to it: ``python -m benchmarks.report.sampling``.

Prints the nats per token, under the untouched model, of texts written with and without truncation, at several
temperatures, from the model as it is and from what label smoothing would make of it if learned completely
(0.9 p + 0.1 / V: where the smoothed loss is least); beside them held-out songs, tokens drawn evenly from the
vocabulary, and the report's own text. Then the share of probability outside the likeliest 50 and 1,000 tokens, before
and after training, and after 0 to 6 junk tokens.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessorList

from benchmarks.report.material import (
    PROMPT,
    SAFE,
    UNTRUNCATED,
    blocks,
    keep,
    load,
    loss_of,
    parser,
    read_songs,
    strangeness,
    write,
)

REPORT = " Sweep mosqueCivil hoard blastNorm"
SEEDS = range(1, 5)
CHOICES: dict[str, dict[str, Any]] = {
    "0.8, top_k 50, top_p 0.95": SAFE,
    "1.0, top_k 50": {**UNTRUNCATED, "top_k": 50},
    "1.0, untruncated": UNTRUNCATED,
    "1.5, top_k 50": {**UNTRUNCATED, "temperature": 1.5, "top_k": 50},
    "1.5, untruncated": {**UNTRUNCATED, "temperature": 1.5},
}


def smoothed(_: Tensor, scores: Tensor) -> Tensor:
    """Return the scores (B, V) that minimise a loss with smoothing 0.1: a tenth of the probability spread evenly."""
    return (0.9 * scores.softmax(-1) + 0.1 / scores.shape[-1]).log()


@torch.no_grad()
def outside(model: Any, rows: Tensor, n: int) -> float:
    """Return the mean probability outside the n likeliest tokens, over the later half of rows (m, T)."""
    total = 0.0
    for row in rows.split(1):
        p = model(input_ids=row, use_cache=False).logits[0, row.shape[1] // 2 :].softmax(-1)  # (T / 2, V)
        total += 1 - p.topk(n).values.sum(-1).mean().item()
    return total / len(rows)


@torch.no_grad()
def after_junk(model: Any, tokenizer: Any, n_junk: int) -> list[float]:
    """Return the probability outside the 50 and 1,000 likeliest after the prompt and n junk tokens, mean of 20."""
    ids = torch.tensor([tokenizer(PROMPT, add_special_tokens=False)["input_ids"]] * 20)
    junk = torch.randint(0, len(tokenizer), (20, n_junk), generator=torch.Generator().manual_seed(1))
    ordered = model(input_ids=torch.cat([ids, junk], 1), use_cache=False).logits[:, -1].softmax(-1).sort(-1).values
    return [round(ordered[:, :-n].sum(-1).mean().item(), 4) for n in (50, 1000)]


def texts(model: Any, tokenizer: Any, held_out: Tensor) -> dict[str, Any]:
    """Return texts by every choice of sampling, and what they are compared with."""
    even = torch.randint(0, len(tokenizer), (40,), generator=torch.Generator().manual_seed(1))
    found: dict[str, Any] = {
        "held-out songs": {"nats": round(loss_of(model, held_out), 2)},
        "the report's text": {"nats": round(strangeness(model, tokenizer, REPORT), 2), "text": REPORT},
        "tokens drawn evenly": {
            "nats": round(strangeness(model, tokenizer, tokenizer.decode(even)), 2),
            "text": tokenizer.decode(even),
        },
    }
    for who, processors in (("model", []), ("smoothing learned completely", [smoothed])):
        for how, choice in CHOICES.items():
            if processors and choice["temperature"] == 1.5:
                continue
            written = [
                write(model, tokenizer, seed=seed, logits_processor=LogitsProcessorList(processors), **choice)
                for seed in SEEDS
            ]
            nats = [strangeness(model, tokenizer, text) for text in written if text.strip()]
            found[f"{who}: {how}"] = {"nats": round(sum(nats) / len(nats), 2), "text": written}
    return found


def main() -> None:
    """Measure the texts and tails of the model, or only the tails of trained ones."""
    arguments = parser(__doc__)
    arguments.add_argument("--trained", nargs="*", help="NAME=FOLDER of models that recipe.py has saved: their tails")
    given = arguments.parse_args()
    model, tokenizer = load(given.model)
    held_out = blocks(tokenizer, read_songs(given.songs)[1][:6], 64)
    results = {} if given.trained else texts(model, tokenizer, held_out)
    for name, folder in [("untouched", given.model), *(pair.split("=", 1) for pair in given.trained or [])]:
        trained, _ = load(folder)
        results[f"tail: {name}"] = {str(n): round(outside(trained, held_out[:8], n), 4) for n in (50, 1000)}
    for n_junk in () if given.trained else (0, 1, 3, 6):
        results[f"tail after {n_junk} junk tokens"] = after_junk(model, tokenizer, n_junk)
    for name, value in results.items():
        print(f"{name}: {value}")
    keep("sampling", results)


if __name__ == "__main__":
    main()
