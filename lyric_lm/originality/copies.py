"""Measure what a set of texts has copied from the training songs: whole lines, nearly whole lines, runs of words.

Texts, a ``SongIndex`` and the ``TrainingLines`` go in; plain figures and lists come out. A figure means little alone:
an artist's own new songs repeat older ones too, so the same is measured of held-out songs and set beside it.
Words are compared folded. Only lines of at least three words are counted, for shorter ones are nobody's; within a
text a line counts once, so a refrain is one line. Nothing here judges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from lyric_lm.lyrics.folding import folded_words
from lyric_lm.lyrics.song import Song
from lyric_lm.originality.index import Run, SongIndex

LEAST_LINE = 3  # words
LEAST_NEAR_LINE, SIMILAR = 4, 80  # words, and rapidfuzz.fuzz.ratio of 100; why, says near_lines
SHARES = (4, 6, 8)  # words in a sequence
N_RESAMPLES = 1_000
CELLS = 4_000_000  # similarities held at a time, of 4 bytes


@dataclass(frozen=True)
class TrainingLines:
    """The different lines of the training songs: ``written`` and ``titles`` of where each folded line stands first."""

    folded: tuple[str, ...]
    written: tuple[str, ...]
    titles: tuple[str, ...]

    @classmethod
    def of(cls, songs: Sequence[Song]) -> "TrainingLines":
        """Gather the lines of songs, in order.

        >>> TrainingLines.of([Song("Low Tide", "Ada", "Row on, row home!\\nOh, oh\\n\\nrow on row home", "1.txt")])
        TrainingLines(folded=('row on row home',), written=('Row on, row home!',), titles=('Low Tide',))
        """
        lines: dict[str, tuple[str, str]] = {}
        for song in songs:
            for folded, written in _lines(song.lyrics).items():
                lines.setdefault(folded, (written, song.title))
        return cls(tuple(lines), *(tuple(pair[n] for pair in lines.values()) for n in (0, 1)))


def copying(texts: Sequence[str], index: SongIndex, lines: TrainingLines, seed: int) -> dict[str, Any]:
    """Measure how much of the texts stands in the training songs.

    ``seed`` draws the resamples of the intervals. The texts are not in the index, unless that is the question.

    Returns:
        ``n_songs``, ``n_words``: of the texts. ``n_lines``: their lines, each once a text.
        ``verbatim_lines``: share of the lines whose words are those of a training line.
        ``near_lines``: share of the lines that are nearly a training line, as ``near_lines`` defines it.
        ``longest_run``: words in the longest run that stands in a training song.
        ``share_4``, ``share_6``, ``share_8``: of all sequences of so many words, the share found in a training song.
        ``intervals``: for each of these shares the bounds between which it lies in 95 % of resamples of the texts.
        ``songs``: ``n_words``, ``longest_run`` and the shares of each text, in order.
        The shares are pooled over the texts, in [0, 1]; a share of nothing is None, and so is its interval.
    """
    found = [_lines(text) for text in texts]
    nearest = iter(_nearest([folded for text_lines in found for folded in text_lines], lines))
    verbatim = set(lines.folded)
    songs: list[dict[str, Any]] = []
    counts = []
    for text, text_lines in zip(texts, found, strict=True):
        lengths = np.array(index.match_lengths([word for word, _, _ in folded_words(text)]), dtype=np.int64)
        near = [next(nearest) is not None for _ in text_lines]
        counted = {
            "verbatim_lines": (sum(folded in verbatim for folded in text_lines), len(text_lines)),
            "near_lines": (sum(near), len(text_lines)),
            **{f"share_{n}": (int((lengths >= n).sum()), max(len(lengths) - n + 1, 0)) for n in SHARES},
        }
        counts.append(list(counted.values()))
        shares = {name: share(*pair) for name, pair in counted.items()}
        songs.append({"n_words": len(lengths), "longest_run": int(lengths.max(initial=0)), **shares})
    names = ["verbatim_lines", "near_lines", *(f"share_{n}" for n in SHARES)]
    table = np.array(counts, dtype=np.int64).reshape(len(texts), len(names), 2)
    totals = table.sum(axis=0)  # (n_measures, 2): found, of how many
    return {
        "n_songs": len(texts),
        "n_lines": sum(map(len, found)),
        "n_words": sum(song["n_words"] for song in songs),
        "longest_run": max((song["longest_run"] for song in songs), default=0),
        **{name: share(*pair) for name, pair in zip(names, totals.tolist(), strict=True)},
        "intervals": dict(zip(names, _intervals(table, seed), strict=True)),
        "songs": songs,
    }


def share(n_found: int, n: int) -> float | None:
    """Return a share in [0, 1], or None of nothing.

    >>> share(1, 4), share(0, 0)
    (0.25, None)
    """
    return n_found / n if n else None


def upper_own_rate(own: dict[str, Any], measure: str) -> float:
    """Return the largest rate of copying that an artist's own songs, as ``copying`` measured them, agree with.

    The upper end of the 95 % interval, but no less than 3 / n (the rule of three: what was not seen in n independent
    trials happens with 95 % confidence at most so often; Hanley and Lippman-Hand, JAMA 1983). Trials are lines, and
    for ``share_n`` the sequences of n words divided by n, for overlapping ones are not independent. At most 1, and
    that where nothing was measured.

    >>> own = {"n_lines": 60, "intervals": {"verbatim_lines": [0.0, 0.0], "near_lines": [0.01, 0.1]}}
    >>> upper_own_rate(own, "verbatim_lines"), upper_own_rate(own, "near_lines")
    (0.05, 0.1)
    """
    interval = own["intervals"][measure]
    if interval is None:
        return 1.0
    n_trials = own["n_lines"]
    if measure.startswith("share_"):
        n = int(measure.removeprefix("share_"))
        n_trials = sum(max(song["n_words"] - n + 1, 0) for song in own["songs"]) / n
    return min(1.0, max(interval[1], 3 / n_trials))


def spans(text: str, index: SongIndex, least: int) -> list[Run]:
    """Return what of a text is copied, in runs of at least ``least`` words that do not overlap, in order.

    The longest comes first, and of what it leaves the longest again; so the end of a run may be left out because
    another run has it.
    """
    folded = list(folded_words(text))
    words = [word for word, _, _ in folded]
    lengths = np.array(index.match_lengths(words), dtype=np.int64)
    gaps, chosen = [(0, len(words))], []
    while gaps:
        first, last = gaps.pop()
        within = np.minimum(lengths[first:last], np.arange(last - first, 0, -1))
        if within.max(initial=0) < max(least, 1):
            continue
        start = first + int(within.argmax())
        end = start + int(within.max())
        run = Run(folded[start].start, folded[end - 1].end, end - start, *index.find(words[start:end]))
        chosen.append(run)
        gaps += [(first, start), (end, last)]
    return sorted(chosen)


def passages(texts: Sequence[str], index: SongIndex, least: int = 5, most: int = 50) -> list[dict[str, Any]]:
    """List the longest passages of at least ``least`` words that the texts have copied, the longest first.

    Each passage once, from the first text (``sample``, from 1) that has it; ``text`` is as written there, ``title`` and
    ``source`` are of the first of the ``n_songs`` training songs that have it.
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for sample, text in enumerate(texts, start=1):
        for run in spans(text, index, least):
            passage = text[run.start : run.end]
            entry = {"sample": sample, "text": passage, "n_words": run.n_words}
            origin = {"title": run.song.title, "source": run.song.source, "n_songs": run.n_songs}
            found.setdefault(tuple(word for word, _, _ in folded_words(passage)), entry | origin)
    return sorted(found.values(), key=lambda entry: -entry["n_words"])[:most]


