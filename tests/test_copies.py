"""What is copied is counted as by hand, whatever it is made to look like; what is not copied is not counted."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics.folding import folded_words
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.lyrics.song import Song
from lyric_lm.originality.copies import TrainingLines, copying, near_lines, passages, spans, upper_own_rate
from lyric_lm.originality.index import SongIndex

MEASURES = ("verbatim_lines", "near_lines", "share_4", "share_6", "share_8")

TIDE = "The tide is low tonight, my love,\nAnd all the boats are in.\n\nRow on, row home!\nOh, oh"
MILL = "The mill went round the year I left\nAnd nobody was in"


def songs_of(*lyrics: str) -> list[Song]:
    return [Song(f"Song {number}", "Ada", text, f"{number}.txt") for number, text in enumerate(lyrics)]


TRAINING = songs_of(TIDE, MILL)


def album() -> list[Song]:
    texts = {path.stem: path.read_text(encoding="utf-8").partition("\n") for path in sorted(ALBUM.glob("*.txt"))}
    return [Song(title, "Ada", lyrics.strip("\n"), name) for name, (title, _, lyrics) in texts.items()]


def measured(texts: list[str], training: list[Song] = TRAINING, seed: int = 1) -> dict:
    return copying(texts, SongIndex.of(training), TrainingLines.of(training), seed)


def near_of(*texts: str, most: int = 50) -> list[dict]:
    return near_lines(texts, TrainingLines.of(TRAINING), most)


def words_of(text: str) -> list[str]:
    return [word for word, _, _ in folded_words(text)]


def test_counts_are_those_made_by_hand():
    # Lines: one verbatim; one near (boat, not boats); one of 3 words that is new; one too short; the first one again.
    first = "the tide is LOW tonight my love"
    copy = f"{first}\nAnd all the boat are in\nSail on, Ada\nOh, oh\n{first.title()}"
    other = "A lantern hung on every door\nOf every house in town"
    result = measured([copy, other])
    # Words of the copy: 7 verbatim, "and all the" 3, boat, "are in" 2, sail, "on" 1, ada, "oh oh" 2, and 7 verbatim.
    assert (result["n_songs"], result["n_lines"], result["n_words"]) == (2, 3 + 2, 25 + 11)
    assert result["verbatim_lines"] == 1 / 5
    assert result["near_lines"] == 1 / 5
    # The first run goes on over the line break into "and all the": 10 words. The last has 7.
    assert result["longest_run"] == 10
    assert result["share_4"] == ((10 - 3) + (7 - 3)) / (22 + 8)
    assert result["share_6"] == ((10 - 5) + (7 - 5)) / (20 + 6)
    assert result["share_8"] == (10 - 7) / (18 + 4)
    assert [song["n_words"] for song in result["songs"]] == [25, 11]
    assert [song["longest_run"] for song in result["songs"]] == [10, 1]  # "in"
    assert [song["share_4"] for song in result["songs"]] == [11 / 22, 0]
    assert [song["near_lines"] for song in result["songs"]] == [1 / 3, 0]


def test_training_songs_are_copies_of_themselves():
    songs = album()
    result = measured([song.lyrics for song in songs], songs)
    assert {name: result[name] for name in MEASURES} == {name: float(name != "near_lines") for name in MEASURES}
    assert {name: result["intervals"][name] for name in MEASURES} == {
        name: [float(name != "near_lines")] * 2 for name in MEASURES
    }
    n_words = [len(words_of(song.lyrics)) for song in songs]
    assert [song["n_words"] for song in result["songs"]] == n_words == [song["longest_run"] for song in result["songs"]]
    assert result["longest_run"] == max(n_words)


def test_songs_of_other_words_are_no_copies():
    result = measured(["Lanterns glow at every corner\nSparrows sing of copper thunder", "Willow ember velvet hollow"])
    assert {result[name] for name in (*MEASURES, "longest_run")} == {0}
    assert [result["intervals"][name] for name in MEASURES] == [[0, 0]] * 5


@pytest.mark.parametrize("texts", [[], [""], ["", "Oh, oh"], ["tide"], ["..."]])
def test_a_share_of_nothing_is_none(texts: list[str]):
    result = measured(texts)
    assert result["n_songs"] == len(result["songs"]) == len(texts)
    assert result["n_lines"] == 0
    for name in MEASURES:
        assert result[name] is None
        assert result["intervals"][name] is None
        assert upper_own_rate(result, name) == 1
        assert [song[name] for song in result["songs"]] == [None] * len(texts)


def test_without_training_songs_nothing_is_a_copy():
    result = measured([TIDE], training=[])
    assert [result[name] for name in MEASURES] == [0] * 5
    assert near_lines([TIDE], TrainingLines.of([])) == []
    assert passages([TIDE], SongIndex.of([])) == []


def test_a_text_too_short_for_a_sequence_has_no_share_and_takes_no_part():
    result = measured([TIDE, "the tide is low tonight"])
    assert [song["share_6"] for song in result["songs"]] == [1, None]
    assert result["share_6"] == 1
    assert result["intervals"]["share_6"] == [1, 1]  # of resamples that hold no text with six words nothing is said


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdez"), max_size=20), min_size=1, max_size=12), st.integers(0, 9))
def test_intervals_hold_the_share_and_depend_on_nothing_but_the_seed(texts: list[list[str]], seed: int):
    given_texts = [" ".join(words) for words in texts]
    training = songs_of("a b c d e a b c d e", "e d c b a c e b d")
    result = measured(given_texts, training, seed)
    for name in MEASURES:
        if result[name] is not None:
            low, high = result["intervals"][name]
            assert low <= result[name] <= high
            assert result[name] <= upper_own_rate(result, name) <= 1
    assert measured(given_texts, training, seed) == result


def test_an_interval_is_as_wide_as_the_texts_differ():
    # 40 texts of one line, half of them verbatim: binomial, standard error sqrt(0.25 / 40) = 0.079.
    texts = ["The mill went round the year I left"] * 20 + ["A lantern hung on every door"] * 20
    low, high = measured(texts)["intervals"]["verbatim_lines"]
    assert low == pytest.approx(0.5 - 1.96 * 0.079, abs=0.03)
    assert high == pytest.approx(0.5 + 1.96 * 0.079, abs=0.03)


def test_no_match_in_few_songs_does_not_prove_a_rate_of_zero():
    result = measured(["A lantern hung on every door of every house\nAnd sparrows sang"] * 5)  # 12 words, 2 lines
    assert upper_own_rate(result, "verbatim_lines") == 3 / 10
    assert upper_own_rate(result, "share_4") == pytest.approx(3 / (5 * 9 / 4))
    assert upper_own_rate(result, "share_8") == pytest.approx(3 / (5 * 5 / 8))
    assert upper_own_rate(measured(["A lantern hung on every door"]), "near_lines") == 1  # not 3
    assert upper_own_rate(measured([TIDE] * 5), "verbatim_lines") == 1


@pytest.mark.parametrize(
    ("line", "is_near"),
    [
        ("The mill went round the year she left", True),
        ("The mill went round the night I left", True),
        ("The mill went round and round the year I left", True),
        ("THE MILL WENT ROUND -- the YEAR I'd left!", True),
        ("The mill went round the year I left", False),  # verbatim
        ("the mill went round, the year I LEFT", False),
        ("The moon went down the day I came", False),
        ("The mill went round", False),
        ("And nobody wept or sang", False),
        ("Row on, row come", True),
        ("Row, row home", False),  # three words
    ],
)
def test_a_line_is_near_if_little_was_changed(line: str, is_near: bool):
    assert bool(near_of(line)) == is_near
    assert measured([line])["near_lines"] == is_near


def test_near_lines_are_told_with_their_training_line_and_similarity():
    # Folded "row on row come" and "row on row home": 15 characters each, one letter deleted and one inserted of 30.
    texts = ["Nothing of yours\nAnd nobody is in,\n", "Row on, row come!\n\nrow on row come"]
    row, nobody = near_of(*texts)
    assert row == {
        "sample": 2,
        "line": "Row on, row come!",
        "of": "Row on, row home!",
        "title": "Song 0",
        "similarity": round(100 * 28 / 30, 1),
    }
    # "and nobody is in", "and nobody was in": 33 characters; "i" deleted, "wa" inserted.
    assert (nobody["sample"], nobody["line"]) == (1, "And nobody is in,")
    assert nobody["similarity"] == round(100 * 30 / 33, 1)
    assert near_of(*texts, most=1) == [row]


def test_lines_of_different_songs_hardly_ever_count_as_near():
    songs = album()
    halves = [songs[::2], songs[1::2]]
    n_near = sum(
        len(near_lines([song.lyrics for song in half], TrainingLines.of(other)))
        for half, other in (halves, halves[::-1])
    )
    assert n_near <= 4  # of 1,807 lines, each against half of the songs


def test_edited_lines_of_a_song_are_near():
    rng = random.Random(1)
    songs = album()
    lines = TrainingLines.of(songs)
    chosen = rng.sample([line.split() for line in lines.folded if line.count(" ") >= 3], 300)
    for words in chosen:
        words[rng.randrange(len(words))] = rng.choice(rng.choice(chosen))
    edited = [line for line in map(" ".join, chosen) if line not in lines.folded]
    assert len(near_lines(edited, lines, most=300)) >= 0.95 * len(edited)


def test_many_lines_are_compared_in_bounded_pieces(monkeypatch: pytest.MonkeyPatch):
    songs = album()
    whole = near_lines([TIDE, *(song.lyrics.replace("the", "some") for song in songs[:5])], TrainingLines.of(songs))
    monkeypatch.setattr("lyric_lm.originality.copies.CELLS", 5_000)  # three rows
    pieces = near_lines([TIDE, *(song.lyrics.replace("the", "some") for song in songs[:5])], TrainingLines.of(songs))
    assert len(whole) > 30
    assert pieces == whole


def test_passages_are_told_as_written_the_longest_first_and_each_once():
    texts = [
        "I heard: ROW HOME!\nOh, oh -- the year I left and",
        "We sang the tide is low\ntonight, my love; we sang the year I left and",
    ]
    index = SongIndex.of(
        [*TRAINING, Song("Encore", "Ada", "Tide is low tonight.\nThe tide is low tonight my love", "e")]
    )
    assert passages(texts, index, least=4) == [
        {"sample": 2, "text": "the tide is low\ntonight, my love", "n_words": 7}
        | {"title": "Song 0", "source": "0.txt", "n_songs": 2},
        {"sample": 1, "text": "the year I left and", "n_words": 5}
        | {"title": "Song 1", "source": "1.txt", "n_songs": 1},
        {"sample": 1, "text": "ROW HOME!\nOh, oh", "n_words": 4} | {"title": "Song 0", "source": "0.txt", "n_songs": 1},
    ]
    assert [entry["n_words"] for entry in passages(texts, index)] == [7, 5]
    assert [entry["n_words"] for entry in passages(texts, index, most=1)] == [7]


def test_spans_do_not_overlap_and_what_a_longer_one_leaves_is_a_span_too():
    index = SongIndex.of(songs_of("a b c d e f", "e f g h k"))
    text = "A b, c d e f g h k z a b"
    assert [(text[run.start : run.end], run.song.title) for run in spans(text, index, 2)] == [
        ("A b, c d e f", "Song 0"),
        ("g h k", "Song 1"),  # e f belongs to the longer one
        ("a b", "Song 0"),
    ]
    assert [text[run.start : run.end] for run in spans(text, index, 4)] == ["A b, c d e f"]
    assert spans("", index, 1) == spans("z", index, 1) == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["a", "B,", "c!", "Z"]), max_size=30), st.integers(1, 4))
def test_spans_are_pieces_of_the_text_that_stand_in_the_song_named_and_leave_none(words: list[str], least: int):
    training = songs_of("a b c a a", "c b a", "b b c a c")

    def holding(piece: list[str]) -> list[Song]:
        return [song for song in training if f" {' '.join(piece)} " in f" {song.lyrics} "]

    text = "\n".join(words)
    left, end = [], 0
    for run in spans(text, SongIndex.of(training), least):
        piece = words_of(text[run.start : run.end])
        assert len(piece) == run.n_words >= least
        assert (run.n_songs, run.song) == (len(holding(piece)), holding(piece)[0])
        assert run.start >= end
        left.append(words_of(text[end : run.start]))
        end = run.end
    for gap in [*left, words_of(text[end:])]:
        assert not any(holding(gap[start : start + least]) for start in range(len(gap) - least + 1))
