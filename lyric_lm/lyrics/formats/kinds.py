r"""Recognise by its first bytes, or by its words, what holds no songs, and say what to do about it.

What goes in is a file's bytes or its text; what comes out is the reason for skipping it, or nothing.
"""

import re
from pathlib import PurePath

_UNPACK = "an archive; unpack it first"
_OFFICE = "an office document; save it as plain text (.txt), a table as CSV"
_ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh91AY",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf",
    b"Rar!\x1a",
    b"\x28\xb5\x2f\xfd",
    b"MSCF\0",
)
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"\0\0\1\0")
_RECORDINGS = (b"ID3", b"fLaC", b"OggS", b"MThd", b"\xff\xfb", b"\xff\xf3")
_BEGINNINGS = {
    _ARCHIVES: _UNPACK,
    _PICTURES: "binary file (a picture)",
    _RECORDINGS: "binary file (a recording)",
    (b"%PDF-",): "a PDF; save its text as .txt",
    (b"{\\rtf",): "a rich-text document; save it as plain text (.txt)",
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",): _OFFICE,
    (b"SQLite format 3\0",): "a database; export its table of songs as CSV",
    (b"\x89HDF\r\n",): "an HDF5 file; export its songs as CSV or JSON",
    (b"FEA1",): "an old Feather file; save it as Parquet or CSV",
    (b"version https://git-lfs.github.com/spec/",): "a Git LFS pointer; download the file itself with git lfs pull",
}
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x95}\](c]")

_MARKUP = re.compile(r"\s*(?:<!doctype html|<html\b|<\?xml\b|<svg\b)", re.IGNORECASE)
_LICENCE = re.compile(
    r"permission is hereby granted, free of charge|gnu (?:lesser |affero )?general public license"
    r"|apache license\s+version 2\.0|creative commons (?:legal code|corporation is not a law firm)|cc0 1\.0 universal"
    r"|redistribution and use in source and binary forms|this work is (?:released|licensed) under",
    re.IGNORECASE,
)
_SIGN_OF_NOTES = re.compile(
    r"^#{1,6} (?:\S|$)|^```|https?://|^\s*\|.*\|\s*$|^---$|^\[!\[|\]\(|^\s*[-*] \S"
    r"|\b(?:data ?sets?|repository|licen[cs]ed?|downloaded|scraped|columns?|encoding|utf-8|folder|files?|version)\b",
    re.IGNORECASE | re.MULTILINE,
)
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+(?:\[[\w,]+\])?\s*(?:[=<>~!]=?=?\s*[\w.*]+.*)")
_BESIDE = ("readme", "license", "licence", "copying", "notice", "about", "changelog", "credits", "citation", "info")

# Endings that plain lyrics have. Any other needs a content that is recognised.
TEXT_ENDINGS = ("", ".txt", ".text", ".md", ".markdown", ".lyric", ".lyrics", ".song", ".lrc", ".srt", ".vtt", ".utf8")


def is_columnar(data: bytes) -> bool:
    r"""Say whether bytes begin as Parquet, an Arrow file or an Arrow stream do.

    >>> is_columnar(b"PAR1..."), is_columnar(b"ARROW1\0\0"), is_columnar(b"Row on")
    (True, True, False)
    """
    return data.startswith((b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff"))


def why_not_text(data: bytes) -> str:
    r"""Name a file that is no text by its first bytes.

    >>> why_not_text(b"PK\x03\x04...."), why_not_text(b"PK\x03\x04....xl/workbook.xml"), why_not_text(b"Row on")
    ('an archive; unpack it first', 'an office document; save it as plain text (.txt), a table as CSV', '')
    """
    head = data[:4096]
    if head.startswith(b"PK\x03\x04"):
        is_office = re.search(rb"\[Content_Types\]\.xml|word/|xl/|mimetypeapplication/(?:vnd|epub)", head)
        return _OFFICE if is_office else _UNPACK
    if head[257:263] == b"ustar\0" or head[257:265] == b"ustar  \0":  # POSIX, GNU; a song may have "custard" there
        return _UNPACK
    if _PICKLE.match(head):
        return "a Python pickle, which is a program; save its songs as CSV or JSON"
    if head[4:8] == b"ftyp" or (head.startswith(b"RIFF") and head[8:12] in (b"WAVE", b"WEBP", b"AVI ")):
        return "binary file (a recording or a picture)"
    return next((reason for beginnings, reason in _BEGINNINGS.items() if head.startswith(beginnings)), "")


def why_not_songs(text: str, name: PurePath) -> str:
    """Say why a text that is neither a table nor JSON is not one of songs, by its words and its name.

    >>> why_not_songs("Row on", PurePath("sea.py"))
    'not a song format: .py; save the lyrics as plain text (.txt)'
    >>> why_not_songs("Row on", PurePath("Mr. Jones")), why_not_songs("Row on", PurePath("readme.txt"))
    ('', '')
    >>> why_not_songs("# Songs\\n\\nSee https://example.org\\n", PurePath("README.md"))
    'notes about the files beside it'
    """
    if _MARKUP.match(text):
        return "a web page; save its text as plain text (.txt)"
    if (ending := real_ending(name)) not in TEXT_ENDINGS:
        return f"not a song format: {ending}; save the lyrics as plain text (.txt)"
    head = text[:10_000]
    is_named_so = name.name.lower().startswith(_BESIDE)
    if _LICENCE.search(head if is_named_so else head[:400]):  # a song may have one line about it at its foot
        return "a licence"
    lines = [line for line in head.split("\n") if line.strip()]
    if lines and all(re.fullmatch(r"\s*https?://\S+\s*", line) for line in lines):
        return "a list of links"
    if name.name.lower().startswith("requirements") and all(_REQUIREMENT.fullmatch(line.strip()) for line in lines):
        return "a list of Python packages"
    if is_named_so and len(_SIGN_OF_NOTES.findall(head)) >= 2:
        return "notes about the files beside it"
    return ""


def real_ending(name: PurePath) -> str:
    """Return a file name's ending; "Mr. Jones", "Vol.2" and "U.S.A" have none.

    >>> [real_ending(PurePath(name)) for name in ("sea.TXT", "Mr. Jones", "Vol.2", "U.S.A", "run.py", "sea")]
    ['.txt', '', '', '', '.py', '']
    """
    ending = name.suffix
    is_real = re.fullmatch(r"\.(?=.*[A-Za-z])(?:[a-z0-9_]{1,10}|[A-Z0-9]{2,8})", ending)
    return ending.lower() if is_real else ""
