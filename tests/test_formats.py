"""Which reader a file is given to: by its content, whatever its ending; and the reason where it holds no songs."""

import json
import subprocess
import sys
from pathlib import PurePath

import pytest

from lyric_lm.lyrics.formats import parse
from lyric_lm.lyrics.reading import ALBUM

SEA = {"lyrics": "Row on\nrow home", "title": "Sea", "artist": "Ada"}
CONTENTS = {
    "json": json.dumps(SEA),
    "json list": json.dumps([SEA], indent=2),
    "csv": 'artist,title,lyrics\nAda,Sea,"Row on\nrow home"\n',
    "tsv": 'artist\ttitle\tlyrics\nAda\tSea\t"Row on\nrow home"\n',
    "lrc": "[ar:Ada]\n[ti:Sea]\n[00:07.00]row home\n[00:05.00]Row on\n",
}


@pytest.mark.parametrize(
    "name", ["songs.txt", "songs.dat", "songs.json", "songs.csv", "songs.lrc", "songs", "a.py", ".x"]
)
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_content_decides(name: str, content: str, encoding: str, line_end: str) -> None:
    data = CONTENTS[content].replace("\n", line_end).encode(encoding)
    assert parse(data, PurePath(name)).records == [SEA]


@pytest.mark.parametrize(
    "content", ["[Verse 1]\nRow on\n", "{Chorus}\nRow on\n", "Row on, row home\n", "Words: and more\n"]
)
@pytest.mark.parametrize(
    "name", ["sea.txt", "sea.TXT", "sea.md", "sea.lyrics", "sea.lrc", "sea", "Mr. Sea", "Sea Vol.2"]
)
def test_the_rest_is_plain_text(content: str, name: str) -> None:
    (record,) = parse(content.encode(), PurePath(name)).records
    assert record["lyrics"] == content


def test_a_name_without_real_ending_is_a_title() -> None:
    (record,) = parse(b"Row on, row home\n", PurePath("Mr. Sea")).records
    assert record["title"] == "Mr. Sea"


def test_subtitles() -> None:
    cues = "1\n00:00:01,000 --> 00:00:02,000\nRow on\n\n2\n00:00:02,000 --> 00:00:03,000\nrow home\n"
    (record,) = parse(cues.encode(), PurePath("sea.txt")).records
    assert record["lyrics"] == "Row on\nrow home"


