"""Measure the memory that training takes, beside the estimate of the preflight: ``python -m benchmarks.memory``.

Each row is a process of its own: a model with random weights in the shape of a real one, songs of 150 to 400 random
tokens, the project's module, optimizer and batches in Lightning's loop, a validation before and after. The figure is
the largest resident size of the process. Rows in bf16 are left out where the processor takes it apart. One row alone:
``python -m benchmarks.memory gpt2 1 512 32-true 4 [STEPS] [lora] [checkpointing]``. The first rows alone: ``--short``.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from typing import Any

import lightning as L
import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedConfig, PreTrainedModel

import lyric_lm.fit  # noqa: F401  what a run imports is in memory as well
from benchmarks.record import record, table
from lyric_lm.checks.memory import peak_bytes
from lyric_lm.data.batches import BlockBatches
from lyric_lm.data.packing import Part
from lyric_lm.hardware import keep_freed_memory, multiplies_bf16, peak_memory_bytes
from lyric_lm.model.fast import speed_up
from lyric_lm.model.lora import prepare
from lyric_lm.model.module import SongModule
from lyric_lm.model.pretrained import checkpoint_blocks

NO_DROPOUT = {"attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0}
SHAPES: dict[str, PreTrainedConfig] = {
    "gpt2": GPT2Config(**NO_DROPOUT),
    "distilgpt2": GPT2Config(**NO_DROPOUT, n_layer=6),
    "small": GPT2Config(
        **NO_DROPOUT, n_layer=6, n_head=6, n_embd=384, vocab_size=32000, bos_token_id=0, eos_token_id=0
    ),
    "smollm2": LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
    ),
}
ROWS = [  # shape, batch_size, block_size, precision, accumulate_grad_batches, steps, what saves memory
    "small 2 512 32-true 1 4",
    "distilgpt2 1 1024 bf16-mixed 1 3",
    "gpt2 1 1024 bf16-mixed 1 3",
    "gpt2 1 1024 bf16-mixed 1 3 checkpointing",
    "gpt2 1 1024 bf16-mixed 1 3 lora",
    "gpt2 1 1024 bf16-mixed 1 3 lora checkpointing",
    "smollm2 1 512 bf16-mixed 1 4",
    "gpt2 1 256 32-true 1 4",
    "gpt2 2 512 bf16-mixed 1 3",
    "distilgpt2 1 512 bf16-mixed 4 2",
    "smollm2 2 512 32-true 1 3",
    "smollm2 1 1024 bf16-mixed 1 3 lora checkpointing",
    "gpt2 1 512 32-true 4 2",
    "distilgpt2 4 512 32-true 1 3",
]
N_SHORT = 4
COLUMNS = ("shape", "batch_size", "block_size", "precision", "accumulate", "finetune", "checkpointing")
LORA = {"method": "lora", "r": 16, "alpha": 32, "dropout": 0.0}


def random_block(n_tokens: int, vocabulary: int, generator: torch.Generator) -> list[Part]:
    """Return a full block of songs."""
    parts: list[Part] = []
    while n_tokens > 1:
        n = min(n_tokens, int(torch.randint(150, 400, (), generator=generator)))
        ids = torch.randint(0, vocabulary, (n,), generator=generator).tolist()
        parts.append(Part(ids, 0, n, "a song"))
        n_tokens -= n
    return parts


def measure(
    network: PreTrainedModel,
    batch_size: int,
    block_size: int,
    precision: str,
    accumulate: int,
    steps: int,
    ema_decay: float,
) -> int:
    """Train for some steps and return the largest resident size of this process so far, in bytes."""
    generator = torch.Generator().manual_seed(0)
    n_blocks = batch_size * accumulate * steps
    blocks = [random_block(block_size, network.config.vocab_size, generator) for _ in range(n_blocks)]
    module = SongModule(network, "random", 1e-4, 0.1, "cosine", 0.0, warmup_steps=1, ema_decay=ema_decay)
    with tempfile.TemporaryDirectory() as folder:
        trainer = L.Trainer(
            max_epochs=1,
            accumulate_grad_batches=accumulate,
            precision=precision,
            gradient_clip_val=1.0,
            accelerator="cpu",
            logger=False,
            default_root_dir=folder,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
        held_out = BlockBatches(blocks[:batch_size], batch_size, pad_id=0)
        trainer.validate(module, held_out, verbose=False)
        trainer.fit(module, BlockBatches(blocks, batch_size, pad_id=0, seed=1, shuffle=True), held_out)
    return peak_memory_bytes()


def row(shape: str, *given: str) -> dict[str, str]:
    """Return a row of the table: estimated, measured and their ratio."""
    figures = [word for word in given if word not in ("lora", "checkpointing")]
    batch_size, block_size, accumulate = int(figures[0]), int(figures[1]), int(figures[3])
    steps = int(figures[4]) if len(figures) > 4 else 3
    finetune: dict[str, Any] = LORA if "lora" in given else {"method": "full"}
    keep_freed_memory()
    network = AutoModelForCausalLM.from_config(SHAPES[shape], dtype="float32", attn_implementation="sdpa")
    speed_up(network)
    if "checkpointing" in given:
        checkpoint_blocks(network)
    prepare(network, **finetune)
    ema_decay = 0.0 if "lora" in given else 0.99  # as by default
    measured = measure(network, batch_size, block_size, figures[2], accumulate, steps, ema_decay)
    settings = {
        "data": {"batch_size": batch_size, "block_size": block_size},
        "trainer": {"precision": figures[2], "accumulate_grad_batches": accumulate},
        "model": {"gradient_checkpointing": "checkpointing" in given},
        "finetune": finetune,
        "optim": {"label_smoothing": 0.0, "ema_decay": ema_decay},
    }
    estimated = peak_bytes(network, settings, "cpu")
    cells = [shape, *figures[:4], finetune["method"], "yes" if "checkpointing" in given else "no"]
    return dict(zip(COLUMNS, cells, strict=True)) | {
        "estimated GB": f"{estimated / 1e9:.2f}",
        "measured GB": f"{measured / 1e9:.2f}",
        "ratio": f"{estimated / measured:.2f}",
    }


def main() -> None:
    """Print the row that was asked for, or measure the table."""
    warnings.filterwarnings("ignore")
    asked = sys.argv[1:]
    if asked and asked != ["--short"]:
        print(json.dumps(row(*asked)))
        return
    rows = []
    chosen = ROWS if multiplies_bf16("cpu") else [settings for settings in ROWS if "32-true" in settings]
    for settings in chosen[:N_SHORT] if asked else chosen:
        command = [sys.executable, "-m", "benchmarks.memory", *settings.split()]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append(json.loads(done.stdout.strip().splitlines()[-1]))
        print(rows[-1], file=sys.stderr, flush=True)
    print(table(rows))
    record("memory_short" if asked else "memory", rows)


if __name__ == "__main__":
    main()
