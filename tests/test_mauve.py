"""MAUVE: the features against hidden states computed one text at a time, the library by a stand-in."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from lyric_lm.errors import InputError
from lyric_lm.evaluation.mauve import MOST_TOKENS, mauve_of, mauve_report, text_features
from lyric_lm.lyrics.reading import ALBUM
from lyric_lm.model.tiny import make_tiny

# More than a batch, of all lengths: none, short, longer than what is read.
TEXTS = ["", "row on", *(file.read_text() for file in sorted(ALBUM.glob("*.txt"))[:17])]


def test_features_are_the_hidden_state_of_the_last_token_of_each_text() -> None:
    network, tokenizer = make_tiny(dropout=0.5)
    features = text_features(network.train(), tokenizer, TEXTS)
    assert network.training  # as it was found
    network.eval()
    assert any(len(text.encode()) > MOST_TOKENS for text in TEXTS)
    for text, row in zip(TEXTS, features, strict=True):
        ids = [0, *tokenizer(text)["input_ids"]][:256]
        with torch.no_grad():
            states = network(torch.tensor([ids]), output_hidden_states=True).hidden_states
        np.testing.assert_allclose(row, states[-1][0, -1].numpy(), atol=1e-5)


def test_a_short_context_is_kept_to() -> None:
    network, tokenizer = make_tiny()
    network.config.max_position_embeddings = 16
    long = text_features(network, tokenizer, ["a" * 15, "a" * 15 + "zz"])
    np.testing.assert_array_equal(long[0], long[1])


def test_without_the_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mauve", None)  # import fails
    network, tokenizer = make_tiny()
    with pytest.raises(InputError, match=r'pip install -e "\.\[mauve\]", or set mauve=false') as caught:
        mauve_of(network, tokenizer, ["a"], ["b"], seed=1)
    assert "\n" not in str(caught.value)


def test_the_library_gets_both_sets_and_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def compute_mauve(**arguments: Any) -> SimpleNamespace:
        given.update(arguments)
        return SimpleNamespace(mauve=np.float64(0.25))

    stand_in = ModuleType("mauve")
    stand_in.compute_mauve = compute_mauve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mauve", stand_in)
    network, tokenizer = make_tiny()
    assert mauve_of(network, tokenizer, TEXTS[:3], TEXTS[3:5], seed=7) == 0.25
    np.testing.assert_array_equal(given.pop("p_features"), text_features(network, tokenizer, TEXTS[:3]))
    np.testing.assert_array_equal(given.pop("q_features"), text_features(network, tokenizer, TEXTS[3:5]))
    assert given == {"seed": 7, "verbose": False}


def test_the_report_sets_equally_many_of_each_set_against_the_held_out_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    network, tokenizer = make_tiny()
    sets = {"samples": TEXTS[:5], "held_out": TEXTS[5:8], "base": None, "train": TEXTS[8:]}
    features = {name: text_features(network, tokenizer, texts) for name, texts in sets.items() if texts}

    def origin(rows: np.ndarray) -> str:
        assert len(np.unique(rows, axis=0)) == len(rows) == 3
        (name,) = (
            name
            for name, known in features.items()
            if all(np.isclose(row, known, atol=1e-5).all(axis=1).any() for row in rows)
        )
        return name

    def compute_mauve(p_features: np.ndarray, q_features: np.ndarray, **_: Any) -> SimpleNamespace:
        assert origin(q_features) == "held_out"
        return SimpleNamespace(mauve={"samples": 0.5, "train": 0.75}[origin(p_features)])

    stand_in = ModuleType("mauve")
    stand_in.compute_mauve = compute_mauve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mauve", stand_in)
    report = mauve_report(network, tokenizer, sets, seed=1)
    assert report.pop("caveat")
    assert report == {"samples": 0.5, "base": None, "train": 0.75, "n": 3}
