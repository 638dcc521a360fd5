"""Messy exports of clean songs, read and cleaned as ``prepare`` does it, and scored against what was put in.

The exports come from ``tests.noise``, which knows nothing of the cleaning. Of each format one is read: songs with
mixed noise and without, versions, entries that are no songs, other artists.
"""

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath
from random import Random
from typing import NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics.cleaning import clean
from lyric_lm.lyrics.cleaning.recommendations import recommended
from lyric_lm.lyrics.corpus import Corpus, corpus_from
from lyric_lm.lyrics.formats import parse
from lyric_lm.lyrics.song import Song
from lyric_lm.settings import CONF
from tests.noise import KINDS, WANTED, Entry, clean_entries, genius, messy, noisy_entries, records, tables
from tests.noise.formats import FORMATS

LEAST = 0.995  # of lines: right ones among those found, and found ones among the right
LEAST_BREAKS = 0.98  # of stanza breaks: nothing tells whether a page number between empty lines parts two stanzas
SEED = 2024
SETTINGS = yaml.safe_load((CONF / "data" / "lyrics.yaml").read_text(encoding="utf-8"))

# What no line of a song holds, unless the song is about it.
TOKENS = re.compile(
    r"\d Contributors?|You might also like|tickets as low|Embed$|Read More|^\W*(chorus|verse|refrain|припев)\b.{0,6}$"
    r"|</?\w+|&\w+;|https?:|www\.|^\[|\]$|commercial use|\d:\d\d\.\d|^[-=*_~#•]+$|x\d\W*$|licensed by|©|\ufffd",
    re.IGNORECASE,
)


def read(folder: Path, artist: str | None = WANTED) -> Corpus:
    return corpus_from({**SETTINGS, "path": str(folder), "artist": artist}, seed=1)


def state(folder: Path) -> dict[str, tuple[int, str]]:
    """Return every file's time of change and digest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(file): (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files}


class Outcome(NamedTuple):
    """An export, what should come of it and what came."""

    sources: dict[str, Entry]
    corpus: Corpus
    is_untouched: bool

    @property
    def kept(self) -> dict[str, Song]:
        return {song.source: song for song in self.corpus.songs}

    @property
    def expected(self) -> dict[str, Entry]:
        """What should be there: of a song's versions the one that was kept, if that is a whole one."""
        expected = {}
        groups: dict[str, list[str]] = {}
        for source, entry in self.sources.items():
            if entry.is_wanted and entry.group and not entry.is_part:
                groups.setdefault(entry.group, []).append(source)
            elif entry.is_wanted and entry.lyrics is not None and not entry.group:
                expected[source] = entry
        for members in groups.values():
            source = next((source for source in members if source in self.kept), members[0])
            expected[source] = self.sources[source]
        return expected

    def pairs(self) -> Iterator[tuple[str, Entry | None, str, str]]:
        """Yield (source, entry, right lyrics, kept lyrics) of everything that should be there or is."""
        for source in dict.fromkeys((*self.expected, *self.kept)):
            right = self.expected.get(source)
            kept = self.kept.get(source)
            yield source, self.sources.get(source), right.lyrics or "" if right else "", kept.lyrics if kept else ""


@pytest.fixture(scope="module", params=FORMATS)
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    form = FORMATS[request.param]
    rng = Random(f"{SEED} {request.param}")
    entries = messy(rng, form.allowed, has_titles=form.has_titles)
    if not form.has_artists:
        entries = [entry for entry in entries if entry.is_wanted]
    if not form.has_stubs:
        entries = [entry for entry in entries if entry.lyrics is not None or entry.raw.count("\n") > 3]
    folder = tmp_path_factory.mktemp("export") / "tilda_marrow"
    sources = form.write(folder, entries, rng)
    before = state(folder)
    corpus = read(folder)
    return Outcome(sources, corpus, state(folder) == before)


def lines(lyrics: str) -> Counter[str]:
    return Counter(line for line in lyrics.split("\n") if line)


def stanza_breaks(lyrics: str) -> Counter[str]:
    """Return the lines above and below each empty line."""
    around = re.findall(r"([^\n]+)\n\n+(?=([^\n]+))", lyrics)
    return Counter(f"{above} // {below}" for above, below in around)


def precision_and_recall(pairs: Iterable[tuple[Counter[str], Counter[str]]]) -> tuple[float, float]:
    n_right = n_found = n_both = 0
    for right, found in pairs:
        n_right, n_found, n_both = n_right + right.total(), n_found + found.total(), n_both + (right & found).total()
    return n_both / max(n_found, 1), n_both / max(n_right, 1)


