r"""Turn a file's bytes into text, whatever wrote them: Unicode in all its forms, else a legacy code page.

What goes in is the content of one file; what comes out is its text with ``\n`` line ends and no byte order
mark. A text that was decoded wrongly before it was saved (mojibake) is left as it is: that is for cleaning.
"""

import codecs
import re
import unicodedata

from lyric_lm.lyrics.code_pages import decode_legacy, telling_lines

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_PADDING = b" \t\r\n\x0b\x0c\x1a\0"  # \x1a ended files under DOS, NULs are what a crash leaves
_CONTROL = bytes(byte for byte in range(1, 32) if byte not in b"\t\n\x0b\x0c\r\x1a\x1b")
_SAMPLE = 1 << 16


def decode(data: bytes) -> str:
    r"""Return the text of a file.

    >>> decode("Né\r\non".encode("utf-16")), decode(b"na\xefve\r"), decode("Né\n".encode("utf-16-be"))
    ('Né\non', 'naïve\n', 'Né\n')
    >>> decode("a café, a ".encode() + b"caf\xe9")  # UTF-8 but for one byte
    'a café, a café'

    Raises:
        ValueError: there are no bytes but padding, or they are not text.
    """
    text = re.sub("\r+\n|\r", "\n", _characters(data)).lstrip("\ufeff").removeprefix("ï»¿").replace("\0", "")
    text = text.rstrip("\x1a")
    if not text.strip():
        raise ValueError("empty file")
    return text


def _characters(data: bytes) -> str:
    if not data.strip(_PADDING):
        raise ValueError("empty file")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _unicode(data, encoding)
    if b"\0" in data and (wide := _wide_without_mark(data)):
        return data.decode(wide, errors="replace")
    if _is_binary(data.strip(_PADDING)):
        raise ValueError("binary file")
    if b"\x1b$" in data:  # how Japanese mail switches to kanji; such a file is ASCII to all others
        try:
            return data.decode("iso2022_jp")
        except UnicodeDecodeError:
            pass
    return _unicode(data, "utf-8")


def _unicode(data: bytes, encoding: str) -> str:
    """Decode Unicode; where a "UTF-8" file is not, tell a few broken bytes from another encoding."""
    if encoding != "utf-8":
        return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if not _is_mostly_utf8(telling_lines(data)):
            return decode_legacy(data)
    text = data.decode("utf-8", errors="surrogateescape")  # a byte that does not fit becomes a lone surrogate
    return _STRAY.sub(lambda m: bytes([ord(m[0]) - 0xDC00]).decode("cp1252", errors="ignore"), text)


_STRAY = re.compile("[\udc80-\udcff]")


def _is_mostly_utf8(sample: bytes) -> bool:
    """Say whether what is right as UTF-8 outweighs what is not; long sequences are hardly ever right by accident.

    >>> _is_mostly_utf8("é, ".encode() + b"\\xe9"), _is_mostly_utf8("дым".encode("cp1251"))
    (True, False)
    """
    text = sample.decode("utf-8", errors="surrogateescape")
    n_short = len(re.findall("[\u0080-\u07ff]", text))
    n_long = len(re.findall("[\u0800-\ud7ff\ue000-\U0010ffff]", text))
    return n_short + 3 * n_long >= len(_STRAY.findall(text))


def _wide_without_mark(data: bytes) -> str:
    """Name the UTF-16 or UTF-32 that a text with NULs and no byte order mark is in, or nothing.

    >>> _wide_without_mark("Row on\\n".encode("utf-32-be")), _wide_without_mark("Да\\nда".encode("utf-16-le"))
    ('utf-32-be', 'utf-16-le')
    >>> _wide_without_mark(bytes(range(256)))
    ''
    """
    rest = data[:_SAMPLE].replace(b"\0", b"")
    n_ascii = len(rest.translate(None, bytes(range(128, 256))))
    if n_ascii > 0.95 * len(rest) > 0.75 * len(data[:_SAMPLE]) and not _is_binary(rest):
        return ""  # a few stray NULs in a text of single bytes
    best, most = "", 0.02  # the share of spaces, line ends and Latin letters that any text has
    for encoding in _WIDE:
        width = 4 if "32" in encoding else 2
        try:
            text = data[: min(_SAMPLE, len(data) // width * width)].decode(encoding)
        except UnicodeDecodeError:
            continue
        n_odd = sum(unicodedata.category(c) in ("Cn", "Co", "Cc") and c not in "\t\n\r\x0b\x0c" for c in text)
        share = sum(c.isascii() for c in text) / max(len(text), 1)
        if n_odd <= len(text) / 100 and share > most:
            best, most = encoding, share
    return best


def _is_binary(data: bytes) -> bool:
    """Say whether control characters or NULs are more than stray ones, at the start or in the middle."""
    middle = len(data) // 2
    sample = data[:_SAMPLE] + data[middle : middle + _SAMPLE]
    n_nul = sample.count(b"\0")
    n_control = len(sample) - n_nul - len(sample.translate(None, _CONTROL + b"\0"))
    return n_nul > len(sample) / 20 or n_control > len(sample) / 50
