r"""Read JSON of any layout, whole or damaged: one value, one a line, or one after another.

A file's text goes in; its top-level values come out, and a line for each place where it is broken. Numbers stay
text, as they are written: a title may be 1999. Of a value that is cut or broken, the parts that are whole are kept;
an object that was open there loses its lyrics, because they may be half a song.
"""

import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

from lyric_lm.lyrics.formats.keys import fields

_DEEPEST = 100  # no file of songs nests deeper
_MOST_LOOKS = 1000  # objects looked at for one that begins like those before it
_MOST_PROBLEMS = 20
_SLACK = 10_000_000  # characters read in vain, beyond twenty times the file, after which reading stops

# Line ends inside strings are let pass: hand-made files have them.
_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=lambda _: None)
_COMMA = re.compile(r"[\s\x1e,]*")  # \x1e leads the records of application/json-seq
_COLON = re.compile(r"\s*:\s*")
_NEXT_OBJECT = re.compile(r'[}\]]\s*,?\s*(?=\{\s*"([^"\\\n]{1,200})"\s*:)')
_BEGINS_LIKE_JSON = re.compile(r'\s*(?:\{\s*(?:"(?:[^"\\\n]|\\.)*+"\s*:|\}\s*$)|\[\s*(?:[\[\s]*+\{\s*"|\]\s*$))')

Values = tuple[list[Any], list[str]]


def is_json(text: str) -> bool:
    r"""Say whether a text is JSON, though it may be broken further on. ``[Verse 1]`` and ``{Chorus}`` are not.

    >>> is_json('{"lyrics": "Row'), is_json('[{"lyrics": "Row"}]'), is_json('["Row on\\nrow home"]')
    (True, True, True)
    >>> is_json("[Verse 1]\nRow on"), is_json("{Chorus}"), is_json('{"Chorus"}'), is_json("[1] Row on")
    (False, False, False, False)
    """
    if _BEGINS_LIKE_JSON.match(text):
        return True
    return text.lstrip().startswith('["') and text.rstrip().endswith("]") and not read_json(text)[1]


def read_json(text: str) -> Values:
    r"""Return the values of a JSON file, and what is wrong with it.

    >>> read_json('{"a": 1}\n{"a": [2]}\n')
    ([{'a': '1'}, {'a': ['2']}], [])
    >>> read_json('{"a": 1}\n{"a":\n{"a": 3}\n')
    ([{'a': '1'}, {'a': '3'}], ['line 2 is not JSON: Expecting value'])
    >>> read_json('{"songs": [{"lyrics": "Row"}, {"title": "Tea", "lyrics": "Te')
    ([{'songs': [{'lyrics': 'Row'}, {'title': 'Tea'}]}], ['broken JSON on line 1: Unterminated string'])
    """
    try:
        return [_DECODER.decode(text)], []
    except (ValueError, RecursionError):
        pass
    return _read_lines(text) if _is_one_a_line(text) else _read_broken(text)


def _is_one_a_line(text: str) -> bool:
    """Say whether most lines, of the first hundred, begin and end as a value does, and the first is one."""
    lines = [line.strip() for line in text[:1_000_000].split("\n")][:100]
    lines = [line for line in lines if line]
    n_whole = sum(line[0] + line[-1] in ("{}", "[]") for line in lines)
    return n_whole > 1 and 2 * n_whole >= len(lines)


def _read_lines(text: str) -> Values:
    values: list[Any] = []
    problems: list[str] = []
    n_broken = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip(" \t\x1e,"):
            continue
        try:
            values.append(_DECODER.decode(line.strip(" \t\x1e,")))
        except (ValueError, RecursionError) as error:
            n_broken += 1
            if n_broken <= _MOST_PROBLEMS:
                problems.append(f"line {number} is not JSON: {_why(error)}")
    if n_broken > _MOST_PROBLEMS:
        problems.append(f"{n_broken - _MOST_PROBLEMS} more lines are not JSON")
    return values, problems


