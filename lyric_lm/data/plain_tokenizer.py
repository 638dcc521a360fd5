"""What writing songs asks of a tokenizer, without transformers: by the library that its own tokenizers are made of."""

from pathlib import Path
from typing import TYPE_CHECKING, Union

from tokenizers import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

FILE = "tokenizer.json"


class PlainTokenizer:
    """The tokenizer of a model folder.

    Args:
        folder: has a ``tokenizer.json``.
        eos_token_id: the id of its end-of-text token.
    """

    def __init__(self, folder: Path, eos_token_id: int | None):
        self.backend = Tokenizer.from_file(str(folder / FILE))
        self.backend.no_truncation()
        self.backend.no_padding()
        self.eos_token_id = eos_token_id

    def convert_tokens_to_ids(self, token: str) -> int | None:
        """Return the id of a token; None: there is none."""
        found: int | None = self.backend.token_to_id(token)
        return found

    def convert_ids_to_tokens(self, token: int) -> str | None:
        """Return the token of an id; None: there is none."""
        found: str | None = self.backend.id_to_token(token)
        return found

    def __call__(self, text: str, add_special_tokens: bool = False, verbose: bool = False) -> dict[str, list[int]]:
        """Return the ids of a text, as ``input_ids``."""
        return {"input_ids": self.backend.encode(text, add_special_tokens=add_special_tokens).ids}

    def decode(self, ids: list[int], skip_special_tokens: bool = False) -> str:
        """Return the text of ids."""
        return str(self.backend.decode(ids, skip_special_tokens=skip_special_tokens))


AnyTokenizer = Union["PreTrainedTokenizerBase", PlainTokenizer]


def does_no_more(tokenizer: "PreTrainedTokenizerBase", plain: PlainTokenizer) -> bool:
    """Tell whether a tokenizer of transformers does nothing beyond its library, and has read the same."""
    from transformers import PreTrainedTokenizerFast as Fast

    methods = ("__call__", "_encode_plus", "decode", "_decode")
    return (
        isinstance(tokenizer, Fast)
        and all(getattr(type(tokenizer), name) is getattr(Fast, name) for name in methods)
        and not tokenizer.clean_up_tokenization_spaces
        and tokenizer.eos_token_id == plain.eos_token_id
        and tokenizer.backend_tokenizer.to_str() == plain.backend.to_str()
    )
