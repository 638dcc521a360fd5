"""Read, clean, deduplicate and split songs, and say what was done.

Run: ``python -m lyric_lm.prepare data.path=MY_SONGS data.out=prepared``

Writes ``songs.jsonl`` (one song a line: title, artist, lyrics, source), ``report.json`` and ``report.md``
into ``data.out``, which must not hold them yet. ``data.path=prepared`` reads them back.
"""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from lyric_lm.command import HYDRA, run, told
from lyric_lm.errors import InputError
from lyric_lm.lyrics.corpus import corpus_from
from lyric_lm.lyrics.report import describe, write_corpus
from lyric_lm.settings import plain


@hydra.main(**HYDRA, config_name="prepare")
@told
def main(cfg: DictConfig) -> None:
    settings = plain(cfg)
    if not settings["data"].get("out"):
        raise InputError("data.out= wants a folder for the songs and their report, such as data.out=prepared")
    out = Path(settings["data"]["out"]).expanduser()
    corpus = corpus_from(settings["data"], settings["seed"])
    write_corpus(corpus, out)
    print(describe(corpus), end="")
    print(f"written to {out}/: songs.jsonl, report.json, report.md")


if __name__ == "__main__":
    run(main)
