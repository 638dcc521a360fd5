"""The names under which files keep a song's lyrics, title and artist.

The names of a table's columns or of an object's fields go in; which of them hold what comes out. Names are compared
by their letters and digits alone, so that ``Song_Title``, ``song title`` and ``songTitle`` are one. No value is seen.
"""

import re
from collections.abc import Iterable
from typing import Any

Record = dict[str, str]  # lyrics, and where the file says so title and artist

# In order of preference. LyricsGenius, Genius and Musixmatch, LRCLIB, the usual Kaggle sets and their like.
LYRICS_KEYS = (
    *("lyrics", "lyric", "songlyrics", "songlyric", "lyricstext", "lyrictext", "lyricsbody", "fulllyrics", "fulllyric"),
    *("plainlyrics", "syncedlyrics", "rawlyrics", "lyricsraw", "originallyrics", "cleanedlyrics", "cleanlyrics"),
    *("lyricsclean", "lyricscleaned", "lyricsoriginal", "songtext", "songtexts", "liedtext", "letra", "letras"),
    *("paroles", "testo", "testi", "songtekst", "слова", "текстпесни", "歌词", "歌詞", "가사"),
)
# These may be anything in a file that has one of the above.
WEAK_LYRICS_KEYS = (
    *("text", "texts", "tekst", "текст", "words", "seq", "poem", "verse", "content", "body", "chordslyrics"),
)
TITLE_KEYS = (
    *("title", "songtitle", "tracktitle", "song", "songname", "track", "trackname", "sname", "name", "titre", "titulo"),
    *("título", "titolo", "titel", "tytuł", "canción", "cancion", "название", "песня", "歌名", "曲名", "제목"),
    *("fulltitle", "poemtitle"),
)
ARTIST_KEYS = (
    *("artist", "artistname", "bandsinger", "singer", "singers", "primaryartist", "primaryartistname", "trackartist"),
    *("band", "bandname", "performer", "performers", "artists", "artistnames", "primaryartists", "author", "poet"),
    *("interpret", "interprete", "intérprete", "artista", "artiste", "künstler", "исполнитель", "歌手", "가수"),
    *("albumartist", "by", "alink", "artistlink"),
)
# Found beside them; they tell that a first line is a header, and that an object is no mapping from titles to lyrics.
_OTHERS = """
    id index tag year views features language languagecld3 languageft lang idiom link slink url album genre genres date
    releasedate released rank ranking popularity source label duration unnamed0 tracknumber decade topic lyricist
    description bio biography annotations about summary notes comment license citation homepage
"""
OTHER_KEYS = frozenset(_OTHERS.split())
ALLOWED = "lyrics, lyric, text, song_lyrics, paroles, letra"
_NO_LYRICS = re.compile(
    "^(?:has|is|num|n)lyrics|lyrics(?:state|owner|url|link|id$|lang|path|count|length|source|score|writer|update|embed)"
)


def normal(name: object) -> str:
    """Return what makes two field names the same: their letters and digits, in small letters.

    >>> normal("Song_Title"), normal(" songTitle "), normal("chords&lyrics"), normal(None)
    ('songtitle', 'songtitle', 'chordslyrics', '')
    """
    return "".join(c for c in name.casefold() if c.isalnum()) if isinstance(name, str) else ""


def fields(names: Iterable[object]) -> dict[str, list[Any]]:
    """Say which of a file's field names hold lyrics, title and artist, the best first.

    >>> fields(["Artist", "Song Name", "chords&lyrics", "Lyrics"])
    {'lyrics': ['Lyrics'], 'title': ['Song Name'], 'artist': ['Artist']}
    >>> [fields(names)["lyrics"] for names in (["id", "text"], ["lyrics_state", "lyrics_english"], ["year"])]
    [['text'], ['lyrics_english'], []]
    """
    by_normal: dict[str, Any] = {}
    for name in names:
        by_normal.setdefault(normal(name), name)
    lyrics = [by_normal[key] for key in LYRICS_KEYS if key in by_normal]
    lyrics = lyrics or [by_normal[key] for key in by_normal if "lyrics" in key and not _NO_LYRICS.search(key)][:1]
    lyrics = lyrics or [by_normal[key] for key in WEAK_LYRICS_KEYS if key in by_normal][:1]
    return {
        "lyrics": lyrics,
        "title": [by_normal[key] for key in TITLE_KEYS if key in by_normal],
        "artist": [by_normal[key] for key in ARTIST_KEYS if key in by_normal],
    }
