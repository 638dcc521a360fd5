"""The report's recipe in transformers' own Trainer, and one change at a time: ``python -m benchmarks.report.recipe``.

3 epochs, rate 2e-5 (linear), accumulation 4, clip 1.0, warm-up 100, label smoothing 0.1. For each variant it keeps what
the Trainer logs (loss, grad_norm, learning_rate, eval_loss), the plain held-out loss by epoch, and two texts. Run it
once per release of transformers: ``results/recipe.json`` holds them side by side.
"""

import logging
import tempfile
import time
from typing import Any

import torch
import transformers
from torch import Tensor
from transformers import Trainer, TrainerCallback, TrainingArguments

from benchmarks.report.material import UNTRUNCATED, blocks, keep, load, loss_of, parser, read_songs, strangeness, write

RECIPE: dict[str, Any] = {
    "num_train_epochs": 3,
    "learning_rate": 2e-5,
    "gradient_accumulation_steps": 4,
    "per_device_train_batch_size": 2,
    "max_grad_norm": 1.0,
    "warmup_steps": 100,
    "label_smoothing_factor": 0.1,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "report": {},
    "accumulation 1": {"gradient_accumulation_steps": 1, "per_device_train_batch_size": 8, "max_steps": 2},
    "no smoothing": {"label_smoothing_factor": 0.0, "max_steps": 2},
    "warm-up 2": {"warmup_steps": 2},
    "rate 1e-4, warm-up 2": {"warmup_steps": 2, "learning_rate": 1e-4},
    "rate 1e-4, warm-up 2, no smoothing": {"warmup_steps": 2, "learning_rate": 1e-4, "label_smoothing_factor": 0.0},
}


class HeldOut(TrainerCallback):
    """Measure the plain held-out loss, and the Trainer's own evaluation loss, before training and after each epoch."""

    def __init__(self, rows: Tensor) -> None:
        self.rows, self.plain = rows, list[float]()

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        self.measure(model, args.bf16)

    def on_epoch_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        self.measure(model, args.bf16)

    def measure(self, model: Any, is_bf16: bool) -> None:
        was_training = model.training
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_bf16):
            self.plain.append(loss_of(model.eval(), self.rows))
        model.train(was_training)


def train(model: Any, rows: Tensor, held_out: Tensor, bf16: bool, **changes: Any) -> dict[str, Any]:
    """Train the model by the recipe with changes; return the curves.

    Args:
        rows: blocks to train on (n, T).
        held_out: blocks of the songs held out (m, T).
        bf16: autocast; several times faster on processors that multiply bf16.
        changes: of ``RECIPE``, by the names of ``TrainingArguments``.
    """
    watch = HeldOut(held_out)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            logging_steps=1,
            report_to=[],
            use_cpu=not torch.cuda.is_available(),
            bf16=bf16,
            save_strategy="no",
            disable_tqdm=True,
            seed=1,
            **{**RECIPE, **changes},
        )
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=[{"input_ids": row, "labels": row.clone()} for row in rows],
            eval_dataset=[{"input_ids": row, "labels": row.clone()} for row in held_out],
            callbacks=[watch],
        )
        trainer.train()
        evaluation: Any = trainer.evaluate()
    steps = [entry for entry in trainer.state.log_history if "loss" in entry]
    return {
        "logged loss": [round(float(entry["loss"]), 3) for entry in steps],
        "grad norm": [round(float(entry["grad_norm"]), 2) for entry in steps],
        "rate": [entry["learning_rate"] for entry in steps],
        "held out": [round(loss, 3) for loss in watch.plain],
        "eval_loss at the end": round(evaluation["eval_loss"], 3),
    }


def main() -> None:
    """Train the variants that are asked for."""
    arguments = parser(__doc__)
    arguments.add_argument("--variants", nargs="*", default=list(VARIANTS), help=f"of {list(VARIANTS)}")
    arguments.add_argument("--n-songs", type=int, default=20, help="songs to train on: few, as one artist has")
    arguments.add_argument("--block-size", type=int, default=64)
    arguments.add_argument("--max-steps", type=int, default=-1, help="end earlier")
    arguments.add_argument("--bf16", action="store_true")
    arguments.add_argument("--save", help="a folder for the trained models")
    given = arguments.parse_args()
    logging.disable(logging.WARNING)
    train_songs, held_out_songs = read_songs(given.songs, given.n_songs)
    for name in given.variants:
        began = time.perf_counter()
        model, tokenizer = load(given.model)
        healthy, _ = load(given.model)
        rows = blocks(tokenizer, train_songs, given.block_size)
        held_out = blocks(tokenizer, held_out_songs[:6], given.block_size)
        curves = train(model, rows, held_out, given.bf16, **{"max_steps": given.max_steps, **VARIANTS[name]})
        model.eval()
        choices: dict[str, dict[str, Any]] = {"safe": {}, "untruncated": UNTRUNCATED}
        for how, choice in choices.items():
            text = write(model, tokenizer, **choice)
            curves[how] = {"text": text, "nats": round(strangeness(healthy, tokenizer, text), 2)}
        if given.save:
            model.save_pretrained(f"{given.save}/{name}")
            tokenizer.save_pretrained(f"{given.save}/{name}")
        print(
            f"{name}, transformers {transformers.__version__}, {time.perf_counter() - began:.0f} s: {curves}",
            flush=True,
        )
        keep("recipe", {f"{name} | {transformers.__version__}": curves})


if __name__ == "__main__":
    main()
