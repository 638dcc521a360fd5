"""What the name of a file says about the song in it: its title, and perhaps its artist. Nothing is read here.

People name files ``03_Title``, ``1-03 Title``, ``Artist - Title`` or as an export does; what goes in is such a
name without its ending, what comes out is text to show or to compare. Names are weak evidence: callers believe
what a file itself says first.
"""

import re
import unicodedata

from lyric_lm.lyrics.song import fold
from lyric_lm.lyrics.titles import has_note

DASH = re.compile(r"\s+[-–—]\s+")

# "01 Sea", "1. Sea", "1) Sea", "1 - Sea", "1-03 Sea": a number that can only be a track's. "7 Years" is a title.
_TRACK = re.compile(
    r"(?:track[ _]?\d{1,3}|\(?\d{1,3}[.)]|\[\d{1,3}\]|\d[-.]\d{2}(?=[ _.-])|0\d{1,2}|\d{1,3}(?= [-–—] ))"
    r"[ _.–—-]+(?=\S)",
    re.IGNORECASE,
)
_BARE_TRACK = re.compile(r"(\d{1,3})[ _-]+(?=\S)")
_EXPORTS = (  # how LyricsGenius names the file of an artist, old and new
    re.compile(r"Lyrics_(?P<name>[^\W_]+)", re.IGNORECASE),
    re.compile(r"saved_artist_lyrics_(?P<name>.+?)(?:_\d+_songs)?", re.IGNORECASE),
)
_SMALL_WORDS = {"of", "the", "and", "de", "da", "del", "la", "le", "van", "von", "der", "den", "y", "e", "und", "et"}


def title_of(stem: str) -> str:
    """Return the title that a file's name gives: no track number, spaces for underscores.

    >>> [title_of(stem) for stem in ("oer_the_sea", "03_Sea", "1. Sea", "7 Years", "well-known", "the-long-sea")]
    ['oer the sea', 'Sea', 'Sea', '7 Years', 'well-known', 'the long sea']
    >>> title_of("Sea Lyrics"), title_of("Lyrics"), title_of("01")
    ('Sea', 'Lyrics', '01')
    """
    stem = _TRACK.sub("", stem, count=1) if _TRACK.match(stem) else stem
    if " " not in stem and "_" not in stem and stem.count("-") > 1:
        stem = stem.replace("-", " ")
    title = " ".join(stem.replace("_", " ").split())
    return re.sub(r" lyrics?$", "", title, flags=re.IGNORECASE)


def without_bare_number(stem: str) -> str:
    """Take the number off a name whose neighbours are all numbered, so that it is no part of the title.

    >>> without_bare_number("7 Years"), without_bare_number("12_Sea"), without_bare_number("1999")
    ('Years', 'Sea', '1999')
    """
    return _BARE_TRACK.sub("", stem, count=1) if _BARE_TRACK.match(stem) else stem


def are_numbered(stems: list[str]) -> bool:
    """Say whether the files of a folder are numbered through: three or more, each with a number of its own.

    >>> are_numbered(["1 Sea", "2 Tea", "3 Bee"]), are_numbered(["7 Years", "99 Balloons", "Sea"])
    (True, False)
    """
    found = [_BARE_TRACK.match(stem) for stem in stems]
    numbers = {int(number[1]) for number in found if number}
    return len(stems) > 2 and len(numbers) == len(stems) and max(numbers) <= len(stems) + 3


def artist_and_title(stem: str) -> tuple[str, str]:
    """Part ``Artist - Title``, with or without numbers and an album between; ("", title) where there is no dash.

    >>> artist_and_title("Ada Lark - Sea"), artist_and_title("Ada Lark - Harbours - 03 - Sea"), artist_and_title("Sea")
    (('Ada Lark', 'Sea'), ('Ada Lark', 'Sea'), ('', 'Sea'))
    >>> artist_and_title("ada_lark_-_sea"), artist_and_title("01 - Ada Lark - Sea")
    (('ada lark', 'sea'), ('Ada Lark', 'Sea'))
    >>> artist_and_title("Ada Lark - Sea - Live at Saltby"), artist_and_title("Sea - 2011 Remaster")
    (('Ada Lark', 'Sea - Live at Saltby'), ('', 'Sea - 2011 Remaster'))
    """
    artist, *rest = DASH.split(title_of(stem))
    is_version = bool(rest) and has_note(f"a ({rest[-1]})")  # "Title - Live", "Artist - Title - Live"
    if len(rest) < 1 + is_version:
        return "", " - ".join([artist, *rest])
    return artist, title_of(" - ".join(rest[-2:]) if is_version else rest[-1])


def artist_of_export(stem: str) -> str:
    """Return the artist in the name of a LyricsGenius file, where its words can be told apart; else "".

    >>> artist_of_export("Lyrics_RobertBurns"), artist_of_export("saved_artist_lyrics_robert_burns_12_songs")
    ('Robert Burns', 'Robert Burns')
    >>> artist_of_export("saved_artist_lyrics_robertburns_12_songs"), artist_of_export("Lyrics_Ada")
    ('', 'Ada')
    """
    for export in _EXPORTS:
        if found := export.fullmatch(stem):
            name = " ".join(re.sub(r"(?<=[^\W\d_])(?<![A-Z])(?=[A-Z])", " ", found["name"]).replace("_", " ").split())
            return (name if name != name.lower() else name.title()) if " " in name or name[:1].isupper() else ""
    return ""


def letters(text: str) -> str:
    """Return what two spellings of one name or title share: letters and digits, without case and accents.

    >>> letters("O'er the Sea!") == letters("oer_the_sea"), letters("Élan & Söhne"), letters("Алёна")
    (True, 'elanandsohne', 'алена')
    """
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text.replace("&", " and ")))
    folded = fold(unicodedata.normalize("NFC", plain))
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c)[0] == "M")


def looks_like_name(text: str) -> bool:
    """Say whether a text could be somebody's name: a few words, each with a capital, and no sentence's end.

    >>> [looks_like_name(text) for text in ("Ada Lark", "Burns, Robert", "The Maid of the Mill", "A. Lark & Sons")]
    [True, True, True, True]
    >>> [looks_like_name(text) for text in ("yon castle wa', at the close of the day", "Me!", "the river", "Live 2019")]
    [False, False, False, False]
    """
    words = text.split()
    if has_note(f"a ({text})"):  # "Sea - 2011 Remaster"
        return False
    if not 1 <= len(words) <= 7 or len(text) > 60 or text.rstrip()[-1] in ",;:!?" or text.count(",") > 1:
        return False
    is_small = [word.lower() in _SMALL_WORDS or not word[0].isalnum() for word in words]
    return not all(is_small) and all(
        small or not word[0].islower() for word, small in zip(words, is_small, strict=True)
    )
