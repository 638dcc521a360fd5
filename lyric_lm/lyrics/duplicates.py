"""Find the versions of one song: live, remix, demo, remaster, another typist's copy, an excerpt.

What goes in are cleaned songs; what comes out are groups of them, in each the most complete version first. Nothing is
dropped here. Two texts are versions when almost all of the shorter one stands in the longer one, so two songs that
share a chorus, some formulas or only a title stay two songs. MinHash sketches propose the pairs; the texts
themselves decide. The thresholds are measured: see benchmarks/README.md.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

from lyric_lm.lyrics.song import Song
from lyric_lm.lyrics.titles import base_title, has_note, names_a_song

if TYPE_CHECKING:  # numpy, scipy and datasketch are imported where they are used: a command starts without them
    from lyric_lm.lyrics.likeness import Fingerprint

# The share of the shorter text that must stand in the longer one. One word in ten changed leaves 0.88,
# one in five 0.73.
SHARED = 0.75
SHARED_SAME_TITLE = 0.5
SHARED_VOUCHED = 0.5  # with a group's first text, where one of the next MOST_ASKED members has SHARED
MOST_ASKED = 50
# Two texts under different titles of which each has more than this in passages of its own are two songs, whatever they
# share: verses beside a chorus that is four times as long.
OWN_PASSAGES = 0.2
# Of texts below SHORT words more is asked: one other word in three lines may well be another song.
SHORT = 30
SHARED_SHORT = 0.95
SHARED_SHORT_SAME_TITLE = 0.75

# A smaller piece of another text is a version only under the same title, and from LEAST_WORDS on; under another title
# it is a chorus that belongs to no one song, a quotation, or one of the songs in a medley.
LEAST_PART = 0.4
LEAST_WORDS = 8
# Two texts that are no more than PART of a third and have less than this in common are songs that a medley joins.
PART = 0.7
LEAST_COMMON = 0.25

# Bands and rows of the sketches. A pair that has a fifth of its shingles in common is proposed with probability
# 0.93, one that has a hundredth with 0.006. Versions have a fifth or more; what by its sketch has less than half that
# is let go.
BANDS, ROWS = 64, 2
LEAST_JACCARD = 0.1
COMMON = 200  # a shingle of this many songs proposes no pair: an advert that cleaning left, the chorus of a whole genre
# A title of so many texts and of so large a share of them is not a song's: the column held the album or the artist.
COMMON_TITLE, COMMON_TITLE_SHARE = 5, 0.5

NO_FIT = (0.0, False)


@dataclass(frozen=True, eq=False, slots=True)
class _Text:
    """What is compared of songs that have the same words. ``places`` are theirs in the list given."""

    places: list[int]
    print: "Fingerprint"
    titles: frozenset[str]  # base titles, where they are titles of a song


def group_versions(songs: list[Song]) -> list[list[Song]]:
    """Group songs that are versions of one another; a song without versions is a group of its own.

    Texts are taken from the most complete down; each joins the group whose first text holds most of it, or starts
    one. Nobody joins by way of a middle member alone, so of songs of which each resembles only the next, the two ends
    are not called versions. Which songs are together does not depend on the order of ``songs``.

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
    groups = [_in_order(group, songs) for group in _grouped(_texts(songs))]
    return [[songs[place] for place in group] for group in sorted(groups, key=min)]


def _texts(songs: list[Song]) -> list[_Text]:
    """Take songs of the same words together; return the texts from the most complete down, in an order of their own."""
    from lyric_lm.lyrics.likeness import fingerprint

    prints = [fingerprint(song.lyrics) for song in songs]
    same: defaultdict[bytes, list[int]] = defaultdict(list)
    for place, print_ in enumerate(prints):
        same[print_.shingles.tobytes()].append(place)
    titles = [_told_by(songs[place].title for place in places) for places in same.values()]
    n_texts = Counter(title for told in titles for title in told)
    common = {title for title, n in n_texts.items() if n >= COMMON_TITLE and n > COMMON_TITLE_SHARE * len(same)}
    texts = [
        _Text(places, prints[places[0]], told - common) for places, told in zip(same.values(), titles, strict=True)
    ]

    def rank(text: _Text) -> tuple[int, list[str], bytes]:
        # Anything of the songs themselves would do after their size; it must only not be the order they were read in.
        return -len(text.print), sorted(text.titles), text.print.shingles.tobytes()

    return sorted(texts, key=rank)


