"""The style features of a song, counted by hand, and the sets side by side."""

import json
import math
import time
from collections import Counter
from itertools import product

import pytest

from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.style.favourites import favourite_words, log_odds
from lyric_lm.style.features import FEATURES, known_words, song_features, vocabulary
from lyric_lm.style.profile import distribution, ks_distance, style_of

SONG = """Row on, my love,
row home tonight!
(The tide is low)

ROW ON, MY LOVE
42 boats above
...
"""
# The line of dots has no word and is no line. 4-word sequences: 18 words have 15, of which one is repeated.
BY_HAND = {
    "words_per_line": (4 + 3 + 4 + 4 + 3) / 5,
    "syllables_per_line": (4 + 4 + 4 + 4 + (2 + 1 + 2)) / 5,
    "line_length_spread": math.sqrt((3 * 0.4**2 + 2 * 0.6**2) / 5),
    "lines_per_stanza": (3 + 2) / 2,
    "stanzas": 2,
    "lines": 5,
    "words": 18,
    "rhymed_lines": 2 / 5,  # love, above
    "refrain_lines": 1 / 5,
    "repeated_4_grams": 1 / 15,
    "distinct_1": None,  # too few words
    "distinct_2": None,
    "end_punctuation": 2 / 5,  # a bracket is none
    "commas_per_line": 3 / 5,
    "capital_lines": 3 / 4,  # one begins with a figure
    "all_lower": 2 / 5,
    "exclamations_and_questions": 1 / 5,
}


@pytest.fixture(scope="module")
def album() -> list[str]:
    return [file.read_text("utf-8").partition("\n")[2].strip() for file in sorted(ALBUM.glob("*.txt"))]


def test_features_counted_by_hand() -> None:
    features = song_features(SONG, "en")
    assert {name: features[name] for name in BY_HAND} == {
        name: None if value is None else pytest.approx(value) for name, value in BY_HAND.items()
    }
    assert set(features) == set(FEATURES) - {"known_words"}


def test_variety_is_that_of_the_first_hundred_words() -> None:
    fifty = [first + second for first, second in product("abcde", "fghijklmno")]
    features = song_features(" ".join(fifty * 4), "en")
    assert (features["distinct_1"], features["distinct_2"]) == (50 / 100, 50 / 99)  # 49 pairs, and last with first
    assert song_features(" ".join(fifty), "en")["distinct_1"] == 1
    assert song_features(" ".join(fifty[:49]), "en")["distinct_1"] is None


def test_rhymes_reach_three_lines_and_stay_in_their_stanza() -> None:
    near = "love\nboat\nhouse\nabove"
    assert song_features(near, "en")["rhymed_lines"] == 2 / 4
    assert song_features(near.replace("house", "house\ncat"), "en")["rhymed_lines"] == 0
    assert song_features(near.replace("boat", "\nboat"), "en")["rhymed_lines"] == 0
    assert song_features("love\nlove", "en")["rhymed_lines"] == 0  # the same word is no rhyme


def test_a_song_that_was_broken_off_is_measured_without_its_last_line() -> None:
    broken = f"{SONG.strip()}\nAnd then the"
    assert song_features(broken, "en", ended=True)["lines"] == song_features(broken, "en")["lines"] == 6
    assert song_features(broken, "en", ended=False) == song_features(SONG, "en")
    assert song_features("And then the", "en", ended=False)["words"] == 3


@pytest.mark.parametrize("text", ["", "\n\n", "...\n\n!", "ं"])
def test_a_text_without_words(text: str) -> None:
    features = song_features(text, "en")
    counts = {"stanzas": 0, "lines": 0, "words": 0}
    if text != "ं":  # a lone vowel sign is a word, though it has no letter
        assert features == dict.fromkeys(features, None) | counts
    else:
        assert (features["words"], features["capital_lines"], features["all_lower"]) == (1, None, None)