def _read_broken(text: str) -> Values:
    """Read values one by one, step into the one that cannot be read whole, and go on behind what is broken."""
    stack: list[_Open] = [_Open([])]  # the file itself is a list that never ends
    problems: list[str] = []
    at, work, n_broken = 0, 0, 0
    while (at := _skipped(_COMMA, text, at)) < len(text) and work < 20 * len(text) + _SLACK:
        top = stack[-1]
        if len(stack) > 1 and text[at] == ("]" if isinstance(top.value, list) else "}"):
            stack.pop()
            at += 1
            continue
        value_at = -1
        try:
            if isinstance(top.value, dict):
                if not text.startswith('"', at):
                    raise json.JSONDecodeError("Expecting a key in quotes", text, at)
                top.key, at = _DECODER.raw_decode(text, at)
                at = _skipped(_COLON, text, at)
            value_at = at
            value, at = _DECODER.raw_decode(text, at)
            top.put(value)
            continue
        except (ValueError, RecursionError) as error:
            broken_at, why = getattr(error, "pos", at), _why(error)
            # An open string was looked for to the end; and every error counts the lines before it, if quickly.
            work += (len(text) if "Unterminated" in why else broken_at + 1000) - at + broken_at // 10
        if value_at >= 0 and text[at : at + 1] in ("[", "{") and len(stack) <= _DEEPEST:
            stack.append(_Open([] if text[at] == "[" else {}))
            top.put(stack[-1].value)
            at += 1
            continue
        n_broken += 1
        if n_broken <= _MOST_PROBLEMS:
            problems.append(f"broken JSON on line {_line_number(text, broken_at)}: {why}")
        at = _resumed(text, broken_at, stack)
    if n_broken > _MOST_PROBLEMS:
        problems.append(f"{n_broken - _MOST_PROBLEMS} more broken places")
    if at < len(text):
        problems.append(f"too much is broken; nothing from line {_line_number(text, at)} on was read")
    elif len(stack) > 1 and not problems:
        problems.append(f"broken JSON on line {_line_number(text, at)}: it ends before its last bracket")
    for left_open in stack:
        left_open.drop_lyrics()
    return list(stack[0].value), problems


@dataclass
class _Open:
    """A list or an object whose end has not been reached, and the key of the value to come."""

    value: list[Any] | dict[str, Any]
    key: str = ""

    def put(self, value: Any) -> None:
        """Add a value; more may be put into it later."""
        if isinstance(self.value, dict):
            self.value[self.key] = value
        else:
            self.value.append(value)

    def drop_lyrics(self) -> None:
        """Take out the lyrics of an object that is not whole."""
        if isinstance(self.value, dict):
            for name in fields(self.value)["lyrics"]:
                value = self.value[name]
                if not isinstance(value, dict) and not (
                    isinstance(value, list) and any(isinstance(v, dict) for v in value)
                ):
                    del self.value[name]

    def holds_such(self, key: str) -> bool:
        """Say whether the last object of a list begins with this key."""
        last = self.value[-1] if isinstance(self.value, list) and self.value else None
        return isinstance(last, dict) and next(iter(last), None) == key


def _resumed(text: str, broken_at: int, stack: list[_Open]) -> int:
    """Close what is broken, and return where the next object of a list that is still open begins."""
    levels = [n for n, level in enumerate(stack) if isinstance(level.value, list)]
    first = None
    for match in itertools.islice(_NEXT_OBJECT.finditer(text, broken_at), _MOST_LOOKS):
        first = first or (match.end(), levels[-1])
        home = next((n for n in reversed(levels) if stack[n].holds_such(match[1])), None)
        if home is not None:
            first = (match.end(), home)
            break
    at, home = first or (len(text), len(stack) - 1)
    while len(stack) > home + 1:
        stack.pop().drop_lyrics()
    return at


def _skipped(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _line_number(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg.removesuffix(" starting at")
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
