"""Weights that were not loaded, and a tokenizer that is not the model's: ``python -m benchmarks.report.weights``.

Prints for each fault the loss on held-out songs (ln V is guessing), what the report's Trainer would have logged for it
(smoothed, and four times that in the releases that multiply), and a text. With ``--steps`` the faults that were there
while training are also trained by the recipe of ``recipe.py``, to see how their curves would have looked.
"""

import logging
import math
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from benchmarks.report.material import blocks, keep, load, parser, read_songs, strangeness, write
from benchmarks.report.recipe import train


class Shuffled:
    """A tokenizer whose ids are another model's: the same pieces of text, other numbers."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.tokenizer = tokenizer
        self.to = torch.randperm(len(tokenizer), generator=torch.Generator().manual_seed(1))
        self.back = self.to.argsort()

    def __call__(self, text: str, return_tensors: str | None = None, **how: Any) -> dict[str, Any]:
        """Encode a text."""
        ids = self.to[torch.tensor(self.tokenizer(text, **how)["input_ids"], dtype=torch.long)]
        return {"input_ids": ids[None] if return_tensors else ids.tolist()}

    def convert_tokens_to_ids(self, token: str) -> int:
        """Return the id of a token."""
        return int(self.to[self.tokenizer.convert_tokens_to_ids(token)])

    def decode(self, ids: Tensor, **how: Any) -> str:
        """Return the text of ids."""
        return self.tokenizer.decode(self.back[ids.cpu()], **how)


def not_loaded(name: str) -> Any:
    """Return the architecture with the weights that it is made with."""
    torch.manual_seed(1)
    return AutoModelForCausalLM.from_config(load(name)[0].config).float().eval()


def under_other_names(name: str) -> Any:
    """Save the model, put ``network.`` before the name of every weight as a wrapper does, and load it again."""
    model, _ = load(name)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        file = Path(folder) / "model.safetensors"
        save_file({f"network.{key}": value for key, value in load_file(file).items()}, file, {"format": "pt"})
        torch.manual_seed(1)
        return AutoModelForCausalLM.from_pretrained(folder).float().eval()


def head_not_tied(name: str) -> Any:
    """Return the model with an output layer of its own, newly made, where it should share the embedding."""
    model, _ = load(name)
    torch.manual_seed(1)
    head = torch.nn.Linear(model.config.hidden_size, model.config.vocab_size, bias=False)
    head.weight.data.normal_(std=0.02)
    model.lm_head = head
    return model


@torch.no_grad()
def losses(model: Any, rows: Tensor) -> tuple[float, float]:
    """Return the plain loss and the one with smoothing 0.1, nats per target token, of rows (n, T)."""
    logits = model(input_ids=rows, use_cache=False).logits[:, :-1].flatten(0, 1)  # (n * (T - 1), V)
    targets = rows[:, 1:].flatten()
    return cross_entropy(logits, targets).item(), cross_entropy(logits, targets, label_smoothing=0.1).item()


def main() -> None:
    """Measure every fault."""
    arguments = parser(__doc__)
    arguments.add_argument("--steps", type=int, default=0, help="steps to train the faults by the report's recipe")
    arguments.add_argument("--bf16", action="store_true")
    arguments.add_argument("--faults", nargs="*", help="some of them only, by name")
    given = arguments.parse_args()
    logging.disable(logging.WARNING)
    healthy, tokenizer = load(given.model)
    shuffled = Shuffled(tokenizer)
    print(f"ln V = {math.log(len(tokenizer)):.2f}")
    train_songs, held_out_songs = read_songs(given.songs, 20)
    faults: dict[str, tuple[Any, Any]] = {
        "none": (lambda name: load(name)[0], tokenizer),
        "not loaded": (not_loaded, tokenizer),
        "saved under other names": (under_other_names, tokenizer),
        "output layer not tied": (head_not_tied, tokenizer),
        "tokenizer of another model": (lambda name: load(name)[0], shuffled),
    }
    for name in given.faults or faults:
        build, speaks = faults[name]
        model = build(given.model)
        held_out = blocks(speaks, held_out_songs[:3], 64)
        plain, smoothed = losses(model, held_out)
        text = write(model, speaks)
        found: dict[str, Any] = {
            "held-out loss": round(plain, 2),
            "smoothed": round(smoothed, 2),
            "smoothed, times 4": round(4 * smoothed, 2),
            "text": text,
            "nats": round(strangeness(healthy, tokenizer, text), 2),
        }
        if given.steps and name in ("not loaded", "tokenizer of another model"):
            rows = blocks(speaks, train_songs, 64)
            found["trained"] = train(model, rows, held_out, given.bf16, max_steps=given.steps)
            found["text after training"] = write(model.eval(), speaks)
        print(f"{name}: {found}", flush=True)
        keep("weights", {name: found})


if __name__ == "__main__":
    main()
