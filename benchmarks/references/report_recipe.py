"""Reference A: Hugging Face's Trainer with the recipe of the report that this project grew from.

32-bit, every song padded or cut to 1,024 tokens, the model's own dropout (0.1 in GPT-2, none in SmolLM2), rate 2e-5,
four batches of one song a step, clipped at 1.0, 100 steps of warm-up, label smoothing 0.1, three epochs, linear decay.
"""

from transformers import PreTrainedModel

from benchmarks.references import hf_trainer
from benchmarks.references.songs import Songs, Watcher

ACCUMULATION = 4


def fit(network: PreTrainedModel, songs: Songs, watcher: Watcher, seed: int) -> None:
    """Train a network as the report did."""
    hf_trainer.fit(
        network,
        songs,
        watcher,
        seed,
        is_wide=True,
        num_train_epochs=3,
        learning_rate=2e-5,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=ACCUMULATION,
        max_grad_norm=1.0,
        warmup_steps=100,
        label_smoothing_factor=0.1,
        lr_scheduler_type="linear",
    )
