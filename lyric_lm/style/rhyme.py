"""How much and in what order a song rhymes: rhyme density over all its words, schemes of its line ends.

Lyrics or lines go in, figures and letters come out. What the rhyme part of a word is, ``pronunciation`` says.
"""

from collections import Counter
from collections.abc import Iterable

from lyric_lm.style.pronunciation import Word, rhyme_part, rhymes, vowels, words_of

LOOK_BACK = 15  # words
SCHEMES = 12  # are named; the rest is "other"


def stanzas_of(lyrics: str) -> list[list[list[Word]]]:
    r"""Split lyrics into stanzas, lines and words; lines without a word are left out.

    >>> [[len(line) for line in stanza] for stanza in stanzas_of("Row on\nrow home\n\n...\n\nGo")]
    [[2, 2], [1]]
    """
    stanzas: list[list[list[Word]]] = [[]]
    for line in lyrics.splitlines():
        if not line.strip():
            stanzas.append([])
        elif words := words_of(line):
            stanzas[-1].append(words)
    return [stanza for stanza in stanzas if stanza]


def rhyme_density(lyrics: str, language: str) -> float | None:
    """Return the mean length, in vowels, of the longest rhyme that each word ends, as Raplyzer measures it.

    A rhyme is the same row of at least two vowels, which may reach over several words, ending with this word and with
    one of the 15 before it; the two rows do not overlap, and do not end in the same word. Lines that repeat an earlier
    one are left out, and so are words without vowels. Definition: Malmi et al., "DopeLearning",
    https://arxiv.org/abs/1505.04771. They hear words by eSpeak; so values compare within this program.

    Returns:
        0 or more, about 0.3 in the ballads of the demo album; None where fewer than two words, or fewer than half,
        have vowels that are written (Japanese, Arabic).

    >>> rhyme_density("The lazy crazy daisy", "en"), rhyme_density("Go", "en")
    (1.3333333333333333, None)
    """
    lines: dict[tuple[str, ...], list[Word]] = {}
    for stanza in stanzas_of(lyrics):
        for line in stanza:
            lines.setdefault(tuple(word.folded for word in line), line)
    words = [word for line in lines.values() for word in line]
    sounded = [(word.folded, sounds) for word in words if (sounds := vowels(word.written, language))]
    if len(sounded) < 2 or 2 * len(sounded) < len(words):
        return None
    row: list[str] = []  # the vowels of all words
    ends: list[int] = []  # where in the row each word ends
    for _, sounds in sounded:
        row += sounds
        ends.append(len(row))
    longest = []
    for n in range(1, len(sounded)):
        before = (m for m in range(max(0, n - LOOK_BACK), n) if sounded[m][0] != sounded[n][0])
        longest.append(max((_common_length(row, ends[m], ends[n]) for m in before), default=0))
    return sum(longest) / len(longest)


def _common_length(row: list[str], earlier: int, later: int) -> int:
    """Return how many vowels in a row are the same before both places, without overlap; 0 for a single one.

    >>> _common_length(list("abcabc"), 3, 6), _common_length(list("aaaa"), 2, 4), _common_length(list("abcb"), 2, 4)
    (3, 2, 0)
    """
    most = min(earlier, later - earlier)
    length = next((n for n in range(most) if row[earlier - 1 - n] != row[later - 1 - n]), most)
    return length if length > 1 else 0


def rhyme_scheme(lines: list[list[Word]], language: str) -> str:
    r"""Name the rhymes of a stanza's line ends by letters in the order of their appearance.

    A line takes the letter of the first line before it with which it rhymes, or which ends in the same word.

    >>> rhyme_scheme(stanzas_of("The tide is low\nThe boats are in\nI told you so\nAnd pour the gin")[0], "en")
    'ABAB'
    """
    ends = [line[-1] for line in lines]
    letters: list[str] = []
    for n, end in enumerate(ends):
        alike = (m for m in range(n) if end.folded == ends[m].folded or rhymes(end.written, ends[m].written, language))
        first = next(alike, None)
        letters.append(chr(ord("A") + len(set(letters))) if first is None else letters[first])
    return "".join(letters)


def scheme_shares(songs: Iterable[str], language: str) -> dict[str, float]:
    r"""Return the share of each rhyme scheme among the stanzas of four lines, the most frequent first, 12 at most.

    A stanza of eight lines counts as two of four; stanzas of other lengths are left out, as are those in which no line
    end tells how it rhymes. What is rarer than the twelve is summed up as ``other``. Shares sum to 1; empty for no
    such stanza.

    >>> scheme_shares(["The tide is low\nThe boats are in\nI told you so\nAnd pour the gin"], "en")
    {'ABAB': 1.0}
    """
    counts: Counter[str] = Counter()
    for song in songs:
        for stanza in stanzas_of(song):
            quatrains = [stanza[:4], stanza[4:]] if len(stanza) == 8 else [stanza] if len(stanza) == 4 else []
            for lines in quatrains:
                if any(rhyme_part(line[-1].written, language) for line in lines):
                    counts[rhyme_scheme(lines, language)] += 1
    total = counts.total()
    ordered = sorted(counts, key=lambda scheme: (-counts[scheme], scheme))
    shares = {scheme: counts[scheme] / total for scheme in ordered[:SCHEMES]}
    if rest := sum(counts[scheme] for scheme in ordered[SCHEMES:]):
        shares["other"] = rest / total
    return shares
