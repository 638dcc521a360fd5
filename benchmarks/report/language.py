"""Songs in a language that the model was not made for: ``python -m benchmarks.report.language``.

Prints tokens per character and per word, and what the model makes of the beginning of a verse, in English and Russian.
The verses are ours.
"""

from typing import Any

from transformers import AutoTokenizer

from benchmarks.report.material import keep, load, parser, strangeness, write

VERSES = {
    "English": (
        "The snow lay down along the quay,\nthe lamps went out by two and three,\n"
        "and somebody I used to be\nwas walking home in front of me."
    ),
    "Russian": (
        "Лёг снег на набережной белый,\nпогасли фонари вдали,\nи кто-то, кем я быть не смею,\nшёл впереди меня в пыли."
    ),
}


def main() -> None:
    """Measure both languages."""
    arguments = parser(__doc__)
    arguments.add_argument("--tokenizers", nargs="*", default=[], help="more tokenizers to count with, such as gpt2")
    given = arguments.parse_args()
    model, tokenizer = load(given.model)
    results: dict[str, Any] = {}
    for language, verse in VERSES.items():
        found: dict[str, Any] = {}
        for name in [given.model, *given.tokenizers]:
            n = len(AutoTokenizer.from_pretrained(name)(verse, add_special_tokens=False)["input_ids"])
            name = name.rstrip("/").rpartition("/")[2]
            found[name] = {"per character": round(n / len(verse), 2), "per word": round(n / len(verse.split()), 2)}
        lines = verse.split("\n")
        begin, rest = "\n".join(lines[:2]) + "\n", "\n".join(lines[2:])
        found["loss"] = round(strangeness(model, tokenizer, rest, begin), 2)
        found["text"] = write(model, tokenizer, prompt=begin)
        print(f"{language}: {found}", flush=True)
        results[language] = found
    keep("language", results)


if __name__ == "__main__":
    main()
