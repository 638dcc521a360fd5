"""The text part as one function: a path in, one artist's clean songs out, split, with the account of it."""

import difflib
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from tqdm import tqdm

from lyric_lm.errors import InputError
from lyric_lm.lyrics.cleaning import RULES, SECTION_LABELS, Cleaned, clean
from lyric_lm.lyrics.cleaning.characters import usual_apostrophe
from lyric_lm.lyrics.cleaning.recommendations import recommended
from lyric_lm.lyrics.duplicates import group_versions
from lyric_lm.lyrics.inspection import Suspicion, suspicions
from lyric_lm.lyrics.languages import get_ready, tongue
from lyric_lm.lyrics.nonsongs import not_a_song, untranslated
from lyric_lm.lyrics.reading import Reading, Skipped, read_songs
from lyric_lm.lyrics.song import Song, fold, words
from lyric_lm.lyrics.splitting import split_songs

N_EXAMPLES = 2  # per cleaning rule
MOST_LINES = 8  # of an example, beside its context
# A title is a line, not a song: only what is wrong with its characters is cleaned.
TITLE_RULES = ("mojibake", "markup", "invisible_characters", "odd_spaces", "homoglyphs")


@dataclass(frozen=True)
class Example:
    """What a cleaning rule did in one place of one song: a few lines before and after."""

    source: str
    title: str
    before: str
    after: str


class Size(NamedTuple):
    """The size of a song: words, lines that are not empty, bytes of UTF-8."""

    n_words: int
    n_lines: int
    n_bytes: int


@dataclass(frozen=True)
class Corpus:
    """One artist's songs, ready to be turned into tokens, and how they came about.

    ``splits`` maps ``train``, ``val`` and ``test`` to songs. ``n_read`` songs were found in ``n_files``
    files; ``skipped`` are files, ``dropped`` songs, each with its reason. ``cleaned`` counts what each
    cleaning rule changed, ``examples`` shows it. ``versions`` are groups of the same song, the kept or most
    complete one first. ``to_look_at`` are kept songs that a person should see, worst first. ``languages`` and
    ``scripts`` count the kept songs.
    """

    path: str
    artist: str
    splits: Mapping[str, Sequence[Song]]
    n_files: int
    n_read: int
    skipped: list[Skipped]
    dropped: list[Skipped]
    cleaned: Counter[str]
    examples: dict[str, list[Example]]
    versions: list[list[Song]]
    to_look_at: list[Suspicion]
    languages: Counter[str]
    scripts: Counter[str]

    @cached_property
    def songs(self) -> Sequence[Song]:
        """All songs that were kept, in order of source."""
        return sorted((song for part in self.splits.values() for song in part), key=lambda song: song.source)

    @cached_property
    def sizes(self) -> list[Size]:
        """The size of each of ``songs``."""
        return [
            Size(
                len(words(song.lyrics)),
                sum(1 for line in song.lyrics.split("\n") if line),
                len(song.lyrics.encode()),
            )
            for song in self.songs
        ]

    def titles_by_split(self) -> dict[str, list[str]]:
        """Return the titles of each split, for ``split.json``."""
        return {name: [song.title for song in part] for name, part in self.splits.items()}


def build_corpus(
    path: str | os.PathLike[str] | None,
    artist: str | None,
    section_labels: str,
    keep_versions: bool,
    val_fraction: float,
    test_fraction: float,
    seed: int,
    rules: Collection[str] = tuple(RULES),
) -> Corpus:
    """Read, clean, deduplicate and split the songs under ``path`` (None: the demo album).

    The arguments are the ``data`` keys of the same names; ``rules`` are the cleaning rules to apply. Of the
    versions of a song the most complete stays, or all of them with ``keep_versions``, in the same split.

    Raises:
        FileNotFoundError, InputError: see ``read_songs`` and ``split_songs``.
    """
    if section_labels not in SECTION_LABELS:
        raise InputError(f"data.section_labels={section_labels} is not one of {', '.join(SECTION_LABELS)}")
    reading = read_songs(path, artist)
    get_ready()
    raw = {song.source: song.lyrics for song in reading.songs}
    cleaned: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {}
    examples: dict[str, list[Example]] = defaultdict(list)
    found: list[Song] = []
    for song, result in clean_songs(reading, section_labels, rules):
        found.append(song)
        if result.counts:
            cleaned += result.counts
            counts[song.source] = result.counts
            _collect(examples, song, result)
    titles = {untranslated(song.title) for song in found if untranslated(song.title) == fold(song.title)}
    dropped: list[Skipped] = []
    songs: list[Song] = []
    for song in found:
        if reason := not_a_song(song, raw[song.source], titles):
            dropped.append(Skipped(song.source, f"{song.title}: {reason}"))
        else:
            songs.append(song)
    if not songs:
        raise InputError(
            f"data.path={path}: none of the {len(reading.songs)} texts found is a song; {dropped[0].reason}"
        )
    groups = group_versions(songs)
    versions = [group for group in groups if len(group) > 1]
    if not keep_versions:
        for kept, *others in versions:
            dropped += [Skipped(song.source, f"{song.title}: {_likeness(song, kept)}") for song in others]
        groups = [group[:1] for group in groups]
    kept_songs = [song for group in groups for song in group]
    tongues = [tongue(song.lyrics) for song in kept_songs]
    excerpts = {source for source, found in counts.items() if found["excerpt_stubs"]}
    return Corpus(
        path=reading.path,
        artist=Counter(song.artist for song in kept_songs).most_common(1)[0][0],
        splits=split_songs(groups, val_fraction, test_fraction, seed),
        n_files=reading.n_files,
        n_read=len(reading.songs),
        skipped=reading.skipped,
        dropped=dropped,
        cleaned=cleaned,
        examples={name: examples[name] for name in RULES if name in examples},
        versions=versions,
        to_look_at=suspicions(kept_songs, tongues, raw, counts, excerpts),
        languages=Counter(own.language for own in tongues),
        scripts=Counter(own.script for own in tongues),
    )