def test_one_line() -> None:
    features = song_features("Row on", "en")
    assert (features["lines"], features["line_length_spread"], features["rhymed_lines"]) == (1, None, 0)
    assert (features["repeated_4_grams"], features["rhyme_density"]) == (None, 0)


def test_songs_in_other_languages() -> None:
    russian = song_features("Над рекой горит огонь,\nНа траву легла ладонь.\nё", "ru")
    assert (russian["words"], russian["syllables_per_line"]) == (9, pytest.approx((7 + 7 + 1) / 3))
    assert (russian["rhymed_lines"], russian["capital_lines"], russian["all_lower"]) == (2 / 3, 2 / 3, 1 / 3)
    spanish = song_features("¿Dónde está la rosa?\n¡qué cosa!", "es")
    assert (spanish["syllables_per_line"], spanish["rhymed_lines"]) == ((7 + 3) / 2, 1)
    assert (spanish["capital_lines"], spanish["exclamations_and_questions"]) == (1 / 2, 1)
    japanese = song_features("水の音、花の色。\n月の夜", "ja")
    assert (japanese["words"], japanese["lines"], japanese["syllables_per_line"]) == (9, 2, 4.5)  # characters
    assert (japanese["rhyme_density"], japanese["rhymed_lines"], japanese["capital_lines"]) == (None, None, None)
    assert (japanese["commas_per_line"], japanese["end_punctuation"]) == (1 / 2, 1 / 2)
    arabic = song_features("قمر على البحر", "ar")
    assert (arabic["words"], arabic["syllables_per_line"], arabic["rhymed_lines"]) == (3, None, None)


def test_known_words_of_a_training_song_are_those_of_two_others() -> None:
    train = ["The ferry", "the ferry ferry", "The gull"]
    n_songs = vocabulary(train)
    assert n_songs == {"the": 3, "ferry": 2, "gull": 1}
    assert known_words("THE ferry's ferry gull", n_songs) == 2 / 4
    assert known_words(train[0], n_songs, is_training_song=True) == 1 / 2
    assert known_words("", n_songs) is None


def test_distribution() -> None:
    assert distribution([4, 0, None, 1, 3, 2]) == {
        **{"n": 5, "mean": 2.0, "median": 2.0, "p10": 0.4, "p90": 3.6},  # a tenth of the way from 0 to 4
        "values": [4, 0, None, 1, 3, 2],
    }
    assert distribution([None]) == {"n": 0, "mean": None, "median": None, "p10": None, "p90": None, "values": [None]}
    assert distribution([1 / 3])["values"] == [0.3333]


def test_ks_distance_is_the_widest_gap_between_the_two_shares_below_a_value() -> None:
    one, other = [0.1, 0.2, 0.2, 0.5, None], [0.2, 0.4, 0.6]
    gaps = [abs(sum(v <= x for v in one if v) / 4 - sum(v <= x for v in other) / 3) for x in (0.1, 0.2, 0.4, 0.5, 0.6)]
    assert ks_distance(one, other) == pytest.approx(max(gaps), abs=1e-4)
    assert ks_distance([None, 1.0], other) is None


def test_log_odds_worked_by_hand() -> None:
    """Prior 1000 · 40 / 2000 = 20; ln(50 / 1950) - ln(30 / 1970) = 0.5209; sqrt(1/50 + 1/30) = 0.2309."""
    songs, background = Counter({"ferry": 30, "the": 970}), Counter({"ferry": 10, "the": 990})
    assert log_odds("ferry", songs, background) == pytest.approx(0.5209 / 0.2309, abs=2e-3)
    assert log_odds("yeah", Counter({"yeah": 9}), Counter({"yeah": 9})) == 0


