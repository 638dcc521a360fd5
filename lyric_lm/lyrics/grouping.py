"""Group texts by the versions of one song, however many texts there are.

What goes in are songs; what comes out are groups of texts, a text being all songs of the same words. MinHash sketches
propose the pairs, ``versions`` judges each. In a group every text is a version of the first, or of the first
text of a group that joined it: so a long row of texts of which each resembles only the next falls into several groups.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lyric_lm.lyrics.likeness import Fingerprint, fingerprint
from lyric_lm.lyrics.sketches import SketchIndex, sketch
from lyric_lm.lyrics.song import Song
from lyric_lm.lyrics.titles import base_title, names_a_song
from lyric_lm.lyrics.versions import NO_FIT, PART, Text, is_apart, likeness

LEAST_JACCARD = 0.1  # by the sketch; versions have a fifth of their shingles in common, or more
COMMON = 200  # a shingle of this many songs proposes no pair: an advert that cleaning left, the chorus of a whole genre
MOST_PROPOSED = 50  # by sketch, the most alike; as many by title
# A title of more than half of all texts, if these are a few, or of more than COMMON, is not a song's: the column held
# the album or the artist.
A_FEW = 5
MOST_ASKED = 10  # members of a group that may vouch for another


def grouped(songs: list[Song]) -> list[list[Text]]:
    """Put each text, from the most complete down, into the group whose first text holds most of it, or into a new one.

    Which songs are together does not depend on the order of ``songs``.
    """
    texts = _texts(songs)
    # Of the groups' first texts: their sketches, by title, and how many have a shingle that many texts have.
    index = SketchIndex(most=len(texts))
    by_title: defaultdict[str, list[int]] = defaultdict(list)
    frequent = _frequent([text.print.distinct for text in texts])
    n_firsts = np.zeros(len(frequent), dtype=np.int32)
    groups: list[list[Text]] = []
    rivals: list[set[int]] = []
    for text in texts:
        places = np.searchsorted(frequent, text.print.distinct)
        is_frequent = frequent[places] == text.print.distinct
        rare = text.print.distinct[~is_frequent | (n_firsts[places] < COMMON)]
        its_sketch = sketch(rare if len(rare) else text.print.distinct)
        near = index.near(its_sketch, LEAST_JACCARD, MOST_PROPOSED)
        namesakes = (number for title in text.titles for number in by_title[title][:MOST_PROPOSED])
        proposed = {*near, *namesakes}
        likenesses = {number: likeness(text, groups[number][0]) for number in proposed}
        fitting = [n for n in proposed if likenesses[n] > NO_FIT and not is_apart(text, groups[n])]
        if fitting:
            groups[max(fitting, key=lambda number: (*likenesses[number], -number))].append(text)
            continue
        index.add(its_sketch)
        n_firsts[places[is_frequent]] += 1
        for title in text.titles:
            by_title[title].append(len(groups))
        groups.append([text])
        rivals.append(proposed)
    return _joined(groups, rivals)


def _frequent(texts: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return the shingles that at least ``COMMON`` texts have, rising; the others need no counting.

    The largest number there is stands at the end, so that no shingle would come after it.
    """
    shingles = np.concatenate(texts)
    shingles.sort()
    last = shingles[COMMON - 1 :]
    found = last[last == shingles[: len(last)]]
    return np.append(found[np.diff(found, prepend=~found[:1]) != 0], np.uint64(2**64 - 1))


def _texts(songs: list[Song]) -> list[Text]:
    """Take songs of the same words together; return the texts from the most complete down, in an order of their own."""
    prints = [fingerprint(song.lyrics) for song in songs]
    same: defaultdict[bytes, list[int]] = defaultdict(list)
    for place, print_ in enumerate(prints):
        same[_digest(print_)].append(place)
    titles = [_told_by(songs[place].title for place in places) for places in same.values()]
    n_texts = Counter(title for told in titles for title in told)
    common = {title for title, n in n_texts.items() if n > COMMON or (n >= A_FEW and n > len(same) / 2)}
    texts = [Text(places, prints[places[0]], told - common) for places, told in zip(same.values(), titles, strict=True)]

    def rank(text: Text) -> tuple[int, list[str], bytes]:
        # Anything of the songs themselves would do after their size; it must only not be the order they were read in.
        return -len(text.print), sorted(text.titles), text.print.shingles.tobytes()

    return sorted(texts, key=rank)


def _digest(print_: Fingerprint) -> bytes:
    return hashlib.blake2b(print_.shingles.tobytes(), digest_size=16).digest()


def _told_by(titles: Iterable[str]) -> frozenset[str]:
    return frozenset(base_title(title) for title in titles if names_a_song(title))


def _joined(groups: list[list[Text]], rivals: list[set[int]]) -> list[list[Text]]:
    """Join groups whose first texts are nearly versions when a member of one and a member of the other are.

    The song itself may come after two misprinted copies of it, which are the larger for their misprints; it then
    joins one of them and shows that the other belongs there too. ``rivals[n]`` are the groups before the n-th that
    its first text was compared with.
    """
    home = list(range(len(groups)))
    for number, near in enumerate(rivals):
        for other in sorted({home[rival] for rival in near}):
            if _is_vouched(groups[number], groups[other]):
                groups[other] += groups[number]
                groups[number] = []
                home[number] = other
                break
    return [group for group in groups if group]


def _is_vouched(group: list[Text], fuller: list[Text]) -> bool:
    """Say whether members show that two groups, whose first texts are no versions by themselves, are one."""
    if len(group) + len(fuller) == 2 or likeness(group[0], fuller[0], is_vouched=True) == NO_FIT:
        return False
    pairs = (
        sorted(pair, key=lambda text: len(text.print)) for pair in product(group[:MOST_ASKED], fuller[:MOST_ASKED])
    )
    # A chorus alone is a part of many songs and proves nothing of them.
    return any(len(a.print) >= PART * len(b.print) and likeness(a, b) > NO_FIT for a, b in pairs)
