"""What stands above a song in a text file: its title, "by" its artist, lines such as ``Title: Sea``.

One song's text goes in, with the name of its file if the file holds nothing else; a record comes out, its lyrics
untouched from the first line that is sung. A line is taken for a heading only where something else says so too:
the file's name, a label, or the empty line below it.
"""

import re

from lyric_lm.lyrics.formats.keys import Record
from lyric_lm.lyrics.formats.structure import is_title
from lyric_lm.lyrics.names import DASH, artist_and_title, letters, looks_like_name, title_of
from lyric_lm.lyrics.titles import base_title

MIN_CUT_OFF = 10  # letters of a file's name that begin a longer title, so that it is no coincidence

_TITLE_LABELS = (
    "title song track songtitle tracktitle songname titel título titulo titre titolo название песня 曲名 歌名"
)
_ARTIST_LABELS = (
    "artist artists singer performer band by performedby interpret künstler artista artiste исполнитель 歌手"
)
_OTHER_LABELS = "album year date released releasedate genre tracknumber trackno language length duration альбом год"
_LABELS = {
    **dict.fromkeys(_TITLE_LABELS.split(), "title"),
    **dict.fromkeys(_ARTIST_LABELS.split(), "artist"),
    **dict.fromkeys(_OTHER_LABELS.split(), "other"),
}
_LABELLED = re.compile(r"[ \t]*([^\W\d_][^\W\d_ ]*(?: [^\W\d_]+)?)[ \t]*[:：][ \t]*(.*)")
_FENCE = re.compile(r"-{3,}[ \t]*")  # around the front matter of a Markdown file
_MARKDOWN = re.compile(r"[ \t]*#{1,6}[ \t]+(.*?)[ \t#]*")
_BY = re.compile(r"[ \t]*by:?[ \t]+(\S.*?)[ \t]*", re.IGNORECASE)
_QUOTES = "\"'“”„«»"


def song_under_heading(text: str, stem: str = "") -> Record:
    r"""Read one song; its title is what stands above it, or else what the file's name says.

    >>> song_under_heading("O'er the Sea\n\nRow on\n", "oer_the_sea")
    {'lyrics': '\nRow on\n', 'title': "O'er the Sea"}
    >>> song_under_heading("Row on\nRow home\n", "03 - Sea")
    {'lyrics': 'Row on\nRow home\n', 'title': 'Sea'}
    >>> song_under_heading("Sea\nby Ada Lark\n\nRow on\n", "sea")
    {'lyrics': '\nRow on\n', 'title': 'Sea', 'artist': 'Ada Lark'}
    >>> song_under_heading("Artist: Ada Lark\nTitle: Sea\nYear: 1999\n\nRow on\n")
    {'lyrics': '\nRow on\n', 'title': 'Sea', 'artist': 'Ada Lark'}
    """
    file_artist, file_title = artist_and_title(stem)
    fields, below = labelled_lines(text, file_title)
    if "title" in fields:
        return _song(below, fields["title"], fields.get("artist", ""), file_artist)
    names = {letters(name) for name in (stem, title_of(stem), file_title)} - {""}
    title, artist, rest = _title_line(below or text, names, file_artist, file_title)
    artist = artist or fields.get("artist", "")
    if title:
        return _below_title(rest, title, artist, file_artist)
    is_known = bool(artist) and letters(artist) == letters(file_artist)
    return _record(below or text, file_title if is_known else title_of(stem), artist)


def song_below_title(text: str, title: str) -> Record:
    r"""Read one song whose title is known; what stands above it may say it again.

    >>> song_below_title("Sea - Live\nby Ada Lark\n\nRow on\n", "Sea - Live")
    {'lyrics': '\nRow on\n', 'title': 'Sea - Live', 'artist': 'Ada Lark'}
    """
    fields, below = labelled_lines(text, title)
    return _song(below or text, title, fields.get("artist", ""), "")


def _song(text: str, title: str, artist: str, file_artist: str) -> Record:
    """Read a song whose title a label or a mark gives: take off the title said again, and the line of the artist."""
    first, below = _first_line(text)
    if first.strip() == title and (_is_alone(below) or _artist_line(below, artist or file_artist)):
        text = below
    return _below_title(text, title, artist, file_artist)


def _below_title(text: str, title: str, artist: str, file_artist: str) -> Record:
    """Read what stands below a title: perhaps the line of the artist, and the song."""
    if name := _artist_line(text, artist or file_artist):
        artist, text = artist or name, _first_line(text)[1]
    return _record(text, title, artist)


def _record(lyrics: str, title: str, artist: str) -> Record:
    record = {"lyrics": lyrics, "title": title, "artist": artist}
    return {name: value for name, value in record.items() if value or name == "lyrics"}


