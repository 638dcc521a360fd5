"""The keys of an evaluation's metrics.json, on all levels, as docs/evaluation.md has them."""

from typing import Any

MEANS = {"loss", "perplexity", "bits_per_byte", "n_tokens", "n_bytes"}
SHARES = {"verbatim_lines", "near_lines", "share_4", "share_6", "share_8"}
SPREAD = {"n", "mean", "median", "p10", "p90", "values"}
TOP = {
    *("version", "lyric_lm", "run", "model", "artist", "split", "n_train_songs", "n_held_out_songs", "settings"),
    *("held_out", "noise", "originality", "style", "verdict", "advice", "guide"),
}
SETTINGS = {
    *("num_samples", "num_base_samples", "prompt", "max_new_tokens", "temperature", "top_k", "top_p", "min_p"),
    *("repetition_penalty", "originality", "seed"),
}
FEATURES = {
    *("words_per_line", "syllables_per_line", "line_length_spread", "lines_per_stanza", "stanzas", "lines", "words"),
    *("rhyme_density", "rhymed_lines", "refrain_lines", "repeated_4_grams", "distinct_1", "distinct_2"),
    *("end_punctuation", "commas_per_line", "capital_lines", "all_lower", "exclamations_and_questions", "known_words"),
}


def check_keys(metrics: dict[str, Any], has_base: bool) -> None:
    """Hold the keys of metrics.json, on all levels, against those that are documented."""
    assert set(metrics) == TOP
    assert set(metrics["settings"]) == SETTINGS

    held_out = metrics["held_out"]
    assert set(held_out) == {"tuned", "base", "difference", "songs"}
    for name in ("tuned", "base") if has_base else ("tuned",):
        assert set(held_out[name]) == MEANS
    for song in held_out["songs"]:
        assert set(song) == MEANS | {"title", "source", "base_loss"}
        assert (song["base_loss"] is not None) == has_base
    if has_base:
        assert set(held_out["difference"]) == {"loss", "loss_interval", "bits_per_byte", "bits_per_byte_interval"}

    originality = metrics["originality"]
    assert set(originality) == {"sets", "passages", "near"}
    assert set(originality["sets"]) == {"samples", "held_out", "base"}
    for name in ("samples", "held_out", "base") if has_base else ("samples", "held_out"):
        one = originality["sets"][name]
        assert set(one) == {"n_songs", "n_lines", "n_words", "longest_run", "intervals", "songs"} | SHARES
        assert set(one["intervals"]) == SHARES
        for song in one["songs"]:
            assert set(song) == {"n_words", "longest_run"} | SHARES
    for passage in originality["passages"]:
        assert set(passage) == {"sample", "text", "n_words", "title", "source", "n_songs"}
    for near in originality["near"]:
        assert set(near) == {"sample", "line", "of", "title", "similarity"}

    style = metrics["style"]
    assert set(style) == {"features", "rhyme_schemes", "favourite_words", "ended", "told_apart", "nearer", "mauve"}
    assert set(style["features"]) == FEATURES
    sizes = {"samples": 6, "held_out": metrics["n_held_out_songs"], "base": 6, "train": metrics["n_train_songs"]}
    for feature in style["features"].values():
        assert set(feature) == {"what", "unit", "sets", "distance"}
        assert set(feature["sets"]) == {"samples", "held_out", "base", "train"}
        assert set(feature["distance"]) == {"samples", "base", "train"}
        for name, one in feature["sets"].items():
            if name != "base" or has_base:
                assert set(one) == SPREAD
                assert len(one["values"]) == sizes[name]
                assert one["n"] == sum(value is not None for value in one["values"])
    assert set(style["rhyme_schemes"]) == {"samples", "held_out", "base", "train"}
    for row in style["favourite_words"]:
        assert set(row) == {"word", "train", "held_out", "samples", "base"}
    assert set(style["ended"]) == {"samples", "base"}
    assert set(style["told_apart"]) == {"samples", "train", "base"}
    for one in style["told_apart"].values():
        if one is not None:
            assert set(one) == {"auc", "interval", "on_characters", "on_features", "n_songs", "n_held_out"}

    if style["nearer"] is not None:
        assert has_base
        assert set(style["nearer"]) == {"samples", "held_out"}
        for name, one in style["nearer"].items():
            assert set(one) == {"share", "interval", "n_songs"}
            assert one["n_songs"] == sizes[name]

    assert set(metrics["verdict"]) == {"learned", "original", "in_style"}
    for one in metrics["verdict"].values():
        assert set(one) == {"answer", "sentence"}
        assert one["answer"] in ("yes", "partly", "no", "unknown")
    assert metrics["advice"]
    for one in metrics["advice"]:
        assert set(one) == {"do", "command", "why"}
