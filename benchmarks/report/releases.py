"""Which releases of transformers multiply the logged loss: ``python -m benchmarks.report.releases``.

A tiny GPT-2 takes one step over the same 16 rows as 16 x 1 and as 4 x 4 (batch x accumulation), without and with label
smoothing. Prints, for the release that is installed, how many times larger the training loss, the gradient norm and the
evaluation loss are with accumulation (1 is right), and keeps it in ``results/releases.json``. Seconds, no downloads.
"""

import logging
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

from benchmarks.report.material import keep


def one_step(accumulation: int, smoothing: float) -> tuple[float, float, float]:
    """Return training loss, gradient norm and evaluation loss as the Trainer logs them for its first step."""
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=64, n_positions=32, n_embd=32, n_layer=2, n_head=2, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0
        )
    )
    rows = [{"input_ids": row, "labels": row.clone()} for row in torch.randint(0, 64, (16, 32))]
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=16 // accumulation,
            gradient_accumulation_steps=accumulation,
            label_smoothing_factor=smoothing,
            max_steps=1,
            learning_rate=1e-6,
            logging_steps=1,
            report_to=[],
            use_cpu=True,
            save_strategy="no",
            disable_tqdm=True,
        )
        trainer = Trainer(model=model, args=arguments, train_dataset=rows, eval_dataset=rows)
        trainer.train()
        evaluation: Any = trainer.evaluate()
    first = next(entry for entry in trainer.state.log_history if "loss" in entry)
    return first["loss"], float(first["grad_norm"]), evaluation["eval_loss"]


def main() -> None:
    """Measure the release that is installed."""
    logging.disable(logging.CRITICAL)
    ratios = {}
    for name, smoothing in (("plain", 0.0), ("smoothing", 0.1)):
        whole, parts = one_step(1, smoothing), one_step(4, smoothing)
        ratios[name] = [round(part / all_, 2) for part, all_ in zip(parts, whole, strict=True)]
    print(f"transformers {transformers.__version__}: train loss, grad norm, eval loss {ratios}")
    keep("releases", {transformers.__version__: ratios})


if __name__ == "__main__":
    main()