def differences(right: Counter[str], found: Counter[str]) -> list[str]:
    return [f"  - {line!r}" for line in right - found] + [f"  + {line!r}" for line in found - right]


def worst(songs: Iterable[tuple[str, Counter[str], Counter[str]]]) -> str:
    """Show the songs that differ most: ``-`` what is missing, ``+`` what should not be there."""
    found = [(name, differences(right, kept)) for name, right, kept in songs if right != kept]
    found.sort(key=lambda item: -len(item[1]))
    return "\n" + "\n".join("\n".join([name, *lines[:6]]) for name, lines in found[:12])


def told(source: str, entry: Entry | None) -> str:
    return f"{source} {entry.title!r} ({', '.join(entry.why)})" if entry else source


@pytest.mark.parametrize(("of", "least"), [(lines, LEAST), (stanza_breaks, LEAST_BREAKS)])
def test_lines_and_stanza_breaks_come_out_as_they_were(
    outcome: Outcome, of: Callable[[str], Counter[str]], least: float
) -> None:
    songs = [(told(source, entry), of(right), of(kept)) for source, entry, right, kept in outcome.pairs()]
    precision, recall = precision_and_recall([(right, kept) for _, right, kept in songs])
    assert min(precision, recall) >= least, f"precision {precision:.4f}, recall {recall:.4f}{worst(songs)}"


def test_what_should_go_goes_and_what_should_stay_stays(outcome: Outcome) -> None:
    reasons = {entry.source: entry.reason for entry in (*outcome.corpus.dropped, *outcome.corpus.skipped)}
    survivors = [told(source, outcome.sources.get(source)) for source in outcome.kept.keys() - outcome.expected.keys()]
    lost = [
        f"{told(source, entry)}: {reasons.get(source)}"
        for source, entry in outcome.expected.items()
        if source not in outcome.kept
    ]
    assert (sorted(survivors), sorted(lost)) == ([], [])


def test_every_entry_is_accounted_for(outcome: Outcome) -> None:
    reasons = {entry.source: entry.reason for entry in (*outcome.corpus.dropped, *outcome.corpus.skipped)}
    assert "" not in reasons.values()
    wanted = {source for source, entry in outcome.sources.items() if entry.is_wanted}
    assert sorted(wanted - outcome.kept.keys() - reasons.keys()) == []
    assert sorted(outcome.kept.keys() & reasons.keys()) == []


def test_no_noise_and_no_odd_characters_are_left(outcome: Outcome) -> None:
    left = []
    for source, entry, right, kept in outcome.pairs():
        left += [f"{told(source, entry)}: {line!r}" for line in lines(kept) - lines(right) if TOKENS.search(line)]
        odd = {c for c in set(kept) - set(right) if not c.isascii() or unicodedata.category(c) == "Cc"}
        left += [f"{told(source, entry)}: {sorted(odd)!a}"] if odd and right else []
        left += [f"{told(source, entry)}: spaces"] if kept != unicodedata.normalize("NFC", kept).strip() else []
    assert left == []


def test_songs_without_noise_are_not_changed_by_a_byte(outcome: Outcome) -> None:
    songs = [pair for pair in outcome.pairs() if pair[1] and not pair[1].why and pair[2]]
    assert len(songs) > 2
    changed = [
        (told(source, entry), lines(right), lines(kept)) for source, entry, right, kept in songs if right != kept
    ]
    assert not changed, worst(changed)


def test_excerpts_are_flagged(outcome: Outcome) -> None:
    flagged = {s.source for s in outcome.corpus.to_look_at if re.search("excerpt", " ".join(s.reasons))}
    excerpts = {source for source in outcome.kept if source in outcome.sources and outcome.sources[source].is_excerpt}
    assert excerpts <= flagged
    assert not {source for source in flagged - excerpts if source in outcome.expected}


def test_titles_come_out_without_odd_spaces(outcome: Outcome) -> None:
    odd = [song.title for song in outcome.kept.values() if re.search(r"[^\S ]|\u200b|  |^ | $|^$", song.title)]
    assert odd == []


def test_nothing_is_written_to(outcome: Outcome) -> None:
    assert outcome.is_untouched


