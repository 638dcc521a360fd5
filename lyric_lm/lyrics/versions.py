"""Decide whether two texts are versions of one song.

What goes in are two texts with their titles; what comes out is how much of one stands in the other, if that makes them
versions. Almost all of the shorter one must; so songs that share a chorus, some formulas or only a title are no
versions. The thresholds are measured: see benchmarks/README.md. How texts fall into groups is not decided here.
"""

from dataclasses import dataclass

from lyric_lm.lyrics.likeness import Fingerprint, coverage, own_passages

# The share of the shorter text that must stand in the longer one. One word in ten changed leaves 0.88,
# one in five 0.73.
SHARED = 0.75
SHARED_SAME_TITLE = 0.5
SHARED_VOUCHED = 0.6  # two typists' copies differ from each other twice as much as from the song
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

NO_FIT = (0.0, False)


@dataclass(frozen=True, eq=False, slots=True)
class Text:
    """What is compared of songs that have the same words. ``places`` are theirs in the list given."""

    places: list[int]
    print: Fingerprint
    titles: frozenset[str]  # base titles, where they are titles of a song


def likeness(text: Text, fuller: Text, is_vouched: bool = False) -> tuple[float, bool]:
    """Return how much of a text stands in a fuller one, and whether their titles agree; ``NO_FIT``: no versions.

    Less is asked where ``is_vouched``: a version of the one is known to be a version of the other.
    """
    is_same_title = not text.titles.isdisjoint(fuller.titles)
    if len(text.print) < LEAST_PART * len(fuller.print) and not (is_same_title and len(text.print) >= LEAST_WORDS):
        return NO_FIT
    if len(text.print) < SHORT:
        least = SHARED_SHORT_SAME_TITLE if is_same_title else SHARED_SHORT
    elif is_same_title:
        least = SHARED_SAME_TITLE
    else:
        least = SHARED_VOUCHED if is_vouched else SHARED
    shared = coverage(text.print, fuller.print)
    if shared < least:
        return NO_FIT
    if is_same_title or own_passages(text.print, fuller.print) <= OWN_PASSAGES:
        return shared, is_same_title
    return (shared, False) if own_passages(fuller.print, text.print) <= OWN_PASSAGES else NO_FIT


def is_apart(text: Text, group: list[Text]) -> bool:
    """Say whether a text and a member of the group are two songs that only the group's first text, a medley, joins."""

    def is_part(part: Text) -> bool:
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
