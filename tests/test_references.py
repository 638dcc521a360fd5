"""What the project is measured against computes what it says: nanoGPT's model, the padding, the judge, the clock."""

import time

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

from benchmarks.references import hf_trainer, nanogpt
from benchmarks.references.songs import Judge, Songs, loss_of_songs, windows
from benchmarks.throughput import Laps
from benchmarks.time_to_quality import compared

SONGS = [[0, 5, 9, 6, 0], [0, 7, 7, 8, 9, 5, 4, 0], [0, 3, 0]]


@pytest.fixture
def network() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    config = GPT2Config(
        **{"vocab_size": 64, "n_positions": 32, "n_embd": 16, "n_layer": 2, "n_head": 2, "activation_function": "gelu"},
        **{"attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0, "bos_token_id": 0, "eos_token_id": 0},
    )
    return GPT2LMHeadModel(config).eval()


def songs_of(train: list[list[int]], val: list[list[int]]) -> Songs:
    return Songs(None, None, train, val, separator=0)  # type: ignore[arg-type]


def test_nanogpt_is_gpt2_with_the_exact_gelu(network: GPT2LMHeadModel) -> None:
    gpt = nanogpt.GPT(vocabulary=64, block_size=32, width=16, n_heads=2, n_layers=2)
    names = {
        **{"attn.c_attn": "attention.query_key_value", "attn.c_proj": "attention.out"},
        **{"mlp.c_fc": "wide", "mlp.c_proj": "narrow", "ln_1": "norm_1", "ln_2": "norm_2"},
    }
    weights = {"tokens.weight": "wte.weight", "positions.weight": "wpe.weight"}
    weights |= {f"norm.{kind}": f"ln_f.{kind}" for kind in ("weight", "bias")}
    for layer in range(2):
        for theirs, ours in names.items():
            for kind in ("weight", "bias"):
                weights[f"blocks.{layer}.{ours}.{kind}"] = f"h.{layer}.{theirs}.{kind}"
    given = network.transformer.state_dict()
    is_turned = ("c_attn.weight", "c_proj.weight", "c_fc.weight")  # transformers' Conv1D lies the other way
    gpt.load_state_dict(
        {ours: given[name].T if name.endswith(is_turned) else given[name] for ours, name in weights.items()}
    )
    ids = torch.randint(0, 64, (2, 32))
    torch.testing.assert_close(gpt(ids), network(input_ids=ids).logits, rtol=1e-4, atol=1e-5)


def test_crops_are_neighbours_in_the_stream() -> None:
    tokens = torch.arange(100)
    ids, following = nanogpt.crop(tokens, 4, 8, torch.Generator().manual_seed(0))
    assert ids.shape == following.shape == (4, 8)
    assert torch.equal(following, ids + 1)
    assert len(set(ids[:, 0].tolist())) > 1


def test_nanogpt_learns_and_stops_after_its_epochs(network: GPT2LMHeadModel) -> None:
    songs = songs_of(SONGS * 20, SONGS)
    before = loss_of_songs(network, songs_of([], SONGS))
    laps = Laps(1, 10_000)
    recipe = nanogpt.Recipe(1e-2, batch_size=2, block_size=8, accumulation=2, steps=None, epochs=4, decays=True)
    nanogpt.fit(network, songs, laps, 1, recipe)
    n_tokens = sum(len(ids) - 1 for ids in SONGS) * 20 + 1
    assert laps.n_batches == 2 * round(4 * n_tokens / 32)
    assert loss_of_songs(network.eval(), songs_of([], SONGS)) < before - 1


@pytest.mark.parametrize("is_wide", [True, False])
def test_hf_trainer_scores_every_token_of_a_song_but_its_first(network: GPT2LMHeadModel, is_wide: bool) -> None:
    rows = [{"input_ids": ids} for ids in SONGS]
    batch = hf_trainer.collator(0, 16 if is_wide else None)(rows)
    assert batch["input_ids"].shape == (3, 16 if is_wide else 8)
    loss = network(**batch).loss
    torch.testing.assert_close(float(loss.detach()), loss_of_songs(network, songs_of([], SONGS)), rtol=1e-5, atol=0)


def test_hf_trainer_reports_steps_and_scored_tokens(network: GPT2LMHeadModel) -> None:
    laps = Laps(0, 10_000)
    how = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 3, "num_train_epochs": 2}
    hf_trainer.fit(network, songs_of(SONGS, SONGS), laps, 1, is_wide=False, learning_rate=0.0, **how)
    assert laps.n_batches == 6
    assert laps.n_scored == 2 * sum(len(ids) - 1 for ids in SONGS)


@pytest.mark.parametrize("line_end", [[], [9, 8]])
def test_the_judge_scores_each_song_alone(network: GPT2LMHeadModel, line_end: list[int]) -> None:
    nats = 0.0
    for ids in SONGS:
        for end in range(1, len(ids)):  # token by token, from the tokens before it
            before = [*ids[:1], *line_end, *ids[1:end]]
            logits = network(input_ids=torch.tensor([before])).logits[0, -1:]
            nats += float(cross_entropy(logits, torch.tensor(ids[end : end + 1])).detach())
    expected = nats / sum(len(ids) - 1 for ids in SONGS)
    assert loss_of_songs(network, songs_of([], SONGS), line_end) == pytest.approx(expected, rel=1e-5)


def test_windows_score_every_token_once() -> None:
    ids = list(range(50))
    assert [token for window in windows(ids, 8) for token in window[1:]] == ids[1:]


def test_the_judges_clock_stands_while_it_measures(network: GPT2LMHeadModel, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def slow_loss(network: object, songs: object, line_end: object) -> float:
        now[0] += 100.0
        return 1.0

    monkeypatch.setattr("benchmarks.references.songs.loss_of_songs", slow_loss)
    judge = Judge(network, songs_of(SONGS, SONGS), limit=7.0, growth=0.5, least=2.0)
    judge.begin()
    is_over = []
    for _ in range(7):
        now[0] += 1.0
        is_over.append(judge.after_batch(network, 10, is_step=True))
    assert judge.finish(network) == [(0.0, 0, 1.0), (2.0, 2, 1.0), (4.0, 4, 1.0), (6.0, 6, 1.0), (7.0, 7, 1.0)]
    assert is_over == [False] * 6 + [True]


def test_times_are_compared_at_the_references_own_best() -> None:
    curves = {
        "A": [(0.0, 0, 4.0), (50.0, 2, 3.8), (100.0, 4, 3.9)],
        "B": [(0.0, 0, 4.0), (60.0, 2, 3.0)],
        "ours": [(0.0, 0, 4.0), (5.0, 1, 3.7), (20.0, 3, 3.1)],
    }
    runs = {name: {"artist": "Somebody", "curve": curve, "is_cut": name == "A"} for name, curve in curves.items()}
    rows = {row["contender"][0]: row for row in compared({"1": runs})}
    assert rows["A"]["ours as good, sooner by"].startswith("15.0 ")  # 50 s against two thirds of 5 s
    assert rows["A"]["after seconds"].endswith("(cut off)")
    assert rows["B"]["ours as good, sooner by"] == "never as good"
    assert rows["l"]["best loss"].startswith("3.100")
