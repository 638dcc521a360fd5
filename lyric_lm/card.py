"""The model card: what a model folder says about itself. Counts and figures only, never lyrics."""

from typing import Any


def model_card(summary: dict[str, Any], settings: dict[str, Any], corpus: dict[str, Any]) -> str:
    """Return the README.md of ``model/`` for a run's summary, settings and corpus report."""
    model, optim, trainer, data = (settings[group] for group in ("model", "optim", "trainer", "data"))
    base = model["pretrained"] or "random weights"
    splits = corpus["n_songs_by_split"]
    songs = f"{splits['train']} to train on, {splits['val']} held out, {splits['test']} for testing"
    since = summary["overfitting_since_epoch"]
    finetune = dict(settings["finetune"])
    method = finetune.pop("method") + "".join(f", {key} {value:g}" for key, value in finetune.items())
    step = f"{data['block_size']} × {data['batch_size']} × {trainer['accumulate_grad_batches']}"

    def nats(value: float | None) -> str:
        return "not measured" if value is None else f"{value:.4f}"

    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [lyrics, causal-lm]
---
# {summary["model"]} on the songs of {summary["artist"]}

A causal language model that writes lyrics in the style of one artist, fine-tuned with lyric_lm.

| | |
| --- | --- |
| base model | {base}{" (architecture only)" if model["from_scratch"] and model["pretrained"] else ""} |
| songs | {songs}; {corpus["n_words"]:,} words |
| fine-tuning | {method}; {summary["n_trained_parameters"]:,} parameters trained |
| tokens trained on, per epoch | {summary["n_train_tokens"]:,} |
| best epoch | {summary["best_epoch"] or "not measured"} of {summary["epochs"]} |
| overfitting | {f"since epoch {since}; these are the best epoch's weights" if since else "not seen"} |
| learning rate, schedule | {optim["lr"]:g}, {optim["schedule"]} |
| AdamW's betas | {optim["beta1"]:g}, {optim["beta2"]:g} |
| moving average of the weights | {f"decay {optim['ema_decay']:g} a step" if optim.get("ema_decay") else "none"} |
| weight decay, label smoothing | {optim["weight_decay"]:g}, {optim["label_smoothing"]:g} |
| block size × batch size × accumulation | {step} |
| precision, device | {summary["precision"]}, {summary["device"]} |
| seed | {summary["seed"]} |

| held-out songs | nats per token |
| --- | --- |
| base model, untrained | {nats(summary["baseline_val_loss"])} |
| this model | {nats(summary["best_val_loss"])} |

Bits per byte on the held-out songs: {nats(summary["bits_per_byte"])}.

## Use
```python
from transformers import pipeline

write = pipeline("text-generation", model="PATH_OF_THIS_FOLDER")
print(write("I remember", max_new_tokens=200, do_sample=True, top_k=0, top_p=0.9)[0]["generated_text"])
```
A song starts after `<|endoftext|>` and a line end, and ends with `<|endoftext|>`.
With lyric_lm: `python -m lyric_lm.generate run=PATH_OF_THIS_FOLDER originality=6`, which never writes more than six
words in a row of a training song; `originality.safetensors` holds the hashes that it needs, and no lyrics.

## Limits
Without `originality=6` it may repeat lines of the songs that it was trained on. The rights in the training songs stay
with their owners.
"""
