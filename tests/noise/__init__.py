"""Messy exports of clean songs, and what they should come out as: the truth that reading and cleaning are scored by.

``messy`` takes the clean songs of ``songs`` and a random generator, and returns entries: what the export says, and
what is left of it when everything that is not the song has been taken out. ``formats`` writes entries into a
folder. Nothing here knows how the cleaning works; the noise follows what real dumps hold.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.noise import characters, marks, scrape, sections
from tests.noise.lines import Lines, lines_of, text_of
from tests.noise.nonsongs import NON_SONGS, versions
from tests.noise.songs import Clean, album, look_alikes

WANTED = "Tilda Marrow"
SPELLINGS = (WANTED, WANTED, "tilda  marrow", "Marrow, Tilda", "TILDA MARROW", "Tilda Marrow feat. Amos Varley")
OTHERS = ("Brack & Dunn", "Orla Penhallow", "The Marrows", "Tilda Harrow")

Kind = Callable[[Lines, Clean, Random], Lines]

# In the order in which they are put on: what changes sung lines before what stands between them.
KINDS: dict[str, Kind] = {
    "repeats": sections.repeats,
    "unknown repeats": sections.unknown_repeats,
    "apostrophes": characters.apostrophes,
    "homoglyphs": characters.homoglyphs,
    "unseen": characters.unseen,
    "spaces": characters.spaces,
    "decomposed": characters.decomposed,
    "labels": sections.labels,
    "bare labels": sections.bare_labels,
    "excerpt": marks.excerpt,
    "rules": marks.rules,
    "pages": marks.pages,
    "stamps": marks.stamps,
    "recommendations": scrape.recommendations,
    "tickets": scrape.tickets,
    "also like": scrape.also_like,
    "credits": marks.credits,
    "adverts": marks.adverts,
    "header": scrape.header,
    "embed": scrape.embed,
    "mojibake": characters.mojibake,
    "markup": characters.markup,
    "edges": characters.edges,
    "gaps": characters.gaps,
    "line ends": characters.line_ends,
}
# Of these, a text has one at most: two of them together leave no way to tell what was there before.
EXCLUSIVE = (
    ("repeats", "unknown repeats", "labels", "bare labels"),
    ("markup", "gaps", "line ends"),
)
# What is found together: in a scrape, on a lyrics site, in a songbook, in a file for singing along; or anything.
SCRAPE = ("header", "embed", "also like", "tickets", "recommendations", "labels", "apostrophes", "homoglyphs")
SITE = (
    "repeats",
    "unknown repeats",
    "bare labels",
    "credits",
    "adverts",
    "rules",
    "markup",
    "mojibake",
    "gaps",
    "edges",
)
BOOK = ("pages", "credits", "decomposed", "bare labels", "repeats", "rules", "edges", "gaps", "line ends")
KARAOKE = ("stamps", "credits", "adverts", "homoglyphs", "spaces")
PROFILES = (
    (*SCRAPE, "unseen", "spaces"),
    (*SCRAPE, "unseen", "spaces"),
    (*SITE, "apostrophes", "spaces", "line ends"),
    (*BOOK, "unseen"),
    (*KARAOKE, "unseen", "apostrophes"),
    tuple(kind for kind in KINDS if kind != "excerpt"),
)


class Entry(NamedTuple):
    """One entry of an export.

    ``raw`` is what the export says, ``lyrics`` what it should come out as (None: it should go, and ``why``).
    Of the entries of one ``group`` exactly one should stay, and none that ``is_part`` of another.
    """

    title: str
    raw: str
    lyrics: str | None
    why: tuple[str, ...] = ()  # the kinds of noise, or of non-song
    artist: str = WANTED
    group: str = ""
    is_part: bool = False
    is_excerpt: bool = False
    by_title: bool = False  # nothing but the title tells that it should go
    odd_title: str = ""  # the title as the export has it, where that is not how it should come out

    @property
    def shown(self) -> str:
        """The title as the export has it."""
        return self.odd_title or self.title

    @property
    def is_wanted(self) -> bool:
        """Say whether it is by the artist that is asked for, however the name is spelled."""
        return self.artist in SPELLINGS


def entry_of(song: Clean, kinds: tuple[str, ...], rng: Random) -> Entry:
    """Put noise of the given kinds on a song. Kinds that do not apply to it leave no trace."""
    lines = lines_of(song)
    for name, put_on in KINDS.items():
        if name in kinds:
            lines = put_on(lines, song, rng)
    raw = text_of(lines)
    return Entry(song.title, raw, song.lyrics, kinds if raw != song.lyrics else (), is_excerpt="excerpt" in kinds)


def clean_entries() -> list[Entry]:
    """Return every song without noise."""
    return [Entry(song.title, song.lyrics, song.lyrics) for song in album() + look_alikes()]


def noisy_entries(kind: str, rng: Random, n: int = 40) -> list[Entry]:
    """Return songs with one kind of noise each, and only songs to which it applies."""
    songs = [_cut(song) if kind == "excerpt" else song for song in look_alikes() + rng.sample(album(), n)]
    if kind == "repeats":
        songs = look_alikes() + album()
    entries = [entry_of(song, (kind,), rng) for song in songs]
    return [entry for entry in entries if entry.why]


def messy(rng: Random, allowed: tuple[str, ...] = tuple(KINDS), n: int = 16, has_titles: bool = True) -> list[Entry]:
    """Return a whole messy export in random order: songs with noise, without, versions, non-songs, other artists.

    Args:
        rng: the source of all chance.
        allowed: the kinds of noise that the format can hold.
        n: how many songs of the demo album; all the look-alikes are always there.
        has_titles: whether the format says titles as they are; without, entries that only the title gives
            away are left out.
    """
    songs = album()
    rng.shuffle(songs)
    own, theirs, cut = songs[:n], songs[n : n + 6], [_cut(song) for song in songs[n + 6 : n + 8]]
    entries = [entry_of(song, _choose(allowed, rng), rng) for song in own[3:] + look_alikes()]
    entries += [entry_of(song, (*_choose(allowed, rng), "excerpt"), rng) for song in cut if "excerpt" in allowed]
    for song in own[:3]:
        entries.append(entry_of(song, _choose(allowed, rng), rng)._replace(group=song.title))
        for version in versions(song, rng):
            entry = entry_of(Clean(version.title, version.lyrics), _choose(allowed, rng), rng)
            entries.append(entry._replace(group=song.title, is_part=version.is_part))
    for non_song in rng.sample(NON_SONGS, 18):
        if has_titles or not non_song.by_title:
            entries.append(
                Entry(non_song.title, non_song.text, None, (non_song.kind,), by_title=non_song.by_title),
            )
    entries = [entry._replace(artist=rng.choice(SPELLINGS), odd_title=_odd(entry.title, rng)) for entry in entries]
    entries += [Entry(song.title, song.lyrics, song.lyrics, artist=rng.choice(OTHERS)) for song in theirs]
    rng.shuffle(entries)
    return entries


def _odd(title: str, rng: Random) -> str:
    """Put a space of another width, or a character that shows nothing, into one title of five."""
    if rng.random() > 0.2 or " " not in title:
        return ""
    return rng.choice((title.replace(" ", "\u00a0", 1), title.replace(" ", "\u2005", 1), "\u200b" + title, title + " "))


def _choose(allowed: tuple[str, ...], rng: Random) -> tuple[str, ...]:
    """Choose kinds of noise that are found together; for some songs none."""
    if rng.random() < 0.15:
        return ()
    share = rng.uniform(0.2, 0.8)
    chosen = [kind for kind in rng.choice(PROFILES) if kind in allowed and kind != "excerpt" and rng.random() < share]
    for group in EXCLUSIVE:
        rivals = [kind for kind in group if kind in chosen]
        if rivals:
            kept = rng.choice(rivals)
            chosen = [kind for kind in chosen if kind not in rivals or kind == kept]
    return tuple(chosen)


def _cut(song: Clean) -> Clean:
    """Take the first third of a song, as licensed sites show it."""
    lines = song.lyrics.split("\n")
    return Clean(song.title, "\n".join(lines[: len(lines) // 3]).strip("\n"))
