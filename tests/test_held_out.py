"""Held-out scores against a plain loop, the evaluation during training, and closed forms."""

import math

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from lyric_lm.data.batches import collate
from lyric_lm.data.encoding import encode_songs
from lyric_lm.data.packing import cut_song
from lyric_lm.evaluation import held_out
from lyric_lm.evaluation.held_out import SongScore, difference, held_out_report, pooled, score_songs, windows
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.lyrics.song import Song
from lyric_lm.model.loss import held_out_loss
from lyric_lm.model.tiny import make_tiny

CONTEXT = 32
SONGS = [Song(file.stem, "Tilda Marrow", file.read_text()[:600], file.name) for file in sorted(ALBUM.glob("*.txt"))[:3]]


def song_of(n_bytes: int) -> Song:
    """Return a song that is this many bytes long, each of them a token of the tiny model."""
    return Song(f"{n_bytes} bytes", "Tilda Marrow", ("row home, the tide is low " * 20)[:n_bytes], "")


@pytest.fixture(scope="module")
def short_sighted() -> GPT2LMHeadModel:
    """A random GPT-2 over bytes that reads 32 tokens; its weights are large, so that context matters to it."""
    torch.manual_seed(1)
    config = GPT2Config(vocab_size=257, n_positions=CONTEXT, n_embd=16, n_layer=2, n_head=2, initializer_range=0.5)
    return GPT2LMHeadModel(config).eval()


def nats_one_by_one(network: GPT2LMHeadModel, ids: list[int], context: int) -> float:
    """Sum the cost of each token, given the tokens before it in the first window that holds it."""
    total = 0.0
    for i in range(2, len(ids)):  # the first two are a song's opening
        begin = 0
        while i >= begin + context:
            begin += context // 2
        with torch.no_grad():
            logits = network(torch.tensor([ids[begin:i]])).logits[0, -1].double()
        total -= float(torch.log_softmax(logits, dim=-1)[ids[i]])
    return total


# A song has an opening of two tokens and a separator: one that fits, exactly the context length, one token more, and
# three windows and a bit.
@pytest.mark.parametrize("n_bytes", [1, 10, CONTEXT - 3, CONTEXT - 2, 3 * CONTEXT - 3, 3 * CONTEXT + 3])
@pytest.mark.parametrize("most_rows", [1000, 5])
def test_a_song_costs_what_its_tokens_cost_one_by_one(
    short_sighted: GPT2LMHeadModel, monkeypatch: pytest.MonkeyPatch, n_bytes: int, most_rows: int
) -> None:
    monkeypatch.setattr(held_out, "MOST_LOGITS", most_rows * 257)
    _, tokenizer = make_tiny()
    song = song_of(n_bytes)
    (score,) = score_songs(short_sighted, tokenizer, [song])
    ids = [0, *tokenizer("\n" + song.lyrics)["input_ids"], 0]
    assert (score.n_tokens, score.n_bytes, score.title) == (n_bytes + 1, n_bytes, song.title)
    assert score.nats == pytest.approx(nats_one_by_one(short_sighted, ids, CONTEXT), rel=1e-5)


@pytest.mark.parametrize("context", [2, 3, 8, 9])
@pytest.mark.parametrize("most", [1, 3, 100])
def test_every_token_is_scored_once_with_half_a_window_before_it(context: int, most: int) -> None:
    for n_ids in range(2, 40):
        scored = []
        for begin, first, end in windows(n_ids, 1, context, most):
            scored += range(first, end)
            assert 0 < end - first <= most
            assert end - begin <= context
            assert begin == 0 or first - begin >= context // 2
        assert scored == list(range(1, n_ids))


def test_a_model_that_guesses_evenly_costs_ln_vocabulary() -> None:
    network, tokenizer = make_tiny(dropout=0.5)
    for weight in network.parameters():
        torch.nn.init.zeros_(weight)
    result = pooled(score_songs(network, tokenizer, SONGS))
    assert result["loss"] == pytest.approx(math.log(257), rel=1e-6)
    assert result["perplexity"] == pytest.approx(257, rel=1e-5)
    n_bytes = sum(len(song.lyrics.encode()) for song in SONGS)
    assert (result["n_tokens"], result["n_bytes"]) == (n_bytes + 3, n_bytes)
    assert result["bits_per_byte"] == pytest.approx((n_bytes + 3) / n_bytes * math.log2(257), rel=1e-6)


def test_songs_that_fit_cost_what_the_evaluation_during_training_says() -> None:
    network, tokenizer = make_tiny()
    parts = [cut_song(song, 1024, 1024, set())[0] for song in encode_songs(SONGS, tokenizer)]
    expected = held_out_loss(network, [collate([[part]], pad_id=0) for part in parts])
    assert pooled(score_songs(network, tokenizer, SONGS))["loss"] == pytest.approx(expected, rel=1e-6)


