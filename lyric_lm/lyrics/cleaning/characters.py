r"""Rules about single characters: what is broken, invisible or disguised becomes what was meant.

Each rule is a function ``text -> (text, count)``. None of them touches a word that is spelled with one alphabet.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
# The zero-width joiners are spelling in Persian, Arabic, Indian and Khmer writing, and hold emoji together.
_JOINER = re.compile("[\u200c\u200d]")
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff\u1800-\u18af\ufb50-\ufdff\ufe70-\ufefc]")
_EMOJI = re.compile("[\u2600-\u27bf\u2190-\u21ff\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t"
_ODD_SPACES = re.compile(rf" ?[{_SPACES}][ {_SPACES}]*|(?<=\S)  [ {_SPACES}]*(?=\S)")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")

_CYRILLIC_TWINS = dict(zip("аеорсухіјѕһԁԛѡкАВЕКМНОРСТУХІЈЅԌ", "aeopcyxijshdqwkABEKMHOPCTYXIJSG", strict=True))
_GREEK_TWINS = dict(zip("οναικρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧϳ", "ovaikpuABEZHIKMNOPTYXj", strict=True))
_OTHER_TWINS = {"ɡ": "g", "ɑ": "a", "օ": "o", "ս": "u", "ո": "n", "հ": "h", "ⅼ": "l", "ꓲ": "I"}
_TO_LATIN = {**_CYRILLIC_TWINS, **_GREEK_TWINS, **_OTHER_TWINS}
_TO_CYRILLIC = {latin: cyrillic for cyrillic, latin in _CYRILLIC_TWINS.items() if latin not in "hdqwG"}
_WORD = re.compile(r"[^\W\d_]+")

_POSING_APOSTROPHE = re.compile(r"(?<=[^\W\d_])[ʼ`´′](?!\w*`)|(?<!\S)[ʼ`´′](?=[^\W\d_])(?![^`]*`)")
_INNER_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’‘ʼ`´′](?=[^\W\d_])")


def line_ends(text: str) -> tuple[str, int]:
    r"""Write every kind of line end as a newline, also where a text has the two characters ``\n`` for it.

    >>> line_ends("Row on\r\nRow home\u2028Row"), line_ends(r"Row on\nRow home\n\nRow\non")
    (('Row on\nRow home\nRow', 2), ('Row on\nRow home\n\nRow\non', 4))
    """
    count = 0
    if text.count("\\n") > max(2, text.count("\n")):
        text, count = re.subn(r"\\r\\n|\\[nr]", "\n", text)
        text = text.replace("\\t", " ").replace('\\"', '"').replace("\\'", "'")
    text, n_ends = _LINE_END.subn("\n", text)
    return text, count + n_ends


def invisible_characters(text: str) -> tuple[str, int]:
    r"""Drop characters that print nothing: zero-width and control characters, soft hyphens, direction marks.

    Joiners stay where they are spelling (Persian, Indian scripts) or hold an emoji together.

    >>> invisible_characters("lo\u200bve\ufeff"), invisible_characters("می\u200cخواهم")[1]
    (('love', 2), 0)
    """

    def is_spelling(match: re.Match[str]) -> bool:
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        joins = _JOINING.match(before) and _JOINING.match(after)
        return bool(joins or (_EMOJI.match(before) and _EMOJI.match(after)))

    if _JOINER.search(text):
        joiners = [match for match in _JOINER.finditer(text) if not is_spelling(match)]
        text_without = "".join(c for i, c in enumerate(text) if i not in {match.start() for match in joiners})
    else:
        joiners, text_without = [], text
    text, n_dropped = _INVISIBLE.subn("", text_without)
    return text, n_dropped + len(joiners)


def odd_spaces(text: str) -> tuple[str, int]:
    r"""Write no-break spaces, thin spaces, tabs and several spaces in a row as one plain space.

    The wide space of Chinese and Japanese stays between their characters.

    >>> odd_spaces("my\u00a0love\u2005song"), odd_spaces("my  love"), odd_spaces("春の\u3000海")[1]
    (('my love song', 2), ('my love', 1), 0)
    """

    def write(match: re.Match[str]) -> str:
        is_wide = match[0] == "\u3000" and _is_wide(text[match.start() - 1 : match.start()])
        return match[0] if is_wide and _is_wide(text[match.end() : match.end() + 1]) else " "

    found = [match for match in _ODD_SPACES.finditer(text) if write(match) != match[0]]
    return (_ODD_SPACES.sub(write, text), len(found)) if found else (text, 0)


def _is_wide(character: str) -> bool:
    return character != "" and unicodedata.east_asian_width(character) in "WF" and character != "\u3000"


def unicode_form(text: str) -> tuple[str, int]:
    r"""Compose letters and their accents (NFC): the same word is always the same bytes.

    >>> unicode_form("cafe\u0301") == ("caf\u00e9", 1)
    True
    """
    composed = unicodedata.normalize("NFC", text)
    return composed, int(composed != text)


def homoglyphs(text: str) -> tuple[str, int]:
    r"""Write letters of another alphabet that pose as Latin ones inside a Latin word as what they pose as.

    And Latin ones inside a Cyrillic word likewise. Words of one alphabet stay, unless they consist of look-alikes
    only and the text has no other word of that alphabet.

    >>> homoglyphs("lov\u0435 me"), homoglyphs("пр\u006fщай")
    (('love me', 1), ('прощай', 1))
    >>> homoglyphs("Прощай, love")
    ('Прощай, love', 0)
    """
    if text.isascii() or not any(c in _TO_LATIN for c in text):
        return text, 0
    found = _WORD.findall(text)
    n_latin = sum(_is_latin(c) for word in found for c in word)
    n_foreign = sum(not _is_latin(c) for word in found for c in word)
    mostly_latin = n_latin > n_foreign
    only_posing = all(c in _TO_LATIN for word in found for c in word if not _is_latin(c))
    count = 0

    def reveal(match: re.Match[str]) -> str:
        nonlocal count
        word = match[0]
        latin = [c for c in word if _is_latin(c)]
        foreign = [c for c in word if not _is_latin(c)]
        if not foreign or not (latin or (mostly_latin and only_posing)):
            return word
        if all(c in _TO_LATIN for c in foreign) and (mostly_latin or any(c not in _TO_CYRILLIC for c in latin)):
            count += len(foreign)
            return "".join(_TO_LATIN.get(c, c) for c in word)
        if all(c in _TO_CYRILLIC for c in latin) and all(_is_cyrillic(c) for c in foreign):
            count += len(latin)
            return "".join(_TO_CYRILLIC.get(c, c) for c in word)
        return word

    return _WORD.sub(reveal, text), count


def _is_latin(character: str) -> bool:
    return character < "\u0250" or "\u1e00" <= character <= "\u1eff"


def _is_cyrillic(character: str) -> bool:
    return "\u0400" <= character <= "\u052f"


def apostrophes(text: str, form: str = "'") -> tuple[str, int]:
    r"""Write a song's apostrophes and quotation marks in one form where straight and curly ones are mixed.

    A lyrics site once alternated them on purpose, as a watermark. A song with one form keeps it.

    >>> apostrophes("don’t go, don't stay, I’m here")
    ("don't go, don't stay, I'm here", 2)
    >>> apostrophes("don’t go, I’m here"), apostrophes("‘Row,’ I said, don't")
    (('don’t go, I’m here', 0), ("‘Row,’ I said, don't", 0))
    """
    count = 0

    def write(match: re.Match[str]) -> str:
        nonlocal count
        count += match[0] != form
        return form

    if _POSING_APOSTROPHE.search(text) and _is_western(text):
        text = _POSING_APOSTROPHE.sub(write, text)
    if "‘" not in text:  # then every curly one is an apostrophe, at a word's edge too
        forms = {c for c in "'’" if c in text}
    else:
        forms = {match[0] for match in _INNER_APOSTROPHE.finditer(text)}
    if len(forms) > 1:
        text = (re.compile("['’]") if "‘" not in text else _INNER_APOSTROPHE).sub(write, text)
    if '"' in text and ("“" in text or "”" in text):
        before = text
        if form == "'":
            text = re.sub("[“”]", '"', text)
        else:
            text = re.sub(r'(?:(?<=\s)|(?<=[(\[—–-])|\A)"', "“", text).replace('"', "”")
        count += sum(a != b for a, b in zip(before, text, strict=True))
    return text, count


def _is_western(text: str) -> bool:
    """Say whether the letters are Latin: the modifier apostrophe is a letter in Ukrainian and others."""
    letters = [c for c in text if c.isalpha()]
    return sum(map(_is_latin, letters)) > 0.9 * len(letters)


def usual_apostrophe(texts: Iterable[str]) -> str:
    """Return the apostrophe that most songs with only one form use; the straight one if that is undecided.

    >>> usual_apostrophe(["don’t", "I’m", "can't", "it's and it’s"]), usual_apostrophe(["la"])
    ('’', "'")
    """
    counts: Counter[str] = Counter()
    for text in texts:
        forms = {match[0] for match in _INNER_APOSTROPHE.finditer(text)} & {"'", "’"}
        if len(forms) == 1:
            counts.update(forms)
    return "’" if counts["’"] > counts["'"] else "'"
