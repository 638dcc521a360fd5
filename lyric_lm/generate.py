"""Write songs with a trained model, or with an untrained one to hear the difference.

Run: ``python -m lyric_lm.generate prompt="girl, you make me feel"``

Songs go to stdout, a single one as it is written; with ``out=FILE.jsonl`` also to a file, one record a
line: prompt, text (prompt and continuation), ended, seed, settings, model. Same seed, same text. Before the
first song, machine and model are checked (``preflight.json``); where all is well, nothing is said about it.
The next time, a trained model is opened the short way, in a fraction of the time.
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
from lyric_lm.imports import quick_imports
from lyric_lm.runs import model_folder
from lyric_lm.sampling_settings import Sampling
from lyric_lm.settings import plain

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from lyric_lm.checks.check import Check
    from lyric_lm.data.plain_tokenizer import AnyTokenizer
    from lyric_lm.decoding.choice import Decoder, Network
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


def open_model(
    settings: dict[str, Any], folder: Path | None, prompts: list[str], max_new_tokens: int
) -> tuple["Network", "AnyTokenizer"]:
    """Load and check the model in a folder, or the untrained one that the settings name.

    Raises:
        InputError: it cannot be had, a prompt does not fit it, or a check failed.
    """
    with quick_imports():
        from lyric_lm.hardware import best_device
        from lyric_lm.reopening import folder_key, keep_opened, reopen
        from lyric_lm.sampling import encode_prompt

    def refuse_long(context: int, tokenizer: "AnyTokenizer") -> None:  # before any check is made
        for prompt in prompts:
            encode_prompt(context, tokenizer, prompt, max_new_tokens)

    device = best_device()
    key = folder_key(folder) if folder and device == "cpu" else None
    known = reopen(folder, key) if folder and key else None
    if known:
        refuse_long(known.network.context, known.tokenizer)
        note(known.checks, settings["preflight"])
        return known.network, known.tokenizer
    from lyric_lm.model.pretrained import context_length, load_model

    if folder:
        network, tokenizer = load_model(folder.name, str(folder), None, None, from_scratch=False)
    else:
        network, tokenizer = load_model(**settings["model"])
    refuse_long(context_length(network), tokenizer)
    if settings["preflight"]:
        checks = check(network, tokenizer, device, from_scratch=not folder and settings["model"]["from_scratch"])
        note(checks, settings["preflight"])
        if folder and key:
            keep_opened(folder, key, network, tokenizer, checks)
    return network.to(device), tokenizer


def check(
    network: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", device: str, from_scratch: bool
) -> list["Check"]:
    """Check machine and model."""
    from lyric_lm.checks.computer import check_for_writing
    from lyric_lm.recall import identity

    known_as = None if from_scratch else identity(network, tokenizer)
    return check_for_writing(network, tokenizer, device, from_scratch=from_scratch, known_as=known_as)


def note(checks: list["Check"], preflight: str | None) -> None:
    """Write checks to the file that ``preflight`` names, if any; say nothing where all is well.

    Raises:
        InputError: a check failed.
    """
    from lyric_lm.checks.check import heed

    if preflight:
        file = Path(preflight).expanduser()
        file.unlink(missing_ok=True)  # what the last one warned of is said again
        heed(checks, file)


def generate(
    network: "Network",
    tokenizer: "AnyTokenizer",
    prompts: list[str],
    seeds: list[int],
    sampling: "Sampling",
    hashes: "Hashes | None" = None,
    decoder: "Decoder | None" = None,
) -> Iterator["Sample"]:
    """Write the songs and show them on stdout; a single one appears as it is written.

    Args:
        hashes: of the training songs, for ``sampling.originality``.
        decoder: the network made ready; None: as ``write_each`` does it.
    """
    from lyric_lm.sampling import Wanted, write_each

    wanted = [Wanted(prompt, seed, sampling) for prompt in prompts for seed in seeds]
    is_single = len(wanted) == 1
    for sample in write_each(network, tokenizer, wanted, _show if is_single else None, hashes, decoder=decoder):
        _show("\n" if is_single else f"=== seed {sample.seed}\n{sample.text}\n")
        yield sample


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
    from lyric_lm.originality.hashes import hashes_for

    sampling = Sampling.of(settings)
    choice = asdict(sampling)
    folder = None if settings["run"] is None else model_folder(settings["run"])
    hashes = hashes_for(folder, sampling.originality)
    network, tokenizer = open_model(settings, folder, prompts, sampling.max_new_tokens)
    decoder = decoder_for(network, settings["precision"], settings["quantize"])
    name = str(folder) if folder else settings["model"]["name"]
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