def test_dropout_is_off_and_the_mode_is_put_back() -> None:
    network, tokenizer = make_tiny(dropout=0.5)
    seen: list[SongScore] = []
    scores = score_songs(network.train(), tokenizer, SONGS, on_song=seen.append)
    assert network.training
    assert scores == seen == score_songs(network.eval(), tokenizer, SONGS)
    assert not network.training
    assert [score.source for score in scores] == [song.source for song in SONGS]


def scores(nats: list[float], tokens: list[int]) -> list[SongScore]:
    return [SongScore(str(i), "", n, 4 * n, x) for i, (x, n) in enumerate(zip(nats, tokens, strict=True))]


def test_the_mean_is_weighted_by_tokens() -> None:
    result = pooled(scores([10.0, 90.0], [10, 30]))  # 1 and 3 nats per token
    assert result["loss"] == 2.5
    assert result["perplexity"] == pytest.approx(math.exp(2.5))
    assert result["bits_per_byte"] == pytest.approx(100 / math.log(2) / 160)


def test_identical_models_do_not_differ() -> None:
    same = scores([10.0, 90.0, 33.0], [10, 30, 7])
    none = {"loss": 0.0, "loss_interval": [0.0, 0.0], "bits_per_byte": 0.0, "bits_per_byte_interval": [0.0, 0.0]}
    assert difference(same, same, seed=1) == none


def test_a_constant_difference_per_token_has_no_spread() -> None:
    base = scores([10.0, 90.0, 33.0], [10, 30, 7])
    tuned = scores([10.0 - 5, 90.0 - 15, 33.0 - 3.5], [10, 30, 7])
    result = difference(tuned, base, seed=1)
    assert [result["loss"], *result["loss_interval"]] == pytest.approx([-0.5] * 3)
    bits = -0.5 / 4 / math.log(2)  # four bytes a token
    assert [result["bits_per_byte"], *result["bits_per_byte_interval"]] == pytest.approx([bits] * 3)


def test_the_interval_is_that_of_all_resamples() -> None:
    # Of two songs one draws each twice or both: -2, -1 and 0 nats per token with chances 1/4, 1/2, 1/4.
    tuned, base = scores([0.0, 10.0], [5, 5]), scores([10.0, 10.0], [5, 5])
    assert difference(tuned, base, seed=1)["loss_interval"] == pytest.approx([-2.0, 0.0])
    # Of five songs only one differs: it is drawn k times with binomial chances; P(k <= 2) = 0.942, P(k <= 3) = 0.993.
    tuned, base = scores([0.0, *[5.0] * 4], [5] * 5), scores([5.0] * 5, [5] * 5)
    assert difference(tuned, base, seed=1)["loss_interval"] == pytest.approx([-3 / 5, 0.0])


def test_the_interval_agrees_with_a_plain_bootstrap_and_covers() -> None:
    rng = np.random.default_rng(0)
    n_covered, n_trials, n_songs = 0, 100, 30
    for trial in range(n_trials):
        tokens = rng.integers(100, 400, n_songs)
        gains = rng.normal(-0.3, 0.2, n_songs)  # nats per token, independent of the song's size: -0.3 in truth
        base = 3.0 * tokens
        low, high = difference(
            scores(list(base + gains * tokens), list(tokens)), scores(list(base), list(tokens)), trial, 500
        )["loss_interval"]
        n_covered += low <= -0.3 <= high
        if trial == 0:
            draws = [rng.integers(0, n_songs, n_songs) for _ in range(500)]
            plain = [sum(gains[i] * tokens[i] for i in draw) / sum(tokens[i] for i in draw) for draw in draws]
            assert [low, high] == pytest.approx(np.percentile(plain, [2.5, 97.5]), abs=0.015)
    assert 87 <= n_covered <= 99  # 0.93 is usual for 30 songs; three standard deviations are 7.7


def test_one_song_has_no_interval_and_other_songs_are_refused() -> None:
    result = difference(scores([1.0], [2]), scores([3.0], [2]), seed=1)
    assert (result["loss"], result["loss_interval"], result["bits_per_byte_interval"]) == (-1.0, None, None)
    with pytest.raises(ValueError, match="not of the same songs"):
        difference(scores([1.0], [2]), scores([3.0], [3]), seed=1)


def test_the_report_is_plain_data_hardest_song_first() -> None:
    tuned, base = scores([10.0, 90.0], [10, 30]), scores([40.0, 60.0], [10, 30])
    report = held_out_report(tuned, base, seed=1)
    assert [(song["title"], song["loss"], song["base_loss"]) for song in report["songs"]] == [("1", 3, 2), ("0", 1, 4)]
    assert set(report["songs"][0]) == {
        *("title", "source", "n_tokens", "n_bytes", "loss", "perplexity", "bits_per_byte", "base_loss")
    }
    assert report["tuned"]["loss"] == report["base"]["loss"] == 2.5
    assert report["difference"]["loss"] == 0
    alone = held_out_report(tuned, None, seed=1)
    assert alone["base"] is alone["difference"] is alone["songs"][0]["base_loss"] is None
