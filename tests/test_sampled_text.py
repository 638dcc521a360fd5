"""The text of a song as it is written: pieces of whole letters that join to it, and the prompt as it was given."""

import pytest
from torch import Tensor

from lyric_lm.model.tiny import make_tiny
from lyric_lm.sampling import write_songs
from tests.sharp_model import PROMPT, SEPARATOR, Model, choice, decide, sharp, write


@pytest.fixture(scope="module")
def model() -> Model:
    return sharp()


def scripted(text: str) -> Model:
    """A model that writes one text and ends; every byte is a token."""
    network, tokenizer = make_tiny()
    script = [*tokenizer(text)["input_ids"], SEPARATOR]

    def follow(last: Tensor, n: int, logits: Tensor) -> None:
        logits[:, script[n - 2]] = 1e4  # the first token has the separator and a line end before it

    decide(network, follow)
    return network, tokenizer


LETTERS = "café, Привет,\nмир 🎵🎶 — ok"


@pytest.mark.parametrize("n_prompt", [0, 3, 4, 9])
def test_pieces_are_whole_letters_and_join_to_the_text(n_prompt: int) -> None:
    pieces: list[str] = []
    song = write_songs(*scripted(LETTERS), LETTERS[:n_prompt], [1], choice(max_new_tokens=100), on_text=pieces.append)
    (sample,) = song
    assert sample.text == LETTERS
    assert sample.ended
    assert "".join(pieces) == LETTERS
    assert "🎵" in pieces
    assert not any("\ufffd" in piece for piece in pieces)


@pytest.mark.parametrize("max_new_tokens", range(1, len(LETTERS.encode()) + 1))
def test_pieces_join_to_the_text_wherever_it_is_cut(max_new_tokens: int) -> None:
    pieces: list[str] = []
    (sample,) = write_songs(*scripted(LETTERS), "", [1], choice(max_new_tokens=max_new_tokens), on_text=pieces.append)
    assert "".join(pieces) == sample.text
    assert sample.text == LETTERS.encode()[:max_new_tokens].decode(errors="replace")
    assert not sample.ended


def test_pieces_of_noise_join_to_the_text(model: Model) -> None:
    for seed in range(5):
        pieces: list[str] = []
        (sample,) = write_songs(*model, PROMPT, [seed], choice(max_new_tokens=40), on_text=pieces.append)
        assert "".join(pieces) == sample.text


@pytest.mark.parametrize("prompt", ["girl, you", "don't", "Ünï", "two\nlines\n"])
def test_a_prompt_stays_as_it_is(model: Model, prompt: str) -> None:
    (sample,) = write(model, prompt, [1])
    assert sample.prompt == prompt
    assert sample.text.startswith(prompt)


def test_a_trailing_space_is_left_away(model: Model) -> None:
    assert write(model, "girl ", [1]) == write(model, "girl", [1])
    assert write(model, "  ", [1]) == write(model, "", [1])