HTML = "<!DOCTYPE html>\n<html><body>Row on</body></html>\n"
LICENSE = "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\n"
README = "# Songs\n\nScraped from https://example.org, 50 files.\n\n- `sea.txt`\n"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.zip", b"PK\x03\x04\x14\0sea.txt", "an archive; unpack it first"),
        ("a.txt.gz", b"\x1f\x8b\x08\0", "an archive; unpack it first"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4", "an archive; unpack it first"),
        ("a.rar", b"Rar!\x1a\7\0", "an archive; unpack it first"),
        ("a.tar", b"sea.txt".ljust(257, b"\0") + b"ustar\x0000", "an archive; unpack it first"),
        ("gnu.tar", b"sea.txt".ljust(257, b"\0") + b"ustar  \0", "an archive; unpack it first"),
        ("a.docx", b"PK\x03\x04\x14\0\6\0[Content_Types].xml", "an office document; save it as plain text"),
        ("a.xlsx", b"PK\x03\x04\x14\0\6\0xl/workbook.xml", "an office document; save it as plain text (.txt), a table"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "an office document"),
        ("a.rtf", b"{\\rtf1\\ansi Row on}", "a rich-text document; save it as plain text"),
        ("a.pdf", b"%PDF-1.7\n1 0 obj", "a PDF; save its text as .txt"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary file (a picture)"),
        ("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "binary file (a picture)"),
        ("a.mp3", b"ID3\3\0\0\0\0", "binary file (a recording)"),
        ("a.m4a", b"\0\0\0\x20ftypM4A \0\0", "binary file (a recording or a picture)"),
        ("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", "binary file (a recording or a picture)"),
        ("a.db", b"SQLite format 3\0\x10\0", "a database; export"),
        ("a.pkl", b"\x80\x04\x95\x10\0", "a Python pickle, which is a program"),
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a Git LFS pointer; download"),
        ("a.bin", bytes(range(256)), "binary file"),
        ("a.txt", b" \n", "empty file"),
        ("a.html", HTML.encode(), "a web page; save its text as plain text (.txt)"),
        ("a.txt", HTML.encode(), "a web page"),
        ("a.xml", b"<?xml version='1.0'?>\n<song/>", "a web page"),
        ("a.py", b"print('Row on')\n", "not a song format: .py; save the lyrics as plain text (.txt)"),
        ("a.log", b"12:00 started\n", "not a song format: .log; save the lyrics as"),
        ("a.INI", b"[songs]\nsea=1\n", "not a song format: .ini"),
        ("LICENSE", LICENSE.encode(), "a licence"),
        ("notes.txt", LICENSE.encode(), "a licence"),
        ("README.md", README.encode(), "notes about the files beside it"),
        ("readme.txt", README.encode(), "notes about the files beside it"),
        ("requirements.txt", b"torch>=2\npandas==2.2.1\n", "a list of Python packages"),
        ("urls.txt", b"https://example.org/sea\nhttps://example.org/tea\n", "a list of links"),
        ("a.json", b"Row on, row home\n", "not JSON: it begins with neither { nor ["),
        ("a.json", b"[Verse 1]\nRow on", "broken JSON on line 1"),
        ("a.csv", b"year,views\n1999,7\n", "no lyrics column among year, views; name it lyrics"),
        ("a.csv", b"title,lyrics\n", "no songs in it"),
        ("a.csv", b'title,lyrics\nSea,"Row on\n', "row that begins on line 2: a quote is open"),
    ],
)  # fmt: skip
def test_no_songs_and_why(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        parse(data, PurePath(name))
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize("name", ["readme.txt", "License.txt", "about.txt", "Notice.md", "requirements.txt", "info"])
def test_songs_may_be_named_like_notes(name: str) -> None:
    text = (ALBUM / "two_chairs.txt").read_text(encoding="utf-8")
    assert parse(text.encode(), PurePath(name)).records[0]["lyrics"] in text


def test_a_song_with_a_licence_at_its_foot_is_a_song() -> None:
    text = (ALBUM / "two_chairs.txt").read_text(encoding="utf-8") + "\nCC0 1.0 Universal\n"
    assert parse(text.encode(), PurePath("two_chairs.txt")).records[0]["lyrics"].endswith("CC0 1.0 Universal\n")


def test_a_song_with_custard_where_an_archive_says_ustar_is_a_song() -> None:
    song = "Row on, row home\n" * 15 + "\ncustard and cream\n"
    assert song.encode()[256:263] == b"custard"
    assert [record["lyrics"] for record in parse(song.encode(), PurePath("sea.txt")).records] == [song]


def test_the_whole_album_is_songs() -> None:
    for file in sorted(ALBUM.glob("*.txt")):
        (record,) = parse(file.read_bytes(), PurePath(file.name)).records
        assert file.read_text(encoding="utf-8").endswith(record["lyrics"])


def test_a_partly_broken_file_gives_songs_and_problems() -> None:
    parsed = parse(b'title,lyrics\nSea,"Row"\nTea,"Tea" for two\n', PurePath("a.csv"))
    assert parsed.records == [{"lyrics": "Row", "title": "Sea"}]
    assert [problem.partition(":")[0] for problem in parsed.problems] == ["row that begins on line 3"]


def test_reading_text_imports_neither_pyarrow_nor_torch() -> None:
    code = (
        "import sys, pathlib; from lyric_lm.lyrics.formats import parse; parse(b'Row on', pathlib.PurePath('a.txt')); "
        "print([name for name in ('pyarrow', 'torch', 'datasets', 'huggingface_hub', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
