"""A corpus with something to say under every heading of its report, and one with nothing."""

import dataclasses
from collections import Counter
from typing import Any

from lyric_lm.lyrics.corpus import Corpus, Example
from lyric_lm.lyrics.inspection import Suspicion
from lyric_lm.lyrics.reading import Skipped
from lyric_lm.lyrics.report import as_data
from lyric_lm.lyrics.song import Song

SEA = Song("Sea", "Ada Lark", "Row on, row on\n\nRow home", "sea.txt")
TEA = Song("Tea", "Ada Lark", "Tea for two\nand bread", "more.csv:1")
MAR = Song("Mar", "Ada Lark", "Ça va, la mer", "mar.txt")
LIVE = Song("Sea (Live)", "Ada Lark", "Row on, row on", "live.txt")
CORPUS = Corpus(
    path="my songs",
    artist="Ada Lark",
    splits={"train": [TEA, SEA], "val": [MAR], "test": []},
    n_files=7,
    n_read=6,
    skipped=[Skipped("cover.png", "binary file"), Skipped("more.csv", "line 9: more fields than the header's 2")],
    dropped=[
        Skipped("dusk.txt", "Dusk: Part 2: instrumental"),
        Skipped("stub.txt", "Stub: 2 words, too short to be a song"),
        Skipped("live.txt", "Sea (Live): version of Sea (sea.txt), which is more complete"),
    ],
    cleaned=Counter(embed_tail=1, odd_spaces=12),
    examples={"embed_tail": [Example("sea.txt", "Sea", "Row on\nRow home3Embed", "Row on\nRow home")]},
    versions=[[SEA, LIVE]],
    to_look_at=[Suspicion("mar.txt", "Mar", 4.5, ["its language seems to be fr", "very short"])],
    languages=Counter({"en": 2, "": 1}),
    scripts=Counter(Latin=3),
)
NOTHING = dataclasses.replace(
    CORPUS,
    **{"skipped": [], "dropped": [], "cleaned": Counter(), "examples": {}, "versions": [], "to_look_at": []},
)


def report_of(corpus: Corpus) -> dict[str, Any]:
    return as_data(corpus) | {"titles_by_split": corpus.titles_by_split()}
