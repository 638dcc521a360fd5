"""How songs are drawn, as the user says it; checked before anything heavy is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from lyric_lm.errors import InputError
from lyric_lm.originality.hashes import check_allowed


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen; names and meanings are those of transformers' ``generate``.

    ``temperature`` 0 always takes the likeliest token; ``top_k`` 0, ``top_p`` 1 or None, and ``min_p`` None
    or 0 choose among all; ``repetition_penalty`` 1 is none. ``originality`` is ours: the most words in a row that may
    be a training song's; None: any number.

    Raises:
        InputError: a value is out of range.
    """

    max_new_tokens: int
    temperature: float
    top_k: int | None
    top_p: float | None
    min_p: float | None
    repetition_penalty: float
    originality: int | None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Take the values of these names out of settings; one that is not there is None."""
        values: dict[str, Any] = {field.name: settings.get(field.name) for field in fields(cls)}
        return cls(**values)

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and "None" in str(field.type):
                continue
            kinds = (int,) if "int" in str(field.type) else (int, float)
            if not isinstance(value, kinds) or isinstance(value, bool):
                what = "a whole number" if kinds == (int,) else "a number"
                raise InputError(f"{field.name}={value} cannot work; it must be {what}")
        allowed = {
            "max_new_tokens": (self.max_new_tokens >= 1, "at least 1"),
            "temperature": (self.temperature >= 0, "0 or more"),
            "top_k": (self.top_k is None or self.top_k >= 0, "0 (all tokens) or more"),
            "top_p": (self.top_p is None or 0 < self.top_p <= 1, "above 0 and at most 1"),
            "min_p": (self.min_p is None or 0 <= self.min_p <= 1, "from 0 to 1"),
            "repetition_penalty": (self.repetition_penalty > 0, "above 0; 1 is none"),
        }
        for key, (is_allowed, what) in allowed.items():
            if not is_allowed:
                raise InputError(f"{key}={getattr(self, key)} cannot work; it must be {what}")
        if self.originality is not None:
            check_allowed(self.originality)
