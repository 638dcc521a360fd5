"""Say what was done to the songs: in short on the screen, in full as files beside the prepared songs.

A corpus in; text, plain data (``as_data``) or files out. How the full report looks is told by ``page``.
"""

import json
import re
import statistics
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import Corpus

FILES = ("songs.jsonl", "report.json", "report.md", "report.html")
N_SHOWN = 3  # songs to look at, on the screen
N_BARS = 12  # of the histogram, about
WIDTH = 100  # columns of the screen


def describe(corpus: Corpus) -> str:
    """Return the account of a corpus as a table of at most 100 columns: what was read, left out, changed, found."""
    data = as_data(corpus)
    by_split, lengths = data["n_songs_by_split"], data["lengths"]["words_per_song"]
    found = f"{corpus.n_read:,} in {_n(corpus.n_files, 'file')}"
    skipped = f"; {len(corpus.skipped):,} skipped ({_counted(data['skipped_by_reason'])})"
    to_test = f", {by_split['test']:,} for the last test" if by_split["test"] else ""
    rows = [
        ("found", found + (skipped if corpus.skipped else "")),
        ("left out", f"{len(corpus.dropped):,} ({_counted(data['dropped_by_reason'])})" if corpus.dropped else "none"),
        ("cleaned", _counted(data["cleaned"], most=len(corpus.cleaned)) or "nothing to clean"),
        ("words", f"{data['n_words']:,} in {data['n_lines']:,} lines; a song has {_range(lengths)}"),
        ("split", f"{by_split['train']:,} to train on, {by_split['val']:,} held out{to_test}"),
        ("language", f"{_counted(data['languages'])}; letters: {_counted(data['scripts'])}"),
    ]
    if corpus.versions:
        n_others = sum(len(group) - 1 for group in corpus.versions)
        rows.insert(2, ("versions", f"{_n(n_others, 'other version')} of {_n(len(corpus.versions), 'song')}"))
    for number, one in enumerate(corpus.to_look_at[:N_SHOWN]):
        rows.append(("" if number else "look at", f"{one.title} ({one.source}): {'; '.join(one.reasons)}"))
    if len(corpus.to_look_at) > N_SHOWN:
        rows.append(("", f"and {len(corpus.to_look_at) - N_SHOWN:,} more in the report"))
    indent = max(len(name) for name, _ in rows) + 2
    table = [_row(f"{name}:" if name else "", text, indent) for name, text in rows]
    return "\n".join([f"{corpus.artist}: {_n(data['n_songs'], 'song')} from {corpus.path}", *table]) + "\n"


def as_data(corpus: Corpus) -> dict[str, Any]:
    """Return the account as plain data, for ``corpus.json`` and ``report.json``; of the lyrics, examples only."""
    songs, sizes = corpus.songs, corpus.sizes
    n_words = [size.n_words for size in sizes]
    sources = {song.source for song in songs} if corpus.versions else set()
    return {
        "path": corpus.path,
        "artist": corpus.artist,
        "n_files": corpus.n_files,
        "n_songs_read": corpus.n_read,
        "n_songs": len(songs),
        "n_songs_by_split": {name: len(part) for name, part in corpus.splits.items()},
        "n_lines": sum(size.n_lines for size in sizes),
        "n_words": sum(n_words),
        "n_bytes": sum(size.n_bytes for size in sizes),
        "lengths": {
            "words_per_song": {"min": min(n_words), "median": statistics.median(n_words), "max": max(n_words)},
            "histogram": histogram(n_words),
        },
        "languages": _named(corpus.languages),
        "scripts": _named(corpus.scripts),
        "cleaned": dict(corpus.cleaned.most_common()),
        "examples": {rule: [asdict(example) for example in found] for rule, found in corpus.examples.items()},
        "versions": [
            [{"title": song.title, "source": song.source, "is_kept": song.source in sources} for song in group]
            for group in corpus.versions
        ],
        "to_look_at": [asdict(suspicion) for suspicion in corpus.to_look_at],
        "skipped_by_reason": _by_kind(file.reason for file in corpus.skipped),
        "skipped_files": [{"source": file.source, "reason": file.reason} for file in corpus.skipped],
        "dropped_by_reason": _by_kind(_without_title(song.reason) for song in corpus.dropped),
        "dropped_songs": [{"source": song.source, "reason": song.reason} for song in corpus.dropped],
        "titles": [song.title for song in songs],
    }


