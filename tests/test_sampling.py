"""Sampling: the seed decides, neighbours in the batch change nothing, and songs end where the model ends them."""

import re
from typing import Any

import pytest
import torch
from torch import Tensor

from lyric_lm.decoding.choice import decoder_for
from lyric_lm.decoding.forward import ForwardDecoder
from lyric_lm.errors import InputError
from lyric_lm.model.tiny import make_tiny
from lyric_lm.sampling import MAX_BATCH, Sample, Wanted, write_each, write_songs
from tests.sharp_model import PROMPT, SEPARATOR, Model, choice, decide, sharp, write


@pytest.fixture(scope="module")
def model() -> Model:
    return sharp()


# Seeds and batches


def test_same_seed_same_text(model: Model) -> None:
    torch.manual_seed(1)
    first = write(model, PROMPT, [1, 2, 3])
    torch.manual_seed(2)  # the global generator plays no part
    assert write(model, PROMPT, [1, 2, 3]) == first
    assert len({sample.text for sample in first}) == 3
    assert [sample.seed for sample in first] == [1, 2, 3]
    assert all(sample.prompt == PROMPT and sample.text.startswith(PROMPT) for sample in first)


def test_the_global_random_state_is_left_alone(model: Model) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    write(model, PROMPT, [1])
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_neighbours_in_the_batch_change_nothing(model: Model, precision: str) -> None:
    seeds = list(range(MAX_BATCH + 3))  # more than at a time
    together = write(model, PROMPT, seeds, precision)
    assert together == [write(model, PROMPT, [seed], precision)[0] for seed in seeds]


@pytest.mark.parametrize("way", ["float32", "auto", "transformers"])
def test_songs_of_other_prompts_and_settings_are_neighbours_too(model: Model, way: str) -> None:
    wanted = [
        *(Wanted(prompt, seed, choice(max_new_tokens=n)) for prompt, n in (("Row", 30), ("", 9)) for seed in (1, 2)),
        Wanted("Row on, row home", 1, choice(temperature=0.5, top_k=5)),
        *(Wanted(prompt, 3, choice(max_new_tokens=20)) for prompt in ("Low", "Row ", "Row on, row home")),
    ]
    decoder = ForwardDecoder(model[0]) if way == "transformers" else decoder_for(model[0], way)
    together = list(write_each(*model, wanted, batch_size=3, decoder=decoder))
    assert [(sample.prompt, sample.seed) for sample in together] == [(w.prompt.rstrip(), w.seed) for w in wanted]
    alone = [write_songs(*model, w.prompt, [w.seed], w.sampling, decoder=decoder) for w in wanted]
    assert together == [sample for (sample,) in alone]


def test_the_training_mode_is_restored_and_dropout_is_off() -> None:
    network, tokenizer = make_tiny(dropout=0.5)
    quiet = write((network.eval(), tokenizer), PROMPT, [1])
    assert not network.training
    assert write((network.train(), tokenizer), PROMPT, [1]) == quiet
    assert network.training


def test_the_training_mode_is_restored_after_a_failure() -> None:
    network, tokenizer = make_tiny()

    def fail(last: Tensor, n: int, logits: Tensor) -> None:
        raise RuntimeError("out of order")

    decide(network.train(), fail)
    with pytest.raises(RuntimeError, match="out of order"):
        write((network, tokenizer), PROMPT, [1])
    assert network.training


# Endings


def test_a_song_ends_with_the_separator() -> None:
    network, tokenizer = sharp()
    n_prompt = 2 + len(PROMPT)  # a separator and a line end first

    def after_five(last: Tensor, n: int, logits: Tensor) -> None:
        logits[:, SEPARATOR] = 1e4 if n == n_prompt + 5 else -1e4

    decide(network, after_five)
    (sample,) = write((network, tokenizer), PROMPT, [1], top_k=10)
    (cut,) = write((network, tokenizer), PROMPT, [1], top_k=10, max_new_tokens=5)
    assert sample.ended
    assert not cut.ended
    assert sample.text == cut.text
    assert "<|endoftext|>" not in sample.text


def test_a_song_may_end_at_once() -> None:
    network, tokenizer = make_tiny()
    decide(network, lambda last, n, logits: logits[:, SEPARATOR].fill_(1e4))
    pieces: list[str] = []
    (sample,) = write_songs(network, tokenizer, PROMPT, [1], choice(), on_text=pieces.append)
    assert sample == Sample(PROMPT, PROMPT, True, 1)
    assert "".join(pieces) == PROMPT


def test_finished_songs_leave_the_batch_and_the_others_go_on() -> None:
    network, tokenizer = sharp()

    def ends_after_some(last: Tensor, n: int, logits: Tensor) -> None:
        logits[:, SEPARATOR] = torch.where(last % 32 == 3, 1e4, -1e4)

    n_rows = decide(network, ends_after_some)
    together = write((network, tokenizer), "Row", list(range(12)), max_new_tokens=40)
    assert n_rows[0] == 12
    assert n_rows == sorted(n_rows, reverse=True)
    assert len(set(n_rows)) > 4
    assert {sample.ended for sample in together} == {True, False}
    assert together == [write((network, tokenizer), "Row", [seed], max_new_tokens=40)[0] for seed in range(12)]


# Refusals


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("max_new_tokens", 0, "at least 1"),
        ("max_new_tokens", 2.5, "a whole number"),
        ("max_new_tokens", None, "a whole number"),
        ("temperature", -0.1, "0 or more"),
        ("temperature", float("nan"), "0 or more"),
        ("temperature", "hot", "a number"),
        ("temperature", None, "a number"),
        ("top_k", -1, "0 (all tokens) or more"),
        ("top_k", 1.5, "a whole number"),
        ("top_p", 0, "above 0 and at most 1"),
        ("top_p", 1.1, "above 0 and at most 1"),
        ("min_p", -0.1, "from 0 to 1"),
        ("min_p", 1.1, "from 0 to 1"),
        ("repetition_penalty", 0, "above 0; 1 is none"),
        ("repetition_penalty", True, "a number"),
    ],
)
def test_values_out_of_range_are_refused(key: str, value: Any, what: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"{key}={value} cannot work; it must be {what}")):
        choice(**{key: value})


def test_more_tokens_than_the_context_are_refused(model: Model) -> None:
    with pytest.raises(InputError, match=re.escape("max_new_tokens=1019 exceed the model's context of 1024; "
                                                   "set max_new_tokens <= 1018 or shorten the prompt")):  # fmt: skip
        write(model, "girl", [1], max_new_tokens=1019)
    assert len(write(model, "a" * 1000, [1], max_new_tokens=22, temperature=0)[0].text) > 1000  # 1002 + 22 = 1024
    with pytest.raises(InputError, match="shorten the prompt"):
        write(model, "a" * 1000, [1], max_new_tokens=23)
    with pytest.raises(InputError, match=r"prompt=aaa.* leaves no room"):
        write(model, "a" * 1024, [1])
