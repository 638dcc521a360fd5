"""The clean songs that the noise is put on: the demo album, and songs that are easily taken for noise.

A song is its title and its lyrics, exactly as they should come out. Those of ``english`` and ``other_languages``
were invented for this purpose: each holds something that a careless cleaner takes out (or keeps only half of), or
is written in a language in which it cannot tell a letter from dirt.
"""

from typing import NamedTuple

from lyric_lm.lyrics.reading import ALBUM
from tests.noise.english import ENGLISH
from tests.noise.other_languages import OTHER_LANGUAGES


class Clean(NamedTuple):
    """A song as it should come out: ``lyrics`` are lines, an empty one between stanzas."""

    title: str
    lyrics: str

    @property
    def stanzas(self) -> list[list[str]]:
        """The lines of each stanza."""
        return [stanza.split("\n") for stanza in self.lyrics.split("\n\n")]


def album() -> list[Clean]:
    """Return the demo album, which is what its files hold below the title line and the empty line."""
    texts = [file.read_text(encoding="utf-8").partition("\n\n") for file in sorted(ALBUM.glob("*.txt"))]
    return [Clean(title.strip(), lyrics.strip("\n")) for title, _, lyrics in texts]


def look_alikes() -> list[Clean]:
    """Return the songs that were invented."""
    parts = [part.partition("\n") for part in (ENGLISH + OTHER_LANGUAGES).split("\n= ")[1:]]
    return [Clean(title, lyrics.strip("\n")) for title, _, lyrics in parts]
