"""Every format that people have their songs in: who writes it, and what it can hold.

A writer takes a folder, the entries and a random generator, and returns which entry stands where: the path inside
the folder, with ``:n`` for the n-th entry (from 1) of a file that holds many.
"""

from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.noise import KINDS, Entry, genius, records, tables, texts
from tests.noise.files import Sources, Writer


class Format(NamedTuple):
    """A format: its writer, the kinds of noise that it cannot hold, and what it says of an entry."""

    write: Writer
    without: tuple[str, ...] = ()
    has_titles: bool = True
    has_artists: bool = True  # whether several can be in one export
    has_stubs: bool = True  # whether an entry can be empty or a line

    @property
    def allowed(self) -> tuple[str, ...]:
        """The kinds of noise that it can hold."""
        return tuple(kind for kind in KINDS if kind not in self.without)


def mixed(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """A folder of everything, nested, with files beside the songs that are none."""
    writers = (genius.artist, tables.songdata, records.json_lines, texts.flat, records.parquet, genius.songs)
    sources: Sources = {}
    for n, write in enumerate(writers):
        place = rng.choice((f"dump {n}", f"old/disk {n}", f"songs/{n}/new"))
        part = write(folder / place, entries[n :: len(writers)], rng)
        sources |= {f"{place}/{source}": entry for source, entry in part.items()}
    (folder / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (folder / "songs.zip").write_bytes(b"PK\x03\x04\x14\0\0\0")
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    return sources


# A file of one text has no room for marks that part its songs, nor one of timed lines for a page's remains.
_PARTS = ("rules", "gaps", "line ends", "stamps", "edges")
_TIMED = (
    *("header", "embed", "also like", "tickets", "recommendations", "repeats", "unknown repeats", "bare labels"),
    *("rules", "pages", "stamps", "gaps", "line ends", "markup", "excerpt", "edges"),
)

FORMATS = {
    "genius 1": Format(genius.first, has_artists=False),
    "genius artist": Format(genius.artist, has_artists=False),
    "genius album": Format(genius.album, has_artists=False),
    "genius songs": Format(genius.songs),
    "genius text": Format(genius.text, without=_PARTS, has_artists=False),
    "csv per artist": Format(tables.per_artist),
    "csv songdata": Format(tables.songdata),
    "csv genius": Format(tables.genius),
    "csv six genres": Format(tables.six_genres),
    "csv 380k": Format(tables.slugs_380k, without=("header",), has_titles=False),
    "csv billboard": Format(tables.billboard),
    "csv chords": Format(tables.chords),
    "json list": Format(records.json_list),
    "json lines": Format(records.json_lines),
    "parquet": Format(records.parquet),
    "arrow": Format(records.arrow),
    "lrc": Format(texts.lrc, without=_TIMED),
    "tree": Format(texts.tree),
    "flat": Format(texts.flat, has_artists=False),
    "big end of text": Format(
        texts.big_end_of_text, without=(*_PARTS, "header"), has_titles=False, has_artists=False, has_stubs=False
    ),
    "big titled": Format(texts.big_titled, without=_PARTS, has_artists=False, has_stubs=False),
    "big ruled": Format(texts.big_ruled, without=_PARTS, has_artists=False, has_stubs=False),
    "mixed": Format(mixed, has_artists=False),
}
