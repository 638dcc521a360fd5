"""What the report's six noise tokens look like: ``python -m benchmarks.report.its_words --songs MOORE``.

GPT-2's ids are in the order in which its merges were learned, so a common piece has a low id. Prints the ids of the
report's text, and how often six tokens of English songs, and six drawn evenly from the vocabulary, are all that rare.
"""

import argparse
import statistics
from pathlib import Path

from transformers import AutoTokenizer

from benchmarks.report.material import PROMPT, keep, read_songs
from benchmarks.report.sampling import REPORT


def main() -> None:
    """Print the account."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tokenizer", default="gpt2", help="GPT-2's own")
    arguments.add_argument("--songs", required=True, type=Path)
    given = arguments.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(given.tokenizer)
    ids = tokenizer.encode(REPORT)
    train, held_out = read_songs(given.songs)
    songs = [i for text in [*train, *held_out] for i in tokenizer.encode(text, verbose=False)]
    no_space = [not tokenizer.decode([i]).startswith(" ") and tokenizer.decode([i])[:1].isalpha() for i in range(50257)]
    found = {
        "tokens": {tokenizer.decode([i]): i for i in ids},
        "tokens of the prompt": len(tokenizer.encode(PROMPT)),
        "median id": statistics.median(ids),
        "median id in the songs": statistics.median(songs),
        "median id drawn evenly": 50257 // 2,
        "six as rare as these, songs": (sum(i >= min(ids) for i in songs) / len(songs)) ** 6,
        "six as rare as these, drawn evenly": ((50257 - min(ids)) / 50257) ** 6,
        "glued to the word before, of the six": sum(no_space[i] for i in ids),
        "glued to the word before, of the vocabulary": round(sum(no_space) / 50257, 2),
    }
    for name, value in found.items():
        print(f"{name}: {value}")
    keep("its_words", found)


if __name__ == "__main__":
    main()
