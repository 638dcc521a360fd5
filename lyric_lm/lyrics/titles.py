"""What a song's title says about which song it is: the title without notes such as "(Live)", or nothing at all.

What goes in is a title as a file or a web page gives it; what comes out is a key to compare, not a title to show.
Nothing here looks at lyrics: two songs may well share a title.
"""

import re

from lyric_lm.lyrics.song import fold

# What marks a recording and not a song, looked for in brackets and after a dash.
_RECORDING = re.compile(
    r"\b(?:"
    r"live|unplugged|sessions?|bootleg|rehearsal|concert|take \d+|outtake|alternat(?:e|ive)|demos?|early|rough|original"
    r"|(?:re)?mix(?:ed)?|rmx|mashup|edit(?:ion)?|versions?|extended|radio|single|album|bonus|deluxe|from the vault"
    r"|re-?master(?:ed)?|re-?record(?:ed|ing)|anniversary|acoustic|a ?cap+ella|instrumental|karaoke|piano|orchestral"
    r"|mono|stereo|explicit|clean|censored|reprise|cover|snippet|excerpt"
    r"|vivo|directo|versi[oó]n|maqueta|ac[uú]stic[oa]|remasteri[sz]ad[oa]|en concierto"  # Spanish
    r"|ao vivo|vers[aã]o|dal vivo|versione|acustic[oa]|rimasterizzat[oa]"  # Portuguese, Italian
    r"|en public|acoustique|maquette|remasteris[eé]e?"  # French
    r"|\w*fassung|live(?:version|mitschnitt)|akusti\w+|konzert"  # German
    r"|na żywo|wersja|canlı|концерт\w*|жив(?:ой|ая|ое|ьём|ьем)|лайв|акустик\w*|акустическ\w+|верси[яи]"
    r"|ремикс|ремастер\w*|демо\w*)\b|ライ[ブヴ]|リミックス|[バヴ]ージョン|デモ|现场|現場|版|라이브|리믹스|버전"
)
_GUESTS = re.compile(r"\b(?:feat|ft|featuring|при участии)\b\.?\s.*")
_GUESTS_IN_BRACKETS = re.compile(r"(?:feat|ft|featuring|with|w/|duet|avec|con|mit|при уч)\b")
_YEAR = re.compile(r"(?:19|20)\d\d")
_BRACKETS = re.compile(r"[(\[{（【]([^()\[\]{}（）【】]*)[)\]}）】]")
_DASH = re.compile(r"\s[-–—|~:]\s")
# The few notes that may follow a title with nothing between, as in the file name tea_live.txt.
_TRAILING = re.compile(
    r" (?:(?:recorded )?live(?: (?:at|in|on|from) .*)?|take \d+|demo|remix|re ?master(?:ed)?|acoustic|reprise|unplugged"
    r"|(?:radio|single|extended|club) (?:edit|mix|version)|(?:acoustic|live|album|demo) version|(?:en|ao|dal) vivo)"
    r"(?: (?:19|20)\d\d)?$"
)
_STAND_IN = re.compile(
    r"\d*|(?:track|song|text|lyrics|untitled|unknown|intro|outro|interlude|skit|трек|песня) ?\d*"
    r"|nan|none|null|no title|unknown title|sans titre|sin titulo|sin título|ohne titel|senza titolo|без названия"
)


def base_title(title: str) -> str:
    """Return what the versions of one song have in common in their titles, case and punctuation folded.

    A title that is nothing but such notes stays whole. To take off too much does little harm, as no caller
    relies on the title alone.

    >>> [base_title(f"Low Tide{note}") for note in (" (Live in Bray)", " [2011 Remaster]", ", Demo 1974", " (En vivo)")]
    ['low tide', 'low tide', 'low tide', 'low tide']
    >>> [base_title(f"Low Tide{note}") for note in (" - Acoustic Version", " (feat. Ada)", " ft. Ada & Bea", ", Pt. 2")]
    ['low tide', 'low tide', 'low tide', 'low tide pt 2']
    >>> base_title("Отлив (Акустическая версия)"), base_title("Live"), base_title("Don’t Go (Don't Go)")
    ('отлив', 'live', 'dont go dont go')
    """
    text = _BRACKETS.sub(lambda match: " " if _is_note(match[1]) else match[0], _spaced(title))
    parts = _DASH.split(text)
    while len(parts) > 1 and _is_note(parts[-1]):  # "Low Tide - Live - 2011 Remaster"
        parts.pop()
    return _TRAILING.sub("", _key(_GUESTS.sub("", " ".join(parts))) or _key(_spaced(title)))


def has_note(title: str) -> bool:
    """Say whether a title tells of a recording, so that it is not the song's plain title.

    >>> has_note("Don't Go (Live)"), has_note("Don't Go")
    (True, False)
    """
    return base_title(title) != _key(_spaced(title))


def names_a_song(title: str) -> bool:
    """Tell a title from a stand-in for one, such as "Untitled", "Track 3", "Intro", a number or "nan".

    >>> titles = ["", "Track 03", "song 12", "Untitled", "1984", "nan", "Intro (Live)", "???"]
    >>> any(map(names_a_song, titles))
    False
    >>> names_a_song("Song of the Sea"), names_a_song("7 Yards of Rope")
    (True, True)
    """
    return not _STAND_IN.fullmatch(base_title(title))


def _is_note(text: str) -> bool:
    """Say whether a text in brackets, or after a dash, tells of a recording or of guests and not of the song."""
    text = text.strip()
    return bool(_RECORDING.search(text) or _GUESTS_IN_BRACKETS.match(text) or _YEAR.fullmatch(text))


def _spaced(title: str) -> str:
    return " ".join(title.replace("_", " ").casefold().split())


def _key(text: str) -> str:
    return fold(text).replace("'", "")