def _told_by(titles: Iterable[str]) -> frozenset[str]:
    return frozenset(base_title(title) for title in titles if names_a_song(title))


def _grouped(texts: list[_Text]) -> list[list[_Text]]:
    """Put each text, from the most complete down, into the group whose first text it is a version of."""
    import numpy as np
    from datasketch import MinHash, MinHashLSH

    blank = MinHash(num_perm=BANDS * ROWS, hashfunc=int)
    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    # Of the groups' first texts: their sketches, by title, and how many have a shingle, by the shingle's number.
    sketches = np.empty((len(texts), BANDS * ROWS), dtype=np.uint32)
    by_title: defaultdict[str, list[int]] = defaultdict(list)
    shingles, numbers = np.unique(np.concatenate([text.print.distinct for text in texts]), return_inverse=True)
    n_firsts = np.zeros(len(shingles), dtype=np.int32)
    groups: list[list[_Text]] = []
    for text, own in zip(texts, np.split(numbers, np.cumsum([len(text.print) for text in texts])[:-1]), strict=True):
        rare = text.print.distinct[n_firsts[own] < COMMON]
        sketch = blank.copy()
        sketch.update_batch(((rare if len(rare) else text.print.distinct) >> np.uint64(32)).tolist())
        near = np.array(index.query(sketch), dtype=np.intp)
        near = near[(sketches[near] == sketch.hashvalues).mean(axis=1) >= LEAST_JACCARD]
        proposed = {*near.tolist(), *(number for title in text.titles for number in by_title[title])}
        fits = {number: _fit(text, groups[number]) for number in proposed}
        best = max(fits, key=lambda number: (*fits[number], -number), default=None)
        if best is not None and fits[best] > NO_FIT:
            groups[best].append(text)
            continue
        index.insert(len(groups), sketch, check_duplication=False)
        sketches[len(groups)] = sketch.hashvalues
        n_firsts[own] += 1
        for title in text.titles:
            by_title[title].append(len(groups))
        groups.append([text])
    return groups


def _fit(text: _Text, group: list[_Text]) -> tuple[float, bool]:
    """Return how much of a text stands in the group's first, and whether their titles agree; ``NO_FIT``: no versions.

    Two typists' copies of one song differ twice as much as each from the song. So less of the first will do where
    another member vouches for the text.
    """
    fit = _likeness(text, group[0])
    if fit == NO_FIT and len(group) > 1 and len(text.print) >= SHORT:
        loose = _likeness(text, group[0], SHARED_VOUCHED)
        if loose > NO_FIT and any(_likeness(text, member) > NO_FIT for member in group[1 : MOST_ASKED + 1]):
            fit = loose
    return NO_FIT if fit == NO_FIT or _is_apart(text, group) else fit


def _likeness(text: _Text, fuller: _Text, shared_by_others: float = SHARED) -> tuple[float, bool]:
    """Return how much of a text stands in a fuller one, and whether their titles agree; ``NO_FIT``: no versions."""
    from lyric_lm.lyrics.likeness import coverage, own_passages

    is_same_title = not text.titles.isdisjoint(fuller.titles)
    if len(text.print) < LEAST_PART * len(fuller.print) and not (is_same_title and len(text.print) >= LEAST_WORDS):
        return NO_FIT
    if len(text.print) < SHORT:
        least = SHARED_SHORT_SAME_TITLE if is_same_title else SHARED_SHORT
    else:
        least = SHARED_SAME_TITLE if is_same_title else shared_by_others
    shared = coverage(text.print, fuller.print)
    if shared < least:
        return NO_FIT
    if not is_same_title and all(
        own_passages(*pair) > OWN_PASSAGES for pair in permutations((text.print, fuller.print))
    ):
        return NO_FIT
    return shared, is_same_title


def _is_apart(text: _Text, group: list[_Text]) -> bool:
    """Say whether a text and a member of the group are two songs that only the group's first text, a medley, joins."""
    from lyric_lm.lyrics.likeness import coverage

    def is_part(part: _Text) -> bool:
        return len(part.print) < PART * len(group[0].print) and part.titles.isdisjoint(group[0].titles)

    return (
        is_part(text)
        and any(
            is_part(member)
            and member.titles.isdisjoint(text.titles)
            and coverage(text.print, member.print) < LEAST_COMMON  # members are no smaller
            for member in group[1:]
        )
    )


def _in_order(group: list[_Text], songs: list[Song]) -> list[int]:
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