def labelled_lines(text: str, title: str = "") -> tuple[Record, str]:
    r"""Read lines such as ``Title: Sea`` at the top: what they say, and the text below them ("" without such lines).

    Two such lines count, or one that names a title or an artist and stands alone or gives the title that is expected.

    >>> labelled_lines("---\ntitle: Sea\nartist: 'Ada'\n---\nRow on")
    ({'title': 'Sea', 'artist': 'Ada'}, 'Row on')
    >>> labelled_lines("Song: a sailor's word\nfor longing\n")
    ({}, '')
    """
    fields: Record = {}
    n_labels, below = 0, text.lstrip("\n")
    line, _, after = below.partition("\n")
    is_fenced = bool(_FENCE.fullmatch(line)) and label_of(after.partition("\n")[0]) is not None
    below = after if is_fenced else below
    while n_labels < 20 and (labelled := label_of(below.partition("\n")[0])):
        n_labels += 1
        kind, value = labelled
        if value:
            fields.setdefault(kind, value)
        below = below.partition("\n")[2]
    names = {kind: value for kind, value in fields.items() if kind != "other"}
    is_sure = n_labels > 1 or _is_alone(below) or letters(fields.get("title", "")) == letters(title)
    if not names or not is_sure:
        return {}, ""
    line, _, after = below.partition("\n")
    if (is_fenced and _FENCE.fullmatch(line)) or line.strip().lower() in ("lyrics:", "text:"):
        below = after
    return names, below


def label_of(line: str) -> tuple[str, str] | None:
    """Return which field a line such as ``Title: Sea`` gives (``title``, ``artist`` or ``other``), and its value.

    >>> label_of('Song Title: "Sea"'), label_of("By: Ada"), label_of("Love: a song")
    (('title', 'Sea'), ('artist', 'Ada'), None)
    """
    if len(line) < 200 and (found := _LABELLED.fullmatch(line)):
        kind = _LABELS.get(found[1].lower().replace(" ", ""))
        return (kind, _unquoted(found[2].strip())) if kind else None
    return None


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 2 and text[0] in _QUOTES and text[-1] in _QUOTES
    return text[1:-1] if is_quoted else text


def _title_line(text: str, names: set[str], file_artist: str, file_title: str) -> tuple[str, str, str]:
    """Part the title that stands above a song from it: title, artist, the rest; no title where that line is sung."""
    first, below = _first_line(text)
    if not letters(first[:200]) or len(first) > 200:
        return "", "", text
    is_alone = _is_alone(below)
    markdown = _MARKDOWN.fullmatch(first)  # "# Sea"
    line = re.sub(r"[ \t]+lyrics:?$", "", markdown[1] if markdown else first.strip(), flags=re.IGNORECASE)
    if letters(line) in names and (is_alone or not line.endswith((",", ";"))):
        artist, title = artist_and_title(line) if file_artist else ("", title_of(line))
        return _unquoted(title), artist, below
    for title, artist in _title_and_artist(line, file_artist):
        if letters(title) in names and (is_alone or letters(artist) == letters(file_artist)):
            return _unquoted(title), artist, below
    if file_artist and letters(line) == letters(file_artist):  # the artist first, then the title
        second, after = _first_line(below)
        if letters(second) == letters(file_title):
            return second.strip(), line, after
    is_known = is_alone and is_title(line) and (_is_cut_off(line, names) or _is_version(line, file_title))
    return (line, "", below) if is_known or (markdown and is_title(line)) else ("", "", text)


def _title_and_artist(line: str, known: str) -> list[tuple[str, str]]:
    """Return how a line can be read as a title with its artist; after a dash only the known artist stands.

    >>> _title_and_artist("Sea by Ada", ""), _title_and_artist("Ada - Sea", ""), _title_and_artist("Stand by me", "")
    ([('Sea', 'Ada')], [('Sea', 'Ada')], [])
    """
    title, by, artist = line.rpartition(" by ")
    sides = DASH.split(line)
    pairs = [(title, artist)] if by else [(sides[1], sides[0]), (sides[0], sides[1])] if len(sides) == 2 else []
    is_last_known = len(pairs) > 1 and known and letters(pairs[1][1]) == letters(known)
    return [(title, artist) for title, artist in pairs[: 2 if is_last_known else 1] if looks_like_name(artist)]


def _is_cut_off(line: str, names: set[str]) -> bool:
    """Say whether a name is the line cut short inside a word; one cut between words may begin the song's first line.

    >>> _is_cut_off("All of the Gulls", {"allofthegu"}), _is_cut_off("All of the gulls are out", {"allofthegulls"})
    (True, False)
    """
    words = line.split()
    whole = {letters(" ".join(words[:n])) for n in range(1, len(words) + 1)}
    return any(len(name) >= MIN_CUT_OFF and letters(line).startswith(name) and name not in whole for name in names)


def _is_version(line: str, file_title: str) -> bool:
    return len(letters(line)) > 2 and base_title(file_title) == base_title(line)  # "Sea" in sea_live.txt


def _artist_line(text: str, known: str) -> str:
    """Return the artist that the line under a title names, ``by Ada Lark`` or a known name alone; else ""."""
    line, below = _first_line(text)
    if text.startswith("\n\n") or not line:  # further down than one empty line
        return ""
    by = _BY.fullmatch(line) if len(line) < 200 else None
    name = by[1] if by else line.strip()
    if known and letters(name) == letters(known):
        return name
    return name if by and looks_like_name(name) and _is_alone(below) else ""


def _first_line(text: str) -> tuple[str, str]:
    """Return the first line that is not empty, and the text below it."""
    first, _, below = text.lstrip("\n \t").partition("\n")
    return first, below


def _is_alone(below: str) -> bool:
    """Say whether an empty line, or nothing, follows."""
    return not below.partition("\n")[0].strip()
