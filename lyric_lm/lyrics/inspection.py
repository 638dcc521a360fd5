"""Which of the songs that were kept somebody should look at by hand, and why, worst first.

Songs in, with what they looked like before and what cleaning did; suspicions out. It changes and drops nothing:
a suspicion is a hint, and a song may be just so. It knows no rule of cleaning; it looks for what they leave.
"""

import re
import statistics
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lyric_lm.lyrics.languages import Tongue, letter_script
from lyric_lm.lyrics.song import Song, words

_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ue000-\uf8ff\ud800-\udfff]")
_WEB = re.compile(r"https?://|\bwww\.\w|\w@\w+\.\w|\b\w+\.(?:com|net|org)\b", re.IGNORECASE)
_MARKUP = re.compile(r"[\[\]{}<>|\\]|&\w+;")
_LABEL_LINE = re.compile(r"^\[[^\[\]]+\]$", re.MULTILINE)  # there on purpose with data.section_labels=keep
_PAGE_WORDS = re.compile(
    r"\blyrics\b|\bcontributors\b|embed$|\bread more$|©|\bcopyright\b", re.IGNORECASE | re.MULTILINE
)
_NUMBER_LEFT = re.compile(r"^\W*\d+\W*$|[a-z]\d+$", re.MULTILINE)
_NOT_A_SONG = re.compile(
    r"\binterview\b|\btrack ?list|\bcredits\b|\bliner notes\b|\bbooklet\b|\bset ?list\b|\bskit\b"
    r"|\bcommentary\b|\btranslation|\balbum art|\blyrics\b|\bromani[sz]ed\b",
    re.IGNORECASE,
)
_LOOK_ALIKE = {"Latin", "Cyrillic", "Greek", "Armenian"}  # Japanese, on the other hand, mixes scripts by nature


@dataclass(frozen=True)
class Suspicion:
    """A song to look at: where it is, how urgent (the sum over its reasons), and what is odd about it."""

    source: str
    title: str
    score: float
    reasons: list[str]


class _Finding(NamedTuple):
    """One odd thing about a song. A ``manner`` is one that says nothing where most songs have it."""

    weight: float
    reason: str
    manner: str = ""


class _Usual(NamedTuple):
    """What most songs have: words (the median), language and script (``""`` where no four in five agree)."""

    n_words: float
    language: str
    script: str


def suspicions(
    songs: list[Song],
    tongues: Sequence[Tongue],
    raw: Mapping[str, str],
    counts: Mapping[str, Counter[str]],
    excerpts: Collection[str],
) -> list[Suspicion]:
    """Return the songs to look at by hand, worst first.

    Args:
        songs: those that were kept, cleaned.
        tongues: the language and script of each.
        raw: the text of each before cleaning, by source.
        counts: how often each rule changed something, by source.
        excerpts: the sources of the songs that are known to be cut short.
    """
    usual = _usual(songs, tongues)
    found: list[tuple[Song, list[_Finding]]] = []
    for song, own in zip(songs, tongues, strict=True):
        before, done = raw.get(song.source, song.lyrics), counts.get(song.source, Counter())
        findings = [_Finding(5, "only an excerpt: the source cut the text short")] if song.source in excerpts else []
        findings += _what_cleaning_did(song.lyrics, before, done) + _leftovers(song.lyrics) + _manners(song.lyrics)
        found.append((song, findings + _title(song.title) + _unlike_others(song.lyrics, own, usual)))
    manners = Counter(finding.manner for _, findings in found for finding in findings)
    common = {manner for manner, n in manners.items() if manner and n > len(songs) / 2}
    result = []
    for song, findings in found:
        told = sorted((f for f in findings if f.manner not in common), key=lambda f: -f.weight)
        if told:
            score = round(sum(finding.weight for finding in told), 1)
            result.append(Suspicion(song.source, song.title, score, [finding.reason for finding in told]))
    return sorted(result, key=lambda one: (-one.score, one.title, one.source))


def _usual(songs: list[Song], tongues: Sequence[Tongue]) -> _Usual:
    def agreed(values: list[str]) -> str:
        (value, n), *_ = Counter(values).most_common(1) or [("", 0)]
        return value if n >= 0.8 * len(values) else ""

    return _Usual(
        statistics.median([len(words(song.lyrics)) for song in songs] or [0]),
        agreed([own.language for own in tongues]),
        agreed([own.script for own in tongues]),
    )


def _what_cleaning_did(lyrics: str, before: str, counts: Counter[str]) -> list[_Finding]:
    size, was = len("".join(lyrics.split())), len("".join(before.split()))
    removed = 1 - size / was if was else 0.0
    rules = ", ".join(rule.replace("_", " ") for rule, _ in counts.most_common(3))
    by = f" ({rules})" if rules else ""
    if removed > 0.35:
        return [_Finding(2 if removed < 0.6 else 4, f"cleaning took out {removed:.0%} of the text{by}")]
    if size > 1.6 * was > 0:
        return [_Finding(2, f"cleaning made the text {size / was:.1f} times as long{by}")]
    return []