def corpus_from(data: dict[str, Any], seed: int) -> Corpus:
    """Build the corpus that the ``data`` settings describe; keys about tokens are passed over."""
    if data.get("streamed"):  # older runs do not say
        try:
            from lyric_lm.streamed.corpus import streamed_corpus
        except ModuleNotFoundError as error:
            raise InputError('data=streamed wants datasets: pip install "lyric-lm[streamed]"') from error
        return streamed_corpus(data, seed)
    keys = ("path", "artist", "section_labels", "keep_versions", "val_fraction", "test_fraction")
    return build_corpus(**{key: data[key] for key in keys}, seed=seed, rules=rules_of(data))


def rules_of(data: dict[str, Any]) -> list[str]:
    """Return the cleaning rules that the ``data`` settings switch on."""
    return [name for name, is_on in data["clean"].items() if is_on]


def clean_songs(reading: Reading, section_labels: str, rules: Collection[str]) -> Iterator[tuple[Song, Cleaned]]:
    """Clean every song of a reading, one by one: the steps of them all would take several times their room.

    What several songs have in common helps to tell what is not theirs.
    """
    apostrophe = usual_apostrophe(song.lyrics for song in reading.songs)
    pairs = recommended((song.title, song.lyrics) for song in reading.songs)
    for song in tqdm(reading.songs, "Cleaning", unit=" songs", delay=2, leave=False, disable=None):
        yield clean_song(song, section_labels, rules, apostrophe, pairs)


def clean_song(
    song: Song, section_labels: str, rules: Collection[str], apostrophe: str, pairs: Set[str]
) -> tuple[Song, Cleaned]:
    """Clean one song; for what several songs have in common, see ``cleaning.clean``."""
    title_rules = [name for name in TITLE_RULES if name in rules]
    title = clean(song.title, rules=title_rules).text.replace("\n", " ") or song.source
    result = clean(song.lyrics, section_labels, title, rules, apostrophe, pairs)
    return Song(title, song.artist, result.text, song.source), result


def _likeness(song: Song, kept: Song) -> str:
    if fold(song.lyrics) == fold(kept.lyrics):
        return f"same words as {kept.source}"
    return f"version of {kept.title} ({kept.source}), which is more complete"


def _collect(examples: dict[str, list[Example]], song: Song, result: Cleaned) -> None:
    """Keep a song's first step of each rule as an example, until there are enough."""
    for step in result.steps:
        found = examples[step.rule]
        if len(found) < N_EXAMPLES and all(example.source != song.source for example in found):
            found.append(Example(song.source, song.title, *_excerpt(step.before, step.after)))


def _excerpt(before: str, after: str) -> tuple[str, str]:
    r"""Return the first lines that differ, with what differs close to them and one line around for context.

    >>> _excerpt("Salt\nRow on\n3Embed\n", "Salt\nRow on\n")
    ('Row on\n3Embed\n', 'Row on\n')
    """
    old, new = before.split("\n"), after.split("\n")
    changes = [c for c in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if c[0] != "equal"]
    _, i1, i2, j1, j2 = changes[0]
    for _, near_i1, near_i2, _, near_j2 in changes[1:]:
        if near_i1 - i2 > 2 or near_i2 - i1 > MOST_LINES:
            break
        i2, j2 = near_i2, near_j2
    excerpts = (
        old[max(i1 - 1, 0) : min(i2, i1 + MOST_LINES) + 1],
        new[max(j1 - 1, 0) : min(j2, j1 + MOST_LINES) + 1],
    )
    shown = ["\n".join(line if len(line) <= 200 else line[:200] + " …" for line in lines) for lines in excerpts]
    return shown[0], shown[1]