def test_favourite_words_against_the_untrained_model() -> None:
    train = [f"The Ferry leaves {word} don't wait" for word in ("quickly", "slowly", "gladly")] + ["zebra zebra zebra"]
    base = ["The market leaves the year slowly", "the wait of the market"]
    others: dict[str, list[str] | None] = {"held_out": ["the ferry"], "samples": [], "base": base}
    rows = favourite_words(train, others)
    # Zebra is in one song only; "the" is too short; "leaves" and "wait" are in the base songs too, but
    # rarer (1 in 11 words, 3 in 21). Equals are in the order of the alphabet.
    assert [row["word"] for row in rows] == ["don't", "Ferry", "leaves", "wait"]
    ferry = next(row for row in rows if row["word"] == "Ferry")
    assert ferry == {"word": "Ferry", "train": round(3000 / 21, 3), "held_out": 500, "samples": None, "base": 0}
    assert [row["word"] for row in favourite_words(train, others, n=1)] == [rows[0]["word"]]


def test_favourite_words_without_an_untrained_model() -> None:
    """Count times ln(songs / songs with the word): tide 9 ln(4/3) = 2.59, gulls 3 ln(4/3) = 0.86, ever 4 ln 1 = 0."""
    train = ["Tide, tide, tide, gulls ever"] * 3 + ["ever more"]
    rows = favourite_words(train, {"held_out": ["Ever"], "samples": ["tide"], "base": None})
    assert [(row["word"], row["samples"], row["base"]) for row in rows] == [("tide", 1000, None), ("gulls", 0, None)]
    assert favourite_words([], {"held_out": []}) == []
    assert favourite_words(["", "..."], {}) == []


def test_favourite_words_where_characters_are_words() -> None:
    rows = favourite_words(["花と月", "花と風", "花と海", "雨"], {})
    assert [row["word"] for row in rows] == ["と", "花"]


def test_sets_side_by_side(album: list[str]) -> None:
    sets = {"samples": [*album[:9], ""], "held_out": album[10:20], "base": None, "train": album[20:50]}
    style = style_of(sets, "en")
    assert json.loads(json.dumps(style, allow_nan=False)) == style
    assert list(style["features"]) == list(FEATURES)
    for name, feature in style["features"].items():
        assert (feature["what"], feature["unit"]) == FEATURES[name]
        assert [len(feature["sets"][each]["values"]) for each in ("samples", "held_out", "train")] == [10, 10, 30]
        assert feature["sets"]["base"] is None
        assert list(feature["distance"]) == ["samples", "base", "train"]
        assert feature["distance"]["base"] is None
        values = [feature["sets"][each]["values"] for each in ("samples", "held_out")]
        assert feature["distance"]["samples"] == pytest.approx(ks_distance(*values), abs=1e-3)
    words_per_line = style["features"]["words_per_line"]["sets"]["held_out"]["values"]
    assert words_per_line == pytest.approx(
        [song_features(song, "en")["words_per_line"] for song in sets["held_out"]], abs=1e-4
    )
    assert style["features"]["known_words"]["sets"]["samples"]["n"] == 9  # the empty one has no words
    assert style["rhyme_schemes"]["base"] is None
    assert sum(style["rhyme_schemes"]["train"].values()) == pytest.approx(1)
    assert len(style["favourite_words"]) == 20
    assert set(style["favourite_words"][0]) == {"word", "train", "samples", "held_out", "base"}


def test_which_songs_were_broken_off_is_told_by_set() -> None:
    sets: dict[str, list[str] | None] = {
        "samples": ["Row on\nrow", "Row\nrow"],
        "held_out": ["Row on"],
        "train": ["Row"],
    }
    lines = style_of(sets, "en", {"samples": [False, True]})["features"]["lines"]["sets"]
    assert (lines["samples"]["values"], lines["held_out"]["values"]) == ([1, 2], [1])


def test_three_hundred_songs_take_seconds(album: list[str]) -> None:
    start = time.process_time()
    for song in (album * 4)[:300]:
        song_features(song, "en")
    assert time.process_time() - start < 20  # about one second; the rest is for slow machines
