"""The files that LyricsGenius has written over the years, as JSON and as text."""

import json
import re
from pathlib import Path
from random import Random
from typing import Any

from tests.noise import WANTED, Entry
from tests.noise.files import Sources, numbered, put_file


def _genius_song(entry: Entry, n: int) -> dict[str, Any]:
    """The body of one song, as the API gives it, with the two keys that LyricsGenius adds."""
    slug = re.sub(r"\W+", "-", entry.title.lower()).strip("-")
    artist = {"api_path": "/artists/7", "id": 7, "name": entry.artist, "url": "https://example.com/artists/7"}
    return {
        "annotation_count": 3,
        "api_path": f"/songs/{n}",
        "artist": entry.artist,
        "artist_names": entry.artist,
        "full_title": f"{entry.shown} by\xa0{entry.artist}",
        "id": n,
        "lyrics": entry.raw,
        "lyrics_state": "complete",
        "path": f"/{slug}-lyrics",
        "primary_artist": artist,
        "primary_artists": [artist],
        "featured_artists": [],
        "album": {"name": "Harbour Songs", "artist": artist, "id": 3},
        "release_date_components": {"year": 2019, "month": 5, "day": None},
        "stats": {"unreviewed_annotations": 0, "hot": False, "pageviews": 1024},
        "title": entry.shown,
        "title_with_featured": entry.shown,
        "url": f"https://example.com/{slug}-lyrics",
    }


def first(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """The first generation's file: short records under ``songs``."""
    songs = [
        {
            "title": entry.shown,
            "album": rng.choice(("Harbour Songs", None)),
            "year": rng.choice(("2019-05-01", None)),
            "lyrics": entry.raw,
            "image": "https://example.com/cover.jpg",
            "artist": entry.artist,
            "raw": {"id": n, "title": entry.shown, "url": "https://example.com"},
        }
        for n, entry in enumerate(entries, start=1)
    ]
    put_file(folder / "Lyrics_TildaMarrow.json", json.dumps({"artist": WANTED, "songs": songs}, indent=4))
    return numbered("Lyrics_TildaMarrow.json", entries)


def artist(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """An artist's file of the second and third generation."""
    name = f"saved_artist_lyrics_tildamarrow_{len(entries)}_songs.json"
    body = {
        "_type": "artist",
        "alternate_names": ["T. Marrow"],
        "api_path": "/artists/7",
        "description": {"plain": "Tilda Marrow sings about ferries."},
        "followers_count": 12,
        "id": 7,
        "name": WANTED,
        "slug": "Tilda-marrow",
        "url": "https://example.com/artists/Tilda-marrow",
        "songs": [_genius_song(entry, n) for n, entry in enumerate(entries, start=1)],
    }
    put_file(folder / name, json.dumps(body, indent=4))
    return numbered(name, entries)


def album(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """An album's file: numbered tracks."""
    name = "saved_album_lyrics_tildamarrow_harboursongs.json"
    tracks = [{"number": n, "song": _genius_song(entry, n)} for n, entry in enumerate(entries, start=1)]
    body = {
        "_type": "album",
        "api_path": "/albums/3",
        "artist": rng.choice((WANTED, {"name": WANTED, "id": 7})),
        "full_title": f"Harbour Songs by {WANTED}",
        "id": 3,
        "name": "Harbour Songs",
        "release_date_components": {"year": 2019, "month": 5, "day": 1},
        "tracks": tracks,
    }
    put_file(folder / name, json.dumps(body, indent=4))
    return numbered(name, entries)


def songs(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """A folder with a file for each song."""
    sources: Sources = {}
    for n, entry in enumerate(entries, start=1):
        slug = re.sub(r"\W+", "", entry.title.lower())
        name = f"saved_song_lyrics_tildamarrow_{slug}_{n}.json"
        put_file(folder / name, json.dumps(_genius_song(entry, n), indent=rng.choice((4, None))))
        sources[name] = entry
    return sources


def text(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """The text export: all songs in one file below ``[Song n: Title]`` or ``[Track n: Title]``."""
    word = rng.choice(("Song", "Track"))
    name = f"saved_artist_lyrics_tildamarrow_{len(entries)}_songs.txt"
    parts = [f"[{word} {n}: {entry.title}]\n{entry.raw}" for n, entry in enumerate(entries, start=1)]
    put_file(folder / name, "\n\n".join(parts))
    return numbered(name, entries)
