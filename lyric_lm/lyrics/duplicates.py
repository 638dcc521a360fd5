"""Find the versions of one song: live, remix, demo, remaster, another typist's copy, an excerpt.

What goes in are cleaned songs; what comes out are groups of them, in each the most complete version first. Nothing is
dropped here. When two texts are versions is decided in ``versions``, what falls into a group in ``grouping``.
"""

from typing import TYPE_CHECKING

from lyric_lm.lyrics.song import Song
from lyric_lm.lyrics.titles import has_note

if TYPE_CHECKING:
    from lyric_lm.lyrics.versions import Text


def group_versions(songs: list[Song]) -> list[list[Song]]:
    """Group songs that are versions of one another; a song without versions is a group of its own.

    Songs that share a chorus, some formulas or only a title stay apart; songs of the same words are together under any
    titles. Which songs are together does not depend on their order.

    >>> verse = "Row on, row on, my own true love,\\nthe lamps are lit at Saltby,\\nthe tide is low, the boats are in,"
    >>> lyrics = f"{verse}\\nand nobody to tell me where the nine o'clock has gone to,\\nor who has got the key."
    >>> live, studio = Song("Sea (Live)", "Ada", verse, "live.txt"), Song("Sea", "Ada", lyrics.upper(), "sea.txt")
    >>> groups = group_versions([live, Song("Tea", "Ada", "Tea for two, and two for tea", "tea.txt"), studio])
    >>> [[song.title for song in group] for group in groups]
    [['Sea', 'Sea (Live)'], ['Tea']]

    Returns:
        Groups in order of their first-read member; in each the most complete version first, and of equally complete
        ones that of the plain title, then the first read.
    """
    if len(songs) < 2:
        return [[song] for song in songs]
    from lyric_lm.lyrics.grouping import grouped  # brings numpy, scipy and datasketch: half a second

    groups = [_in_order(group, songs) for group in grouped(songs)]
    return [[songs[place] for place in group] for group in sorted(groups, key=min)]


def _in_order(group: "list[Text]", songs: list[Song]) -> list[int]:
    """Return the places of a group's songs: the most complete first."""
    size = {place: len(text.print) for text in group for place in text.places}
    n_units = {place: len(text.print.shingles) for text in group for place in text.places}

    def preference(place: int) -> tuple[bool, int, int]:
        return has_note(songs[place].title), -n_units[place], place

    # A misprint in one of a chorus's repeats adds up to three shingles; it does not make a text more complete.
    top = max(size.values())
    first = min((place for place in size if size[place] >= top - min(3, top // 20)), key=preference)
    rest = sorted(size.keys() - {first}, key=lambda place: (-size[place], preference(place)))
    return [first, *rest]
