"""What ``originality=N`` costs, and whether it holds, with a real model.

Run: ``python -m benchmarks.guard RUN [N_SONGS]`` on a run of ``train``; a model that knows its songs by heart is the
harder case. The guarded and the free way in turn, five times, one song alone and eight together, the same seeds; then
N_SONGS (default 200) guarded songs at several settings, searched by brute force.
"""

import re
import statistics
import sys
import time
import unicodedata
from typing import Any

import torch

from lyric_lm.evaluation.subject import subject_of
from lyric_lm.model.pretrained import load_model
from lyric_lm.originality.hashes import hashes_for
from lyric_lm.sampling import write_songs
from lyric_lm.sampling_settings import Sampling

ALLOWED, N_TOKENS, REPEATS = 6, 120, 5
SETTINGS: tuple[dict[str, Any], ...] = (
    {"temperature": 0.8, "top_k": 50, "top_p": 0.95},
    {"temperature": 0.0},
    {"temperature": 0.6},
    {"temperature": 1.0, "min_p": 0.05},
    {"temperature": 1.2, "top_k": 50},
)


def sampling(originality: int | None, **changes: float | int) -> Sampling:
    """Return the plain settings with changes."""
    plain: dict[str, Any] = {
        "temperature": 1.0,
        "top_k": 0,
        "top_p": None,
        "min_p": None,
        "repetition_penalty": 1.0,
        **changes,
    }
    return Sampling(max_new_tokens=N_TOKENS, originality=originality, **plain)


def words(text: str) -> list[str]:
    """Return the words by a definition of their own: letters and digits, no accents, no apostrophes, lower case."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", re.sub("['’]", "", plain))


def main(run: str, n_songs: int) -> None:
    """Print both tables."""
    subject = subject_of({"run": run, "model": None, "data": {"path": None}})
    network, tokenizer = load_model(**subject.tuned)
    hashes = hashes_for(subject.folder, ALLOWED)
    print(f"{run}: {len(subject.corpus.splits['train'])} training songs, torch threads {torch.get_num_threads()}\n")
    print("| songs together | free, ms per token | guarded | cost |\n| --- | --- | --- | --- |")
    for n in (1, 8):
        seconds: dict[int | None, list[float]] = {None: [], ALLOWED: []}
        for repeat in range(REPEATS + 1):
            for originality, times in seconds.items():
                how = sampling(originality, **SETTINGS[0])
                seeds = list(range(repeat * n, repeat * n + n))
                began = time.perf_counter()
                written = list(write_songs(network, tokenizer, "", seeds, how, hashes=hashes, batch_size=n))
                n_tokens = sum(len(tokenizer(song.text)["input_ids"]) + song.ended for song in written)
                if repeat:  # the first one warms up
                    times.append((time.perf_counter() - began) / n_tokens * 1000)
        free, guarded = (statistics.median(times) for times in seconds.values())
        ratios = sorted(b / a for a, b in zip(seconds[None], seconds[ALLOWED], strict=True))
        print(f"| {n} | {free:.1f} | {guarded:.1f} | {100 * (statistics.median(ratios) - 1):+.1f} % "
              f"({100 * (ratios[0] - 1):+.1f} to {100 * (ratios[-1] - 1):+.1f}) |", flush=True)  # fmt: skip
    taken = set()
    for song in subject.corpus.splits["train"]:
        found = words(song.lyrics)
        taken |= {tuple(found[i : i + ALLOWED + 1]) for i in range(len(found) - ALLOWED)}
    print(f"\n| settings | songs | hold more than {ALLOWED} words in a row | without the guard |")
    print("| --- | --- | --- | --- |")
    for settings in SETTINGS:
        n = 1 if settings["temperature"] == 0 else n_songs // (len(SETTINGS) - 1)
        broken = {}
        for originality, n_written in ((ALLOWED, n), (None, min(n, 16))):
            how = sampling(originality, **settings)
            songs = write_songs(network, tokenizer, "", list(range(n_written)), how, hashes=hashes, batch_size=32)
            texts = [words(song.text) for song in songs]
            broken[originality] = sum(
                any(tuple(text[i : i + ALLOWED + 1]) in taken for i in range(len(text) - ALLOWED)) for text in texts
            )
        told = ", ".join(f"{key}={value:g}" for key, value in settings.items())
        print(f"| {told} | {n} | {broken[ALLOWED]} | {broken[None]} of {min(n, 16)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200)
