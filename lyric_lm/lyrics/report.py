"""Say what was done to the songs: on the screen, and as files beside the prepared songs."""

import json
from dataclasses import asdict
from pathlib import Path

from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import Corpus


def write_corpus(corpus: Corpus, folder: Path) -> None:
    """Write a corpus and its report into a folder.

    Raises:
        InputError: the folder holds such files already; nothing is overwritten.
    """
    for name in ("songs.jsonl", "report.json", "report.md"):
        if (folder / name).exists():
            raise InputError(f"{folder / name} exists and is not overwritten; choose another data.out, or delete it")
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(asdict(song), ensure_ascii=False) + "\n" for song in corpus.songs)
    (folder / "songs.jsonl").write_text(lines, encoding="utf-8")
    report = corpus.report() | {"titles_by_split": corpus.titles_by_split()}
    (folder / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(describe(corpus, in_full=True), encoding="utf-8")


def describe(corpus: Corpus, in_full: bool = False) -> str:
    """Return the account of a corpus as Markdown: a summary, or with every song and file left out."""
    report = corpus.report()
    by_split = report["n_songs_by_split"]
    lines = [
        f"{corpus.artist}: {report['n_songs']} songs from {corpus.path}",
        f"- {report['n_words']:,} words, {report['n_lines']:,} lines",
        f"- to train on {by_split['train']}, held out {by_split['val']}"
        + (f", for the last test {by_split['test']}" if by_split["test"] else ""),
    ]
    cleaned = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in corpus.cleaned.most_common())
    lines.append(f"- cleaned: {cleaned}" if cleaned else "- cleaned: nothing to clean")
    for what, entries in (("songs left out", corpus.dropped), ("files skipped", corpus.skipped)):
        if entries:
            lines.append(f"- {what}: {len(entries)}")
            shown = entries if in_full else entries[:5]
            lines += [f"  - {entry.source}: {entry.reason}" for entry in shown]
            if len(shown) < len(entries):
                lines.append(f"  - … and {len(entries) - len(shown)} more")
    if in_full:
        lines += ["", "## Songs"]
        lines += [f"- {song.title} ({name})" for name, part in corpus.splits.items() for song in part]
    return "\n".join(lines) + "\n"
