"""Read, clean, deduplicate and split songs, and say what was done.

Run: ``python -m lyric_lm.prepare data.path=MY_SONGS data.out=prepared``

Writes ``songs.jsonl`` (one song a line: title, artist, lyrics, source), ``report.html``, ``report.md`` and
``report.json`` into ``data.out``, which must not hold them yet. ``data.path=prepared`` reads them back. With
``diff=SONG`` it shows one song before and after cleaning and writes nothing.
"""

import sys
from pathlib import Path
from typing import Any

import hydra
from omegaconf import DictConfig

from lyric_lm.command import HYDRA, run, told
from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import clean_songs, corpus_from, rules_of
from lyric_lm.lyrics.difference import difference, find_song
from lyric_lm.lyrics.reading import read_songs
from lyric_lm.lyrics.report import describe, write_corpus
from lyric_lm.settings import plain


@hydra.main(**HYDRA, config_name="prepare")
@told
def main(cfg: DictConfig) -> None:
    settings = plain(cfg)
    data = settings["data"]
    if settings["diff"] is not None:
        print(show(str(settings["diff"]), data))
        return
    if not data.get("out"):
        raise InputError("data.out= wants a folder for the songs and their report, such as data.out=prepared")
    out = Path(data["out"]).expanduser()
    if str(data["path"] or "").strip() and Path(data["path"]).expanduser().resolve() in out.resolve().parents:
        raise InputError(
            f"data.out={out} lies in data.path={data['path']}, which is only read; give a folder outside it"
        )
    corpus = corpus_from(data, settings["seed"])
    write_corpus(corpus, out)
    print(describe(corpus), end="")
    print(f"written to {out}/: songs.jsonl, report.html, report.md, report.json")


def show(query: str, data: dict[str, Any]) -> str:
    """Return one song before and after cleaning, found by its title or source."""
    reading = read_songs(data["path"], data["artist"])
    results = list(clean_songs(reading, data["section_labels"], rules_of(data)))
    wanted = find_song([song for song, _ in results], query)
    song, result = next((song, result) for song, result in results if song is wanted)
    found = next(song.lyrics for song in reading.songs if song.source == wanted.source)
    return difference(found, result.text, song.title, result.counts, colour=sys.stdout.isatty())


if __name__ == "__main__":
    run(main)