def write_corpus(corpus: Corpus, folder: Path) -> None:
    """Write a corpus and its report into a folder: all four files, or none.

    Raises:
        InputError: the folder holds such files already; nothing is overwritten.
    """
    for name in FILES:
        if (folder / name).exists():
            raise InputError(f"{folder / name} exists and is not overwritten; choose another data.out, or delete it")
    from lyric_lm.lyrics.page import html_page, markdown_page  # here, because training needs no templates

    report = as_data(corpus) | {"titles_by_split": corpus.titles_by_split()}
    texts = {
        "songs.jsonl": "".join(json.dumps(asdict(song), ensure_ascii=False) + "\n" for song in corpus.songs),
        "report.json": json.dumps(report, ensure_ascii=False, indent=2) + "\n",
        "report.md": markdown_page(report),
        "report.html": html_page(report),
    }
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".prepare-", dir=folder) as draft:
        for name, text in texts.items():
            # An example may show half a character that was found in a file; it is written as "?".
            (Path(draft) / name).write_text(text, encoding="utf-8", errors="replace", newline="\n")
        for name in FILES:
            (Path(draft) / name).rename(folder / name)


def histogram(values: list[int]) -> list[dict[str, int | None]]:
    """Count values in about a dozen steps of one round width; the last takes in all that are far beyond the rest.

    >>> for step in histogram([3, 9, 12, 18, 19, 500]):
    ...     print(step)
    {'from': 0, 'to': 10, 'n_songs': 2}
    {'from': 10, 'to': 20, 'n_songs': 3}
    {'from': 20, 'to': None, 'n_songs': 1}
    """
    most = sorted(values)[int(0.95 * (len(values) - 1))]  # so that one giant does not press the others together
    width = next(
        size for power in range(20) for step in (1, 2, 5) if (size := step * 10**power) >= 10 and size * N_BARS > most
    )
    end = (most // width + 1) * width
    steps: list[dict[str, int | None]] = [
        {"from": start, "to": start + width, "n_songs": sum(start <= value < start + width for value in values)}
        for start in range(0, end, width)
    ]
    if n_beyond := sum(value >= end for value in values):
        steps.append({"from": end, "to": None, "n_songs": n_beyond})
    return steps


def kind(reason: str) -> str:
    """Return what sort of reason it is, for counting: its beginning, without names and numbers.

    >>> kind("not a song format: .docx"), kind("broken CSV in the row that begins on line 7: unexpected end")
    ('not a song format', 'broken CSV in the row that begins on line n')
    >>> kind("version of Sea: Part 1 (a.txt)"), kind("same words as sea.txt"), kind("2 words, too short to be a song")
    ('version', 'same words', 'too short to be a song')
    """
    counted = re.sub(r"\A(?:\d+ words?, |line \d+: )", "", reason)
    return re.split(r" of | as |: | \(|; ", re.sub(r"\d[\d,.]*", "n", counted), maxsplit=1)[0]


def _without_title(reason: str) -> str:
    """Take the song's title off a reason; titles can hold colons, and so can the title of the other version.

    >>> _without_title("Sea: Part 2: 2 words"), _without_title("Sea: version of Sea: Part 1 (a.txt)")
    ('2 words', 'version of Sea: Part 1 (a.txt)')
    """
    likeness = re.search(r": ((?:same words as|version of|translation of) .*)", reason, re.DOTALL)
    return likeness[1] if likeness else reason.rpartition(": ")[2]


def _by_kind(reasons: Iterable[str]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for reason, count in Counter(reasons).items():  # a million empty files have one reason
        counts[kind(reason)] += count
    return dict(counts.most_common())


def _named(counts: Counter[str]) -> dict[str, int]:
    return {name or "unsure": count for name, count in counts.most_common()}


def _counted(counts: dict[str, int], most: int = 5) -> str:
    """Write counts in words, the first few.

    >>> _counted({"embed_tail": 3, "markup": 1}), _counted({"en": 1200, "fr": 1, "de": 1}, most=1)
    ('embed tail 3, markup 1', 'en 1,200, others 2')
    """
    shown = [f"{name.replace('_', ' ')} {count:,}" for name, count in list(counts.items())[:most]]
    rest = sum(list(counts.values())[most:])
    return ", ".join([*shown, f"others {rest:,}"] if rest else shown)


def _range(lengths: dict[str, float]) -> str:
    return f"{lengths['min']:,} to {lengths['max']:,}, half of them {lengths['median']:,.0f} or more"


def _row(name: str, text: str, indent: int) -> str:
    """Return one row of the table, wrapped under its own beginning; the name stands close to the text."""
    lead = name.rjust(indent - 1) + " "
    return textwrap.fill(
        text, WIDTH, initial_indent=lead, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )


def _n(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
