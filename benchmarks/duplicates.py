"""Measure how well and how fast versions of songs are found: ``python -m benchmarks.duplicates [FOLDER]``.

What goes in is a folder of songs, one ``.txt`` each with the title in the first line (by default the demo album); out
come tables. Accuracy: versions of each song are made by seeded edits and mixed with the songs; found is a version that
is in its song's group, false a group that holds two songs. Speed: 10,000 songs recombined from the folder's lines,
every fifth with a version, interleaved with the plain way (every pair compared by rapidfuzz), medians of three.
"""

import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process

import lyric_lm.lyrics.versions as judging
from lyric_lm.lyrics.duplicates import group_versions
from lyric_lm.lyrics.likeness import coverage, fingerprint
from lyric_lm.lyrics.song import Song

Edit = Callable[[str, random.Random], str]

ALBUM = Path(__file__).parent.parent / "lyric_lm" / "album"
OTHER_WORDS = "ember willow candle thunder meadow copper lantern sparrow velvet hollow"
OTHER_LINES = [f"{word} of the {other} I never had" for word, other in combinations(OTHER_WORDS.split(), 2)]


def words_changed(fraction: float) -> Edit:
    """Put other words in the place of some."""

    def edit(text: str, rng: random.Random) -> str:
        return re.sub(r"[\w']+", lambda m: rng.choice(OTHER_WORDS.split()) if rng.random() < fraction else m[0], text)

    return edit


def misprints(fraction: float) -> Edit:
    """Put a wrong letter into some words, for another or between two."""

    def misprint(word: str, rng: random.Random) -> str:
        place = rng.randrange(len(word))
        return word[:place] + rng.choice("etaoins") + word[place + rng.randrange(2) :]

    def edit(text: str, rng: random.Random) -> str:
        return re.sub(r"[\w']+", lambda m: misprint(m[0], rng) if rng.random() < fraction else m[0], text)

    return edit


def other_line_breaks(text: str, rng: random.Random) -> str:
    """Break the lines anywhere."""
    return re.sub(r"\s+", lambda _: "\n" if rng.random() < 0.15 else " ", text)


def ad_libs(text: str, rng: random.Random) -> str:
    """Add calls in brackets to about half of the lines."""
    calls = ("", "", " (yeah)", " (oh, oh)", " (come on now)")
    return re.sub(r"$(?<!\n)", lambda _: rng.choice(calls), text, flags=re.MULTILINE)


def stanza_left_out(text: str, rng: random.Random) -> str:
    """Leave a stanza out."""
    stanzas = text.split("\n\n")
    stanzas.pop(rng.randrange(len(stanzas)))
    return "\n\n".join(stanzas) or text


def repeats_left_out(text: str, rng: random.Random) -> str:
    """Leave each line out that was there before."""
    return "\n".join(dict.fromkeys(text.split("\n")))


def excerpt(fraction: float) -> Edit:
    """Take lines that follow one another."""

    def edit(text: str, rng: random.Random) -> str:
        lines = text.split("\n")
        n_lines = round(len(lines) * fraction)
        start = rng.randrange(len(lines) - n_lines + 1)
        return "\n".join(lines[start : start + n_lines])

    return edit


def stanza_added(text: str, rng: random.Random) -> str:
    """Add a stanza that no song has."""
    return "\n".join([text, "", *rng.sample(OTHER_LINES, 4)])


def in_turn(*edits: Edit) -> Edit:
    """Make one edit after the other."""

    def edit(text: str, rng: random.Random) -> str:
        for step in edits:
            text = step(text, rng)
        return text

    return edit


EDITS: dict[str, Edit] = {
    "case and punctuation": lambda text, rng: re.sub(r"[^\w\s']", "", text).upper(),
    "other line breaks": other_line_breaks,
    "ad-libs": ad_libs,
    "a stanza left out": stanza_left_out,
    "a stanza added": stanza_added,
    "repeats left out": repeats_left_out,
    "half of the lines": excerpt(0.5),
    "a third of the lines": excerpt(0.34),
    **{f"misprints in {fraction:.0%} of words": misprints(fraction) for fraction in (0.05, 0.1, 0.2)},
    **{f"{fraction:.0%} of words changed": words_changed(fraction) for fraction in (0.05, 0.1, 0.15, 0.2, 0.3)},
    "half of the lines, 10% changed": in_turn(excerpt(0.5), words_changed(0.1)),
    "a stanza replaced": in_turn(stanza_left_out, stanza_added),
    "a stanza replaced, ad-libs, 5% changed": in_turn(stanza_left_out, stanza_added, ad_libs, words_changed(0.05)),
}


