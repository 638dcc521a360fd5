r"""The rule about text that was decoded with the wrong encoding before it was saved: "Donâ€™t" is "Don’t"."""

import re

import ftfy

from lyric_lm.lyrics.encoding import decode

# UTF-8 of two to four bytes, read as Windows-1252 (its five undefined bytes read as they are).
_HIGH = bytes(range(0x80, 0xC0)).decode("sloppy-windows-1252")
_TWICE_ENCODED = re.compile(
    f"[Â-ß][{re.escape(_HIGH)}]|[à-ï][{re.escape(_HIGH)}]{{2}}|[ð-ô][{re.escape(_HIGH)}]{{3}}"
    f"|[ä-é][{re.escape(_HIGH)}](?=\n|$)|Â(?= )|[Â-ß](?=\n|$)"
)


def mojibake(text: str) -> tuple[str, int]:
    r"""Repair text that was decoded with the wrong encoding.

    >>> mojibake("Donâ€™t go, seÃ±or\nÉlan"), mojibake("Ïðèâåò, ìîÿ äîðîãàÿ")[0]
    (('Don’t go, señor\nÉlan', 1), 'Привет, моя дорогая')
    """
    if text.isascii():
        return text, 0
    before = text
    letters = [c for c in text if c.isalpha()]
    if sum("\u00c0" <= c <= "\u00ff" for c in letters) > 0.6 * len(letters):  # no language has so many accents
        text = _as_another_code_page(text)
    for _ in range(4):  # some texts were spoilt twice
        again = _decoded_once(text, is_known_broken=text != before)
        if again == text:
            break
        text = again
    if text == before:
        return text, 0
    return text, sum(a != b for a, b in zip(before.split("\n"), text.split("\n"), strict=False))


def _decoded_once(text: str, is_known_broken: bool) -> str:
    lines = text.split("\n")
    fixed = [line if line.isascii() else ftfy.fix_encoding(line) for line in lines]
    # What ftfy leaves alone because it could be meant is not meant in a text that is broken elsewhere.
    found = [match[0] for match in _TWICE_ENCODED.finditer(text)]
    n_covered, n_strange = sum(map(len, found)), sum(not c.isascii() for c in text)
    is_sure = any(sequence.startswith("â") for sequence in found)  # no word goes on like that: â€™, â„—
    if is_known_broken or is_sure or fixed != lines or (len(found) > 1 and n_covered == n_strange):
        fixed = [line if line.isascii() else _TWICE_ENCODED.sub(_decoded, line) for line in fixed]
    return "\n".join(fixed)


def _as_another_code_page(text: str) -> str:
    """Return Cyrillic, Greek or Hebrew that was read as Windows-1252; the text itself if it is not that."""
    try:
        decoded = decode(text.encode("cp1252"))
    except (UnicodeEncodeError, ValueError):
        return text
    n_letters = sum(c.isalpha() for c in text)
    return decoded if sum("\u00c0" <= c <= "\u024f" for c in decoded) < 0.1 * n_letters else text


def _decoded(match: re.Match[str]) -> str:
    try:
        encoded = match[0].encode("sloppy-windows-1252")
        # A last byte that was a no-break space is gone at a line's end, or has become a plain space.
        is_cut = len(encoded) == 1 or (len(encoded) == 2 and encoded[0] >= 0xE0)
        return (encoded + b"\xa0" * is_cut).decode()
    except UnicodeDecodeError:
        return match[0]
