r"""Find the code page of a text from before Unicode.

What goes in is bytes that are not UTF-8; what comes out is text. A detector (chardet) knows how letters
follow each other in fifty languages, and is right where there are enough letters to see it. English with
three accents and a few curly quotes has not: there the characters themselves are looked at, whether each
stands where such a character can stand. ``caf\x8e`` is "café" from a Mac, and not "cafŽ".
"""

import codecs
import re

import chardet
from chardet.enums import EncodingEra

_ERAS = EncodingEra.MODERN_WEB | EncodingEra.LEGACY_ISO | EncodingEra.LEGACY_REGIONAL
_OLD_ERAS = _ERAS | EncodingEra.LEGACY_MAC | EncodingEra.DOS
_WESTERN = ("cp1252", "mac-roman", "cp850")  # in this order where the text does not tell
# What people's programs wrote is the larger set, whatever its label says.
_LARGER = {
    **{"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"},
    **{"shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs"},
}
_SAMPLE = 50_000  # bytes
_ENOUGH_LETTERS, _ENOUGH_DIFFERENT = 6, 3  # accented letters that a detector can judge by
_ODD_SHARE = 0.1  # a right reading has a few oddities: typing errors, wReStLeD cApItAlS

_LETTER = "[^\\W\\d_]"
_ODD = re.compile(
    "|".join(
        (
            "[\u0080-\u009f\ufffd\ue000-\uf8ff]",  # controls, and gaps in the code page
            "[‡ˆ¤¦¨¬¯¸ƒˇ˘˙˛˝∂∑∏π∫Ω√≈∆◊\u2190-\u25ff\ufb01\ufb02]",  # hardly ever sung: accents alone, sums, boxes
            f"(?<={_LETTER})[‘¿¡•‚„§](?={_LETTER}|\\s|$)|[¿¡](?![\\w\"'“‘])",  # opening, but at a word's end
            f"(?<={_LETTER})[“”«»‹›†™‰¢-©¬-µ¶·º»¼½¾÷×±˜](?={_LETTER})",  # inside a word
            f"[¹²³](?={_LETTER})|(?<={_LETTER})[¶±¹³¼¾]",  # at its beginning or its end
            f"(?<!{_LETTER})[ÐÑÒÕÙÛÜÝÞÃËÏÎÌ](?!{_LETTER})|Ÿ(?=[a-z])",  # capitals that are no word, or begin none
        )
    )
)
_WORD = re.compile(f"{_LETTER}+")


def decode_legacy(data: bytes) -> str:
    r"""Decode bytes of an unknown code page; what does not fit it becomes U+FFFD.

    >>> decode_legacy(b"I don\x92t know the caf\xe9\x85"), decode_legacy(b"I don\xd5t know the caf\x8e")
    ('I don’t know the café…', 'I don’t know the café')
    >>> decode_legacy("Буря мглою небо кроет".encode("koi8-r"))
    'Буря мглою небо кроет'
    """
    return data.decode(code_page(data), errors="replace")


def code_page(data: bytes) -> str:
    r"""Name the code page of bytes that are not UTF-8.

    >>> code_page(b"caf\xe9"), code_page(b"caf\x8e"), code_page(b"caf\x82")
    ('cp1252', 'mac-roman', 'cp850')
    """
    sample = telling_lines(data)
    guess, old_guess = _detected(sample, _ERAS), _detected(sample, _OLD_ERAS)
    western = _WESTERN if b"\r" not in data or b"\n" in data else ("mac-roman", "cp1252", "cp850")  # a Mac's line ends
    accented = re.findall(f"(?![A-Za-z]){_LETTER}", sample.decode("cp1252", errors="replace"))
    is_telling = len(accented) >= _ENOUGH_LETTERS and len(set(accented)) >= _ENOUGH_DIFFERENT
    if is_telling:
        best = min((guess, old_guess), key=lambda page: _oddness(sample, page))
        if _oddness(sample, best) <= _ODD_SHARE:
            return best
    return min((*western, guess, old_guess), key=lambda page: _oddness(sample, page))


def telling_lines(data: bytes) -> bytes:
    """Collect the lines that hold bytes beyond ASCII, up to a sample's size."""
    parts: list[bytes] = []
    size = end = 0
    for match in re.finditer(rb"[\x80-\xff]", data):
        if match.start() < end:
            continue
        start = max(data.rfind(b"\n", end, match.start()) + 1, end, match.start() - 1000)
        stop = data.find(b"\n", match.start(), match.start() + 1000)
        end = stop + 1 if stop >= 0 else match.start() + 1000
        parts.append(data[start:end])
        size += end - start
        if size > _SAMPLE:
            break
    return b"".join(parts)


def _detected(sample: bytes, eras: EncodingEra) -> str:
    answer = chardet.detect(sample, encoding_era=eras, compat_names=False)
    name = codecs.lookup(answer["encoding"] or "cp1252").name
    return _LARGER.get(name, name)


def _oddness(sample: bytes, page: str) -> float:
    """Return the share of a sample's characters beyond ASCII that cannot stand where this code page puts them."""
    text = sample.decode(page, errors="replace")
    n_beyond = sum(not c.isascii() for c in text)
    n_odd = len(_ODD.findall(text))
    for word in _WORD.findall(text):
        if not word.isascii():
            n_odd += _n_odd_letters(word, page in _WESTERN)
    return n_odd / max(n_beyond, 1)


def _n_odd_letters(word: str, is_western: bool) -> int:
    """Count letters that do not fit the word: capitals after small letters, another script, all accents.

    >>> _n_odd_letters("cafŽ", True), _n_odd_letters("donÕt", True), _n_odd_letters("Élan", True)
    (1, 1, 0)
    >>> _n_odd_letters("ïîìíþ", True), _n_odd_letters("meня", False), _n_odd_letters("меня", False)
    (5, 2, 0)
    """
    beyond = [i for i, c in enumerate(word) if not c.isascii()]
    if is_western and len(beyond) > 3 and len(beyond) > len(word) / 2:
        return len(beyond)
    n_odd = sum(word[i].isupper() and any(c.islower() for c in word[max(i - 2, 0) : i]) for i in beyond)
    if len(beyond) < len(word) and any(ord(word[i]) > 0x24F for i in beyond):
        n_odd += len([i for i in beyond if ord(word[i]) > 0x24F])  # not a Latin letter, beside one that is
    return n_odd