def read(folder: Path) -> list[Song]:
    """Read the songs of a folder, the title in the first line of each file."""
    songs = []
    for file in sorted(folder.glob("*.txt")):
        title, _, lyrics = file.read_text(encoding="utf-8").partition("\n")
        songs.append(Song(title, folder.name, lyrics.strip("\n"), file.name))
    return songs


def leaf(number: int) -> str:
    """Return a title that no other number has and no song."""
    return f"Leaf {chr(97 + number % 26) * (number // 26 + 1)}"


def versions(songs: list[Song], edit: Edit, is_same_title: bool) -> list[Song]:
    """Return an edited version of each song; it keeps the song's source."""
    rng = random.Random(1)
    titles = [f"{song.title} (Live)" if is_same_title else leaf(number) for number, song in enumerate(songs)]
    return [Song(title, "", edit(song.lyrics, rng), song.source) for title, song in zip(titles, songs, strict=True)]


def score(groups: list[list[Song]]) -> tuple[int, int]:
    """Return how many songs have their versions beside them, and how many groups hold more than one song."""
    sources = [{song.source for song in group} for group in groups]
    whole = [found for found, group in zip(sources, groups, strict=True) if len(group) > 1 and len(found) == 1]
    return sum(map(len, whole)), sum(len(found) > 1 for found in sources)


def accuracy(songs: list[Song]) -> None:
    """Print for each edit how much of a song its version covers, and how many are found."""
    prints = [fingerprint(song.lyrics) for song in songs]
    unlike = [max(coverage(a, b), coverage(b, a)) for a, b in combinations(prints, 2)]
    print(f"different songs: {len(songs)}, largest coverage of a pair {max(unlike):.2f}")
    print(f"groups of several songs before any edit: {score(group_versions(songs))[1]}\n")
    print("| edit | coverage: least, 5%, median | found, same title | other title | false |\n" + "| --- " * 5 + "|")
    for name, edit in EDITS.items():
        same, other = versions(songs, edit, is_same_title=True), versions(songs, edit, is_same_title=False)
        pairs = [sorted((print_, fingerprint(s.lyrics)), key=len) for print_, s in zip(prints, same, strict=True)]
        least, low, median = np.quantile([coverage(*pair) for pair in pairs], [0, 0.05, 0.5])
        (n_same, false), (n_other, false_other) = (score(group_versions(songs + edited)) for edited in (same, other))
        shares = f"{n_same / len(songs):.3f} | {n_other / len(songs):.3f}"
        print(f"| {name} | {least:.2f}, {low:.2f}, {median:.2f} | {shares} | {false + false_other} |")


def with_one_chorus(songs: list[Song], n_chorus: int, n_verses: int) -> tuple[float, list[Song]]:
    """Return 40 songs that share a chorus, of the given numbers of stanzas, and the chorus's mean share of them."""
    stanzas = [stanza for song in songs for stanza in song.lyrics.split("\n\n") if 4 <= stanza.count("\n") + 1 <= 8]
    random.Random(1).shuffle(stanzas)
    chorus, rest = "\n\n".join(stanzas[:n_chorus]), iter(stanzas[n_chorus:])
    verses = [[next(rest) for _ in range(n_verses)] for _ in range(40)]
    texts = ["\n\n".join(f"{verse}\n\n{chorus}" for verse in song) for song in verses]
    share = statistics.mean(coverage(fingerprint(text), fingerprint(chorus)) for text in texts)
    return share, [Song(leaf(number), "", text, str(number)) for number, text in enumerate(texts)]


def on_one_frame(n_fixed: int) -> list[Song]:
    """Return 40 songs of one refrain and two verses, of whose eight words a line the first ``n_fixed`` are the same."""
    rng = random.Random(1)
    frame = [[f"word{8 * line + n}" for n in range(8)] for line in range(12)]  # four lines are the refrain
    songs = []
    for number in range(40):
        verses = [[*line[:n_fixed], *(f"own{rng.random()}" for _ in line[n_fixed:])] for line in frame[4:]]
        songs.append(Song(leaf(number), "", "\n".join(" ".join(line) for line in frame[:4] + verses), str(number)))
    return songs


