"""Measure the memory that training takes, beside the estimate of the preflight: ``python -m benchmarks.memory``.

Each row is a process of its own: a model with random weights in the shape of a real one, songs of 150 to 400 random
tokens, the project's module, optimizer and batches in Lightning's loop, a validation before and after. The figure is
the largest resident size of the process. One row alone: ``python -m benchmarks.memory gpt2 1 512 32-true 4 [STEPS]``.
"""

import subprocess
import sys
import tempfile
import warnings

import lightning as L
import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedConfig, PreTrainedModel

import lyric_lm.fit  # noqa: F401  what a run imports is in memory as well
from lyric_lm.checks.memory import peak_bytes
from lyric_lm.data.batches import BlockBatches
from lyric_lm.data.packing import Part
from lyric_lm.hardware import peak_memory_bytes
from lyric_lm.model.module import SongModule

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
ROWS = [  # shape, batch_size, block_size, precision, accumulate_grad_batches, steps
    "small 2 512 32-true 1 4",
    "smollm2 1 512 bf16-mixed 1 4",
    "gpt2 1 256 32-true 1 4",
    "gpt2 2 512 bf16-mixed 1 3",
    "distilgpt2 1 512 bf16-mixed 4 2",
    "gpt2 1 1024 bf16-mixed 1 3",
    "smollm2 2 512 32-true 1 3",
    "gpt2 1 512 32-true 4 2",
    "distilgpt2 4 512 32-true 1 3",
]


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
    network: PreTrainedModel, batch_size: int, block_size: int, precision: str, accumulate: int, steps: int
) -> int:
    """Train for some steps and return the largest resident size of this process so far, in bytes."""
    generator = torch.Generator().manual_seed(0)
    n_blocks = batch_size * accumulate * steps
    blocks = [random_block(block_size, network.config.vocab_size, generator) for _ in range(n_blocks)]
    module = SongModule(network, "random", 1e-4, 0.1, "cosine", label_smoothing=0.0, warmup_steps=1)
    with tempfile.TemporaryDirectory() as folder:
        trainer = L.Trainer(
            max_epochs=1,
            accumulate_grad_batches=accumulate,
            precision=precision,  # type: ignore[arg-type]
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


def row(shape: str, *figures: str) -> str:
    """Return a row of the table: estimated, measured and their ratio."""
    batch_size, block_size, accumulate = int(figures[0]), int(figures[1]), int(figures[3])
    steps = int(figures[4]) if len(figures) > 4 else 3
    network = AutoModelForCausalLM.from_config(SHAPES[shape], dtype="float32", attn_implementation="sdpa")
    measured = measure(network, batch_size, block_size, figures[2], accumulate, steps)
    data = {"batch_size": batch_size, "block_size": block_size}
    trainer = {"precision": figures[2], "accumulate_grad_batches": accumulate}
    estimated = peak_bytes(network, data, trainer, label_smoothing=0.0, device="cpu")
    cells = [shape, *figures[:4], f"{estimated / 1e9:.2f}", f"{measured / 1e9:.2f}", f"{estimated / measured:.2f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the row that was asked for, or the table."""
    warnings.filterwarnings("ignore")
    if len(sys.argv) > 1:
        print(row(*sys.argv[1:]))
        return
    print("| shape | batch_size | block_size | precision | accumulate | estimated GB | measured GB | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for settings in ROWS:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.memory", *settings.split()], check=True, capture_output=True, text=True
        )
        print(done.stdout.strip().splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
