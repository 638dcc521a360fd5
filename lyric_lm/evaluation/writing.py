"""Write the songs that are measured, and keep them: one record a line, so that an interrupted evaluation goes on.

A model, seeds and a file go in; samples come out. What the file holds already of the same model and settings is not
written again: a song depends on its seed alone.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lyric_lm.originality.hashes import Hashes
from lyric_lm.sampling import Sample, write_songs
from lyric_lm.sampling_settings import Sampling

_OF_SAMPLE = ("prompt", "text", "ended", "seed")
BATCH = 64  # songs at a time


def write_samples(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    seeds: list[int],
    sampling: Sampling,
    file: Path,
    hashes: Hashes | None,
    what: str,
) -> list[Sample]:
    """Return a song for each seed, in order; those that ``file`` does not hold yet are written and added to it.

    Args:
        file: of records as ``generate`` writes them; the caller sees to it that it belongs to this model and prompt.
        hashes: see ``sampling.write_each``.
        what: for the progress bar.
    """
    known = {sample.seed: sample for sample in read_samples(file, sampling)}
    missing = [seed for seed in seeds if seed not in known]
    file.parent.mkdir(parents=True, exist_ok=True)
    bar = tqdm(total=len(seeds), initial=len(seeds) - len(missing), desc=what, unit=" songs", leave=False, disable=None)
    with file.open("a", encoding="utf-8") as stream, bar:
        written = write_songs(
            *(network, tokenizer, prompt, missing, sampling),
            hashes=hashes,
            batch_size=BATCH,
            on_end=bar.update,
        )
        for sample in written:
            known[sample.seed] = sample
            record = {**asdict(sample), "settings": asdict(sampling), "model": network.name_or_path}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            stream.flush()
    return [known[seed] for seed in seeds]


def read_samples(file: Path, sampling: Sampling) -> list[Sample]:
    """Return the samples of a file of records that were drawn so; none where there is no file.

    A line cut off by a kill is left out.
    """
    if not file.is_file():
        return []
    lines = file.read_bytes().split(b"\n")  # a kill may have cut a letter in two
    if lines[-1]:
        file.write_bytes(b"\n".join([*lines[:-1], b""]))
    records: list[dict[str, Any]] = [json.loads(line) for line in lines[:-1]]
    return [
        Sample(**{key: record[key] for key in _OF_SAMPLE})
        for record in records
        if record["settings"] == asdict(sampling)
    ]


def written(samples: list[Sample]) -> list[str]:
    """Return what the model wrote of each song, without the prompt."""
    return [sample.text[len(sample.prompt) :].strip() for sample in samples]


def ended_of(samples: list[Sample]) -> list[bool]:
    """Return of each song whether it came to its end."""
    return [sample.ended for sample in samples]
