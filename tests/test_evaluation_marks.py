"""Strips of dots in the page of an evaluation: each stands at its value, and none hides the others."""

from lyric_lm.evaluation import marks


def test_strips_place_what_they_show() -> None:
    spread = marks.spread_of([1, 2, 3, 4, 5])
    told = marks.strips({"samples": spread, "held_out": None, "train": marks.spread_of([3, 3, None])})
    assert told is not None
    samples, train = told["rows"]
    assert (samples["set"], train["set"], train["n"]) == ("samples", "train", 2)
    # From 1 to 5 the axis has 164 units and begins at 72; percentiles 10 and 90 of 1 to 5 are 1.4 and 4.6.
    assert (samples["p10"], samples["median"], samples["p90"]) == (72 + 16.4, 72 + 82, 72 + 147.6)
    assert samples["path"].count("M") == 5
    assert train["path"] == "M154 0h0M154 3h0"
    assert marks.strips({"samples": marks.spread_of([None])}) is None


def test_dots_do_not_hide_each_other_until_they_are_many() -> None:
    dots = marks.swarm([7.0] * 5)
    assert sorted(y for _, y in dots) == [-6.0, -3.0, 0.0, 3.0, 6.0]
    assert max(abs(y) for _, y in marks.swarm([7.0] * 99)) <= 7.5


def test_thinned_values_keep_their_spread() -> None:
    values = [n / 7 for n in range(1000)]
    thin = marks.thinned(values)
    assert (len(thin), thin[0], thin[-1]) == (150, values[0], values[-1])
    assert abs(thin[75] - values[500]) < 1
    assert marks.thinned([2.0, 1.0]) == [1.0, 2.0]
