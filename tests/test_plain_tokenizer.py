"""A tokenizer without transformers encodes and decodes as transformers' own does, or is not taken for it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.data.encoding import END_OF_TEXT, separator_id
from lyric_lm.data.plain_tokenizer import PlainTokenizer, does_no_more
from lyric_lm.lyrics.reading import ALBUM
from tests.memoriser import KINDS, tokenizer_of

TEXTS = [file.read_text(encoding="utf-8") for file in sorted(ALBUM.glob("*.txt"))[:6]]
ODD = [
    "",
    " ",
    "\n\n",
    "girl, you",
    "don't 'stop'",
    "Привет, мир",
    "🎵🎶\ttab",
    f"{END_OF_TEXT} in the text",
    "e\u0301",
]


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, PlainTokenizer]:
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer = tokenizer_of(request.param, TEXTS)
    tokenizer.save_pretrained(folder)
    return tokenizer, PlainTokenizer(folder, tokenizer.eos_token_id)


@settings(deadline=None)
@given(text=st.sampled_from(ODD) | st.text(max_size=40), data=st.data())
def test_a_tokenizer_is_transformers_own(pair: tuple[Any, PlainTokenizer], text: str, data: st.DataObject) -> None:
    tokenizer, plain = pair
    assert does_no_more(tokenizer, plain)
    tokens = tokenizer.get_vocab()
    assert {token: plain.convert_tokens_to_ids(token) for token in tokens} == tokens
    assert {plain.convert_ids_to_tokens(number): number for number in tokens.values()} == tokens
    assert plain.convert_tokens_to_ids("no token") is plain.convert_ids_to_tokens(len(tokenizer)) is None
    assert separator_id(plain) == separator_id(tokenizer)
    ids = plain(text)["input_ids"]
    assert ids == tokenizer(text, add_special_tokens=False)["input_ids"]
    drawn = data.draw(st.lists(st.integers(0, len(tokenizer) - 1), max_size=12))
    for some in (ids, drawn):
        for skips in (False, True):
            assert plain.decode(some, skip_special_tokens=skips) == tokenizer.decode(some, skip_special_tokens=skips)


def test_a_tokenizer_that_does_more_is_not_taken_for_its_library(tmp_path: Path) -> None:
    tokenizer = tokenizer_of("WordPiece", TEXTS)
    tokenizer.save_pretrained(tmp_path)
    plain = PlainTokenizer(tmp_path, tokenizer.eos_token_id)
    assert does_no_more(tokenizer, plain)

    class Lower(type(tokenizer)):  # type: ignore[misc]
        def _decode(self, *given: Any, **how: Any) -> str:
            return str(super()._decode(*given, **how).lower())

    assert not does_no_more(Lower.from_pretrained(tmp_path), plain)
    tokenizer.clean_up_tokenization_spaces = True
    assert not does_no_more(tokenizer, plain)
    tokenizer.clean_up_tokenization_spaces = False
    tokenizer.add_tokens(["girl"])
    assert not does_no_more(tokenizer, plain)