def thresholds(songs: list[Song]) -> None:
    """Print what other thresholds for texts under different titles would find, and which songs they would lose."""
    edited = [versions(songs, edit, is_same_title=False) for edit in EDITS.values()]
    made = [with_one_chorus(songs, *counts) for counts in ((1, 2), (1, 1), (2, 1), (3, 1), (5, 1))]
    shares = ", ".join(f"{share:.2f}" for share, _ in made)
    print(
        f"\nlost songs: of 40 whose chorus is {shares} of each; of 40 whose lines begin with the same 3 to 6 of 8 words"
    )
    print("\n| SHARED | OWN_PASSAGES | versions found | lost: one chorus | lost: one frame |\n" + "| --- " * 5 + "|")
    chosen = judging.SHARED, judging.OWN_PASSAGES
    for shared, own in ((0.5, 1), (0.6, 1), (0.7, 1), (0.75, 1), (0.8, 1), (0.9, 1), (0.5, 0.2), (0.65, 0.2), chosen):
        judging.SHARED, judging.OWN_PASSAGES = shared, own
        found = sum(score(group_versions(songs + others))[0] for others in edited) / len(songs) / len(edited)
        choruses = ", ".join(str(40 - len(group_versions(chorus_songs))) for _, chorus_songs in made)
        frames = ", ".join(str(40 - len(group_versions(on_one_frame(n_fixed)))) for n_fixed in (3, 4, 5, 6))
        print(f"| {shared} | {own} | {found:.3f} | {choruses} | {frames} |")


def recombined(songs: list[Song], n_songs: int) -> list[Song]:
    """Make songs of 30 lines drawn from all songs; each fifth is a version of the one before it."""
    rng = random.Random(n_songs)
    lines = [line for song in songs for line in song.lyrics.split("\n") if line]
    edits = list(EDITS.values())[:11]
    made: list[Song] = []
    for number in range(n_songs):
        if number % 5 == 4:
            made.append(Song(f"{made[-1].title} (Live)", "", rng.choice(edits)(made[-1].lyrics, rng), made[-1].source))
        else:
            made.append(
                Song(" ".join(rng.choice(lines).split()[:3]), "", "\n".join(rng.sample(lines, 30)), str(number))
            )
    return made


def all_pairs(songs: list[Song]) -> list[list[Song]]:
    """Compare every pair with rapidfuzz; a song joins the first song that is at least 75 % like it."""
    texts = [" ".join(song.lyrics.lower().split()) for song in songs]
    likeness = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=75, dtype=np.uint8, workers=1)
    groups: dict[int, list[Song]] = {}
    for song, row in zip(songs, likeness, strict=True):
        groups.setdefault(int(row.nonzero()[0][0]), []).append(song)
    return list(groups.values())


def timed(find: Callable[[list[Song]], list[list[Song]]], songs: list[Song]) -> tuple[float, int, int]:
    """Return the seconds of one run and its score."""
    start = time.perf_counter()
    groups = find(songs)
    return time.perf_counter() - start, *score(groups)


def speed(folder: Path) -> None:
    """Print the times of both ways, taken in turn, and of songs that all share a chorus."""
    songs = read(folder)
    chorus = "\n".join(song.lyrics.split("\n")[0] for song in songs[:12])
    short, long = recombined(songs, 1_000), recombined(songs, 10_000)
    with_chorus = [Song(song.title, "", f"{song.lyrics}\n\n{chorus}", song.source) for song in long]
    plan = {
        "group_versions, 10,000 songs": (group_versions, long),
        "group_versions, 10,000 songs with one chorus in all": (group_versions, with_chorus),
        "group_versions, 1,000 songs": (group_versions, short),
        "all pairs by rapidfuzz.fuzz.ratio >= 75, 1,000 songs": (all_pairs, short),
    }
    runs = [[timed(find, given) for find, given in plan.values()] for _ in range(3)]
    print("\n| way | seconds, median (all) | versions found | false groups |\n| --- | --- | --- | --- |")
    for (name, (_, given)), results in zip(plan.items(), zip(*runs, strict=True), strict=True):
        seconds = [result[0] for result in results]
        _, found, false = results[0]
        listed = f"{statistics.median(seconds):.1f} ({', '.join(f'{s:.1f}' for s in seconds)})"
        print(f"| {name} | {listed} | {found} of {len(given) // 5} | {false} |")


def peak(folder: Path) -> None:
    """Print the peak memory of a process that makes 10,000 songs, and of one that groups them too (Linux only)."""
    for name, what in (("with the songs alone", ""), ("grouping them", "group_versions(songs)")):
        script = f"""
import sys
from benchmarks.duplicates import *
songs = recombined(read(Path(sys.argv[1])), 10_000)
{what}
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
        done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
        print(f"peak memory, 10,000 songs, {name}: {int(done.stdout) // 1024} MiB")


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else ALBUM
    accuracy(read(chosen))
    thresholds(read(chosen))
    speed(chosen)
    peak(chosen)