def _leftovers(lyrics: str) -> list[_Finding]:
    r"""Return what looks like noise that cleaning did not know.

    >>> _leftovers("Row on (row on)\nRow home, 'twas 1 o'clock")
    []
    >>> [finding.reason for finding in _leftovers("R\ufffdw on [Verse\n12\nmore at www.example.com")]
    ['1 unreadable character', 'a web or mail address', '1 bracket or sign of mark-up', 'a number where none is sung']
    """
    findings: list[_Finding] = []
    if n := lyrics.count("\ufffd"):
        findings.append(_Finding(4, f"{n} unreadable character{_s(n)}"))
    if n := len(_ODD.findall(lyrics)):
        findings.append(_Finding(3, f"{n} character{_s(n)} that no text should hold"))
    if _WEB.search(lyrics):
        findings.append(_Finding(3, "a web or mail address"))
    if n := sum(_mixes_scripts(word) for word in set(words(lyrics))):
        findings.append(_Finding(2, f"{n} word{_s(n)} with letters of two scripts"))
    if n := len(_MARKUP.findall(_LABEL_LINE.sub("", lyrics))):
        findings.append(_Finding(2, f"{n} bracket{_s(n)} or sign{_s(n)} of mark-up"))
    if match := _PAGE_WORDS.search(lyrics):
        findings.append(_Finding(1.5, f"“{match[0].lower()}”, as on the page of a lyrics site"))
    if _NUMBER_LEFT.search(lyrics):
        findings.append(_Finding(1.5, "a number where none is sung"))  # alone on a line, or glued to its last word
    return findings


def _manners(lyrics: str) -> list[_Finding]:
    """Return what is odd in one song, and only the manner of the artist or of the source in most.

    >>> [finding.reason for finding in _manners("ROW ON, ROW HOME, ROW ON AND ON, MY LOVE\\n" + "Hey\\n" * 20)]
    ['one line is 20 of 21']
    """
    findings: list[_Finding] = []
    lines = [line.casefold() for line in lyrics.split("\n") if line]
    (_, n_same), *_ = Counter(lines).most_common(1) or [("", 0)]
    if len(lines) >= 10 and n_same > 0.6 * len(lines):
        findings.append(_Finding(1, f"one line is {n_same} of {len(lines)}", "one line"))
    if len(lines) >= 60 and "\n\n" not in lyrics:
        findings.append(_Finding(1, f"{len(lines)} lines and no empty one between them", "no stanzas"))
    cased = [char for char in lyrics if char.isupper() or char.islower()]
    if len(cased) >= 30 and sum(map(str.isupper, cased)) > 0.9 * len(cased):
        findings.append(_Finding(1, "all in capitals", "capitals"))
    return findings


def _title(title: str) -> list[_Finding]:
    match = _NOT_A_SONG.search(title)
    return [_Finding(1.5, f"“{match[0].lower()}” in the title")] if match else []


def _unlike_others(lyrics: str, own: Tongue, usual: _Usual) -> list[_Finding]:
    findings: list[_Finding] = []
    n_words = len(words(lyrics))
    usually = f"where half the songs have {usual.n_words:,.0f} or more"
    if n_words < 0.2 * usual.n_words:
        findings.append(_Finding(1.5, f"{n_words} word{_s(n_words)}, {usually}"))
    elif n_words > 5 * usual.n_words:
        findings.append(_Finding(2, f"{n_words:,} words, {usually.replace('more', 'fewer')}"))
    longest = max(map(len, lyrics.split("\n")))
    if longest > 120:
        findings.append(_Finding(1.5 if longest <= 240 else 3, f"a line of {longest:,} characters, as in prose"))
    if usual.script and own.script != usual.script:
        findings.append(_Finding(3, f"in {own.script or 'no'} letters, where most songs are in {usual.script} ones"))
    elif usual.language and own.language not in ("", usual.language):
        findings.append(
            _Finding(1.5, f"its language seems to be {own.language}, where most songs are {usual.language}")
        )
    return findings


def _mixes_scripts(word: str) -> bool:
    """Say whether letters of another script hide in a word.

    >>> _mixes_scripts("love"), _mixes_scripts("lov\\u0435"), _mixes_scripts("Tシャツ")
    (False, True, False)
    """
    if word.isascii():
        return False
    scripts = {name for char in word if (name := letter_script(char))}
    return len(scripts) > 1 and scripts <= _LOOK_ALIKE


def _s(n: int) -> str:
    return "" if n == 1 else "s"