@pytest.mark.parametrize("name", FORMATS)
def test_clean_songs_pass_unchanged(name: str, tmp_path: Path) -> None:
    sources = FORMATS[name].write(tmp_path / "tilda_marrow", clean_entries(), Random(f"{SEED} clean {name}"))
    corpus = read(tmp_path / "tilda_marrow")
    kept = {song.source: song.lyrics for song in corpus.songs}
    songs = [
        (told(source, entry), lines(entry.lyrics or ""), lines(kept.get(source, "")))
        for source, entry in sources.items()
    ]
    assert kept == {source: entry.lyrics for source, entry in sources.items()}, worst(songs)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_noise_alone(kind: str, tmp_path: Path) -> None:
    entries = noisy_entries(kind, Random(f"{SEED} {kind}"))
    (name,) = {source.partition(":")[0] for source in genius.first(tmp_path, entries, Random(1))}
    read_back = parse((tmp_path / name).read_bytes(), PurePath(name)).records
    texts = [(entry.title, record["lyrics"]) for entry, record in zip(entries, read_back, strict=True)]
    pairs = recommended(texts)
    found = [
        (entry, clean(text, title=title, recommended=pairs).text)
        for entry, (title, text) in zip(entries, texts, strict=True)
    ]
    for of, least in ((lines, LEAST), (stanza_breaks, LEAST_BREAKS)):
        songs = [(repr(entry.title), of(entry.lyrics or ""), of(text)) for entry, text in found]
        precision, recall = precision_and_recall([(right, text) for _, right, text in songs])
        assert min(precision, recall) >= least, f"precision {precision:.4f}, recall {recall:.4f}{worst(songs)}"


FRAGMENTS = sorted(
    {line for entry in messy(Random(SEED)) for line in entry.raw.split("\n")}
    | {line for kind in KINDS for entry in noisy_entries(kind, Random(SEED), n=1)[:8] for line in entry.raw.split("\n")}
)
PIECES = st.one_of(st.sampled_from(FRAGMENTS), st.sampled_from(FRAGMENTS), st.text(max_size=8))
JOINTS = st.sampled_from(("\n", "\n", "\n\n", "", " "))


@settings(deadline=None)
@given(st.lists(st.tuples(PIECES, JOINTS), max_size=12))
def test_cleaning_twice_is_cleaning_once(parts: list[tuple[str, str]]) -> None:
    once = clean("".join(piece + joint for piece, joint in parts)).text
    assert clean(once).text == once


# --- The noise itself -----------------------------------------------------------------------------------------

# Kinds that change the sung lines themselves.
REWRITING = ("apostrophes", "homoglyphs", "unseen", "spaces", "decomposed", "mojibake", "markup", "stamps")


def test_the_truth_holds_no_noise() -> None:
    for entry in clean_entries():
        assert entry.lyrics == unicodedata.normalize("NFC", entry.lyrics or "").strip()
        assert not re.search(r"[\[\]{}’“”\t\xa0\u200b\ufeff\xad]|  |\n\n\n| $|^ ", entry.lyrics, re.MULTILINE)
    assert len({entry.title for entry in clean_entries()}) == len({entry.lyrics for entry in clean_entries()}) > 110


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_noise_reaches_several_songs(kind: str) -> None:
    assert len(noisy_entries(kind, Random(SEED))) >= 5


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in REWRITING])
def test_what_is_put_between_the_lines_leaves_them_whole(kind: str) -> None:
    for entry in noisy_entries(kind, Random(SEED)):
        assert [line for line in lines(entry.lyrics or "") if line not in entry.raw] == [], entry.title


def test_the_same_seed_gives_the_same_export() -> None:
    first, second = (messy(Random(3)) for _ in range(2))
    assert first == second != messy(Random(4))


def test_what_is_written_is_what_the_standard_library_reads(tmp_path: Path) -> None:
    entries = messy(Random(SEED))
    genius.first(tmp_path, entries, Random(1))
    songs = json.loads((tmp_path / "Lyrics_TildaMarrow.json").read_bytes())["songs"]
    records.json_lines(tmp_path, entries, Random(1))
    data = (tmp_path / "songs.jsonl").read_bytes()
    objects = [json.loads(line) for line in data.decode(json.detect_encoding(data)).rstrip().split("\n")]
    tables.genius(tmp_path, entries, Random(1))
    data = (tmp_path / "song_lyrics.csv").read_bytes()
    text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    delimiter = text.removeprefix('"').removeprefix("title").removeprefix('"')[0]
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    for read_back in (songs, objects, rows):
        assert [song.get("lyrics", song.get("text")) for song in read_back] == [entry.raw for entry in entries]
