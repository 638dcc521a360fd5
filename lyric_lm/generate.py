"""Write songs with a trained model, or with an untrained one to hear the difference.

Run: ``python -m lyric_lm.generate prompt="girl, you make me feel"``

Songs go to stdout, a single one as it is written; with ``out=FILE.jsonl`` also to a file, one record a
line: prompt, text (prompt and continuation), ended, seed, settings, model. Same seed, same text. Before the
first song, machine and model are checked (``preflight.json``); where all is well, nothing is said about it.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig

from lyric_lm.arguments import check_writing
from lyric_lm.command import HYDRA, run, told
from lyric_lm.errors import InputError
from lyric_lm.sampling_settings import Sampling
from lyric_lm.settings import plain

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from lyric_lm.decoding.choice import Decoder
    from lyric_lm.originality.hashes import Hashes
    from lyric_lm.sampling import Sample


def prompts_from(prompt: str | None, prompt_file: str | None) -> list[str]:
    """Return the prompts: the one given, or the non-empty lines of a file.

    Raises:
        InputError: both are given, or the file has no line.
    """
    if prompt_file is None:
        return [prompt or ""]
    if prompt:
        raise InputError("prompt= and prompt_file= exclude each other; give one of them")
    file = Path(prompt_file).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"prompt_file={prompt_file} does not exist; give a text file with one prompt a line")
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"prompt_file={prompt_file} is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    prompts = [line.strip() for line in lines if line.strip()]
    if not prompts:
        raise InputError(f"prompt_file={prompt_file} has no prompt; write one on each line")
    return prompts


def load(settings: dict[str, Any]) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase", str]:
    """Load the model that ``run`` or ``model`` means; also return what to call it."""
    from lyric_lm.model.pretrained import load_model
    from lyric_lm.runs import model_folder

    if settings["run"] is None:
        network, tokenizer = load_model(**settings["model"])
        name = settings["model"]["name"]
    else:
        folder = model_folder(settings["run"])
        network, tokenizer = load_model(folder.name, str(folder), None, None, from_scratch=False)
        name = str(folder)
    return network, tokenizer, name


def check(network: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", settings: dict[str, Any]) -> None:
    """Check machine and model before anything is written; say nothing where all is well.

    Raises:
        InputError: a check failed.
    """
    from lyric_lm.checks.check import heed
    from lyric_lm.checks.computer import check_for_writing
    from lyric_lm.hardware import best_device
    from lyric_lm.recall import identity

    from_scratch = settings["run"] is None and settings["model"]["from_scratch"]
    known_as = None if from_scratch else identity(network, tokenizer)
    checks = check_for_writing(network, tokenizer, best_device(), from_scratch=from_scratch, known_as=known_as)
    file = Path(settings["preflight"]).expanduser()
    file.unlink(missing_ok=True)  # what the last one warned of is said again
    heed(checks, file)


def generate(
    network: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompts: list[str],
    seeds: list[int],
    sampling: "Sampling",
    hashes: "Hashes | None" = None,
    decoder: "Decoder | None" = None,
) -> Iterator["Sample"]:
    """Write the songs and show them on stdout; a single one appears as it is written.

    Args:
        hashes: of the training songs, for ``sampling.originality``.
        decoder: the network made ready; None: as ``write_songs`` does it.
    """
    from lyric_lm.sampling import write_songs

    is_single = len(prompts) == len(seeds) == 1
    for prompt in prompts:
        on_text = _show if is_single else None
        for sample in write_songs(network, tokenizer, prompt, seeds, sampling, on_text, hashes, decoder=decoder):
            if not is_single:
                _show(f"=== seed {sample.seed}\n{sample.text}\n")
            yield sample
        if is_single:
            _show("\n")


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


@hydra.main(**HYDRA, config_name="generate")
@told
def main(cfg: DictConfig) -> None:
    settings = plain(cfg)
    prompts = prompts_from(settings["prompt"], settings["prompt_file"])
    out = Path(settings["out"]).expanduser() if settings["out"] else None
    if out and out.exists():
        raise InputError(f"out={out} exists and is not overwritten; choose another name")
    check_writing(settings)
    from lyric_lm.decoding.choice import decoder_for
    from lyric_lm.hardware import best_device
    from lyric_lm.originality.hashes import hashes_for
    from lyric_lm.sampling import encode_prompt

    sampling = Sampling.of(settings)
    choice = asdict(sampling)
    network, tokenizer, name = load(settings)
    hashes = hashes_for(None if settings["run"] is None else Path(name), sampling.originality)
    for prompt in prompts:  # what cannot fit is refused before anything is written
        encode_prompt(network, tokenizer, prompt, sampling.max_new_tokens)
    if settings["preflight"]:
        check(network, tokenizer, settings)
    network.to(best_device())
    decoder = decoder_for(network, settings["precision"], settings["quantize"])
    choice |= {key: settings[key] for key in ("precision", "quantize") if settings[key] not in ("auto", None)}
    seeds = [settings["seed"] + i for i in range(settings["num_samples"])]
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("x", encoding="utf-8") if out else nullcontext() as file:
        for sample in generate(network, tokenizer, prompts, seeds, sampling, hashes, decoder):
            if file:
                record = {**asdict(sample), "settings": choice, "model": name}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                file.flush()


if __name__ == "__main__":
    run(main)