def near_lines(texts: Sequence[str], lines: TrainingLines, most: int = 50) -> list[dict[str, Any]]:
    """List the lines that are nearly training lines, the most similar first.

    Near is a line of at least 4 words that is not verbatim and whose ``rapidfuzz.fuzz.ratio`` with a training line is
    at least 80, both folded: of 100, the characters left after the fewest deletions and insertions. Measured on the
    1,807 such lines of the demo album (benchmarks/near_lines.py): against the lines of other songs, 4 reach 80 (11
    reach 75, 2 reach 85); of lines with one word changed, left out, added, swapped with the next or misprinted, 95 %
    and more reach 80 (75: 97 %, 85: 81 %), with two words changed 67 %, with three 17 %. Ratios that look for a part,
    or take the words in any order, take 10 to 49 lines of other songs for near at 80.

    Each line of a text once; ``sample`` is the number of the text, from 1; ``of`` is the nearest training line, and
    ``title`` the song where it stands first.
    """
    found = [(sample, *line) for sample, text in enumerate(texts, start=1) for line in _lines(text).items()]
    entries: list[dict[str, Any]] = [
        {
            "sample": sample,
            "line": written,
            "of": lines.written[near[0]],
            "title": lines.titles[near[0]],
            "similarity": round(near[1], 1),
        }
        for (sample, _, written), near in zip(found, _nearest([line for _, line, _ in found], lines), strict=True)
        if near is not None
    ]
    return sorted(entries, key=lambda entry: -entry["similarity"])[:most]


def _lines(text: str) -> dict[str, str]:
    """Map the folded words of a text's different lines to the line as first written."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        folded = [word for word, _, _ in folded_words(line)]
        if len(folded) >= LEAST_LINE:
            found.setdefault(" ".join(folded), line.strip())
    return found


def _nearest(folded: list[str], lines: TrainingLines) -> Iterator[tuple[int, float] | None]:
    """Yield for each folded line the number and similarity of the nearest training line, None where none is near."""
    verbatim = set(lines.folded)
    wanted = [line for line in dict.fromkeys(folded) if line not in verbatim and line.count(" ") + 1 >= LEAST_NEAR_LINE]
    nearest: dict[str, tuple[int, float]] = {}
    n_rows = max(1, CELLS // max(len(lines.folded), 1))
    for first in range(0, len(wanted) if verbatim else 0, n_rows):
        rows = wanted[first : first + n_rows]
        similarity = process.cdist(
            rows, lines.folded, scorer=fuzz.ratio, score_cutoff=SIMILAR, dtype=np.float32, workers=-1
        )
        best = similarity.argmax(axis=1)
        for line, number, row in zip(rows, best.tolist(), similarity, strict=True):
            if row[number] >= SIMILAR:
                nearest[line] = (number, float(row[number]))
    for line in folded:
        yield nearest.get(line)


def _intervals(table: NDArray[np.int64], seed: int) -> list[list[float] | None]:
    """Return 95 % percentile bootstrap intervals of pooled shares, the songs resampled (Efron and Tibshirani, 1993).

    ``table`` holds for each song and measure what was found and of how many, (n_songs, n_measures, 2). The measures
    share the resamples; one in which there is nothing to count is left out.
    """
    n_songs = len(table)
    drawn = np.random.default_rng(seed).integers(n_songs, size=(N_RESAMPLES, n_songs)) if n_songs else None
    intervals: list[list[float] | None] = []
    for measure in table.transpose(1, 0, 2):
        if drawn is None or not measure[:, 1].any():
            intervals.append(None)
            continue
        found, of = measure[:, 0][drawn].sum(axis=1), measure[:, 1][drawn].sum(axis=1)
        low, high = np.quantile(found[of > 0] / of[of > 0], [0.025, 0.975])
        intervals.append([float(low), float(high)])
    return intervals
