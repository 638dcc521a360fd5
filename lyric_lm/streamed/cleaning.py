"""Clean a table of songs in several processes into another table on the disk, with what is needed to choose among them.

Each song is cleaned as it is without streaming. What cleaning learns of all songs together (the usual apostrophe, other
songs' titles below "You might also like") is learned of the first ``N_FIRST``.
"""

import hashlib
import os
from collections import Counter
from typing import Any

from datasets import Dataset, Features, List, Value

from lyric_lm.cache import code_digest
from lyric_lm.lyrics.cleaning import RULES
from lyric_lm.lyrics.cleaning.characters import usual_apostrophe
from lyric_lm.lyrics.cleaning.recommendations import recommended
from lyric_lm.lyrics.corpus import clean_song
from lyric_lm.lyrics.nonsongs import not_a_song
from lyric_lm.lyrics.song import Song, fold, words
from lyric_lm.lyrics.splitting import first_line, title_key

N_FIRST = 10_000
BATCH = 250  # songs that a process has at a time

_FEATURES = Features(
    {
        **{name: Value("string") for name in ("title", "artist", "lyrics", "source")},
        "is_file": Value("bool"),  # no song, but a file or a part of one that could not be read
        "reason": Value("string"),  # why it is left out, or ""
        "same": Value("int64"),  # equal for the same words, whatever their case and punctuation
        "title_key": Value("string"),  # what decides where it goes, or "" where the title is none
        "line_key": Value("string"),  # what decides instead
        **{name: Value("int32") for name in ("n_words", "n_lines", "n_bytes")},
        "changes": List(Value("int32"), length=len(RULES)),  # made by each rule
    }
)


def cleaned_songs(raw: Dataset, section_labels: str, rules: list[str]) -> Dataset:
    """Return a row for each row of ``raw_songs``, cleaned, in the same order.

    With the same rules and the same songs the table is there at once the next time.
    """
    first = raw.select(range(min(len(raw), N_FIRST)))
    titles, lyrics = first["title"][:], first["lyrics"][:]
    how = {
        "section_labels": section_labels,
        "rules": rules,
        "apostrophe": usual_apostrophe(lyrics),
        "pairs": recommended(zip(titles, lyrics, strict=True)),
    }
    known = f"{raw._fingerprint} {section_labels} {sorted(rules)} {code_digest()}"
    return raw.map(
        _clean,
        batched=True,
        batch_size=BATCH,
        writer_batch_size=BATCH,
        fn_kwargs=how,
        remove_columns=raw.column_names,
        features=_FEATURES,
        num_proc=min(os.cpu_count() or 1, 1 + len(raw) // (4 * BATCH)),
        new_fingerprint=hashlib.sha256(known.encode()).hexdigest()[:16],
        desc="Cleaning",
    )


def _clean(songs: dict[str, list[str]], **how: Any) -> dict[str, list[Any]]:
    columns = [songs[name] for name in ("title", "artist", "lyrics", "source", "skipped")]
    rows = [_row(*values, **how) for values in zip(*columns, strict=True)]
    return {name: [row[name] for row in rows] for name in _FEATURES}


def _row(title: str, artist: str, lyrics: str, source: str, skipped: str, **how: Any) -> dict[str, Any]:
    song, changes = Song(title, artist, "", source), Counter[str]()
    if not skipped:
        song, result = clean_song(Song(title, artist, lyrics, source), **how)
        changes = result.counts
    return {
        **{name: getattr(song, name) for name in ("title", "artist", "lyrics", "source")},
        "is_file": bool(skipped),
        "reason": skipped or not_a_song(song, lyrics),
        "same": int.from_bytes(hashlib.blake2b(fold(song.lyrics).encode(), digest_size=8).digest(), "big", signed=True),
        "title_key": title_key(song),
        "line_key": first_line(song),
        "n_words": len(words(song.lyrics)),
        "n_lines": sum(1 for line in song.lyrics.split("\n") if line),
        "n_bytes": len(song.lyrics.encode()),
        "changes": [changes[rule] for rule in RULES],
    }
