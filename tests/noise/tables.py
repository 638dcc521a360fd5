"""The tables of the usual data sets, each with its own columns."""

import csv
import io
from pathlib import Path
from random import Random

from tests.noise import WANTED, Entry
from tests.noise.files import ENCODINGS, Sources, numbered, put_file, slug


def _table(file: Path, header: list[str], rows: list[list[str]], rng: Random) -> None:
    """Write a table with any delimiter, quoting, line ends and encoding."""
    text = io.StringIO(newline="")
    # the writer leaves a lone carriage return outside quotes, which then ends the row
    is_plain = not any("\r" in cell for row in rows for cell in row)
    csv.writer(
        text,
        delimiter=rng.choice(",,;\t|"),
        quoting=rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)) if is_plain else csv.QUOTE_ALL,
        lineterminator=rng.choice(("\n", "\r\n")),
    ).writerows([header, *rows])
    put_file(file, text.getvalue(), rng.choice(ENCODINGS))


def per_artist(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    header = ["", "Artist", "Title", "Album", "Year", "Date", "Lyric"]
    rows = [[str(n), e.artist, e.shown, "Harbour Songs", "2019.0", "2019-05-01", e.raw] for n, e in enumerate(entries)]
    _table(folder / "TildaMarrow.csv", header, rows, rng)
    return numbered("TildaMarrow.csv", entries)


def songdata(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    rows = [[e.artist, e.shown, "/t/tilda+marrow/song_20598.html", e.raw] for e in entries]
    _table(folder / "songdata.csv", ["artist", "song", "link", "text"], rows, rng)
    return numbered("songdata.csv", entries)


def genius(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    header = [
        "title",
        "tag",
        "artist",
        "year",
        "views",
        "features",
        "lyrics",
        "id",
        "language_cld3",
        "language_ft",
        "language",
    ]
    rows = [
        [e.shown, "pop", e.artist, "2019", "4351", "{}", e.raw, str(n), "en", "en", "en"] for n, e in enumerate(entries)
    ]
    _table(folder / "song_lyrics.csv", header, rows, rng)
    return numbered("song_lyrics.csv", entries)


def six_genres(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """Songs that name their artist by a link, and a second table of artists without songs."""
    slugs = [slug(WANTED if e.is_wanted else e.artist) for e in entries]
    rows = [[f"/{slug}/", e.shown, f"/{slug}/song.html", e.raw, "en"] for slug, e in zip(slugs, entries, strict=True)]
    idiom = rng.choice(("language", "Idiom"))
    _table(folder / "lyrics-data.csv", ["ALink", "SName", "SLink", "Lyric", idiom], rows, rng)
    artists = [[slug.title(), "Folk", "12", "0.4", f"/{slug}/"] for slug in dict.fromkeys(slugs)]
    _table(folder / "artists-data.csv", ["Artist", "Genres", "Songs", "Popularity", "Link"], artists, rng)
    return numbered("lyrics-data.csv", entries)


def slugs_380k(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """Titles and artists as slugs."""
    artists = [slug(WANTED if e.is_wanted else e.artist) for e in entries]
    rows = [[str(n), slug(e.title), "2019", artists[n], "Folk", e.raw] for n, e in enumerate(entries)]
    _table(folder / "lyrics.csv", ["index", "song", "year", "artist", "genre", "lyrics"], rows, rng)
    return numbered("lyrics.csv", entries)


def billboard(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    rows = [[e.shown, e.artist, "2019", str(n), e.raw] for n, e in enumerate(entries)]
    _table(folder / "billboard.csv", ["song", "band_singer", "year", "ranking", "lyrics"], rows, rng)
    return numbered("billboard.csv", entries)


def chords(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    header = ["artist_name", "song_name", "chords&lyrics", "lyrics", "lang"]
    rows = [[e.artist, e.shown, "Am   G\n" + e.raw.replace("\n", "\nC    D7\n"), e.raw, "en"] for e in entries]
    _table(folder / "chords_and_lyrics.csv", header, rows, rng)
    return numbered("chords_and_lyrics.csv", entries)
