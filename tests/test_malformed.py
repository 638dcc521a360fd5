"""Files that are cut, spliced, flipped and blown up: songs or one printable line of reason, and in seconds."""

import gzip
import io
import json
import subprocess
import sys
import time
from pathlib import PurePath

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics.formats import parse

ROWS = [{"artist": "Ada", "title": f"Song {n}", "lyrics": f'Row on {n}\n"row", home\n\nné – ’s'} for n in range(3)]
TABLE = pa.Table.from_pylist(ROWS)


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(TABLE, file)
    return file.getvalue()


def arrow(*, is_file: bool) -> bytes:
    file = io.BytesIO()
    with (pa.ipc.new_file if is_file else pa.ipc.new_stream)(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return file.getvalue()


def table(delimiter: str) -> str:
    quoted = [
        [f'"{value}"' for value in (row["artist"], row["title"], row["lyrics"].replace('"', '""'))] for row in ROWS
    ]
    return "\n".join(delimiter.join(row) for row in [["artist", "title", "lyrics"], *quoted])


TEXTS = {
    "json": json.dumps({"name": "Ada", "songs": ROWS}),
    "pretty json": json.dumps({"artist": "Ada", "tracks": [{"number": 1, "song": ROWS[0]}]}, indent=4),
    "json lines": "\n".join(map(json.dumps, ROWS)),
    "data frame": json.dumps({key: {str(n): row[key] for n, row in enumerate(ROWS)} for key in ROWS[0]}),
    "titles": json.dumps({"Ada": {row["title"]: row["lyrics"] for row in ROWS}}),
    "stamped json": json.dumps({"lyrics": {"lines": [{"words": "Row"}, {"words": "on"}]}}),
    "csv": table(","),
    "tsv": table("\t"),
    "backslashes": table(";").replace('""', r"\""),
    "lrc": "[ti:Sea]\n[00:01.00]Row <00:01.50>on\n[00:03.00][00:02.00]row home\n",
    "srt": "1\n00:00:01,000 --> 00:00:02,000\nRow on\n\n2\n00:00:02,500 --> 00:00:03,000\nrow home\n",
    "export": "[Song 1: Sea]\nRow on\n\n[Song 2: Tea]\nTea\n",
    "markers": "Row on<|endoftext|>Tea",
    "text": "Sea\nby Ada\n\n[Verse 1]\nRow on\nrow home\n\n{Chorus}\nRow",
}
FILES = {
    **{name: text.encode() for name, text in TEXTS.items()},
    **{f"{name} utf-16": TEXTS[name].encode("utf-16") for name in ("json", "csv", "text")},
    **{"cp1252": TEXTS["csv"].encode("cp1252"), "koi8": "Я помню чудное мгновенье\n".encode("koi8-r")},
    **{"gzip": gzip.compress(b"Row on"), "picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"},
}
COLUMNAR = {"parquet": parquet(), "arrow": arrow(is_file=True), "stream": arrow(is_file=False)}
NAMES = st.sampled_from(["a.txt", "a.json", "a.jsonl", "a.csv", "a.tsv", "a.lrc", "a.parquet", "a.arrow", "a", "a.py"])


def songs_or_reason(data: bytes, name: str = "a.txt") -> str:
    """Parse; anything but songs that can be written, or one printable line, is a fault."""
    try:
        parsed = parse(data, PurePath(name))
    except ValueError as error:
        lines = [str(error)]
    else:
        lines = parsed.problems
        assert parsed.records
        for record in parsed.records:
            assert "lyrics" in record
            assert set(record) <= {"lyrics", "title", "artist"}
            assert all(type(value) is str and "\r" not in value for value in record.values())
            json.dumps(record, ensure_ascii=False).encode()  # raises where half an emoji is left
            assert "\n" not in record.get("title", "") + record.get("artist", "")
    for line in lines:
        assert 0 < len(line) < 1000
        assert line.isprintable(), ascii(line)
    return lines[0] if lines else ""


@st.composite
def damaged(draw: st.DrawFn, files: dict[str, bytes]) -> bytes:
    """Cut, splice, repeat, flip and insert, a few times over."""
    data = files[draw(st.sampled_from(sorted(files)))]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 30))
        match draw(st.sampled_from(["cut", "drop", "repeat", "flip", "insert", "splice"])):
            case "cut":
                data = data[:at]
            case "drop":
                data = data[:at] + data[at + size :]
            case "repeat":
                data = data[: at + size] + data[at:]
            case "flip":
                data = (
                    data[:at] + bytes(byte ^ draw(st.integers(1, 255)) for byte in data[at : at + 1]) + data[at + 1 :]
                )
            case "insert":
                marks = [
                    b'"',
                    b"'",
                    b"\\",
                    b"{",
                    b"}",
                    b"[",
                    b"]",
                    b",",
                    b":",
                    b"\n",
                    b"\r",
                    b"\0",
                    b"\xff",
                    b"\x1b$",
                    b"null",
                ]
                data = data[:at] + draw(st.sampled_from(marks)) + data[at:]
            case "splice":
                other = files[draw(st.sampled_from(sorted(files)))]
                data = data[:at] + other[draw(st.integers(0, len(other))) :]
    return data


@settings(max_examples=600, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(FILES), NAMES)
def test_damaged_text_files(data: bytes, name: str) -> None:
    songs_or_reason(data, name)


@settings(max_examples=200, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(COLUMNAR), NAMES)
def test_damaged_columnar_files(data: bytes, name: str) -> None:
    songs_or_reason(data, name)


KEYS = ("lyrics", "text", "title", "artist", "songs", "tracks", "song", "name", "data", "columns", "0", "Ada")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("Row\non"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=600, deadline=2000)
@given(VALUES)
def test_json_of_any_shape(value: object) -> None:
    songs_or_reason(json.dumps(value).encode(), "a.json")


@settings(max_examples=300, deadline=2000)
@given(
    st.lists(st.sampled_from([*'"\\,;\n\t', "lyrics", "title", "Row", " ", "é", "", "sep=;"]), max_size=40).map("".join)
)
def test_tables_of_any_shape(text: str) -> None:
    songs_or_reason(("title,lyrics\n" + text).encode(), "a.csv")
    songs_or_reason(text.encode(), "a.csv")


MB = 1_000_000
HOSTILE = {
    "brackets": b"[" * MB,
    "objects": b'{"a":' * MB,
    "nested lyrics": b'[{"lyrics":' * MB,
    "one line": b"a" * 20 * MB,
    "one song": b'{"lyrics": "' + b"a" * 20 * MB + b'"}',
    "open string": b'{"lyrics": "' + b"a" * 20 * MB,
    "open strings": b'[{"lyrics": "a"},{"lyrics": "b' * MB,
    "broken lines": b'{"lyrics": "a"}}\n' * MB,
    "commas": b"," * MB,
    "comma header": b"," * MB + b"lyrics,title",
    "comma row": b"title,lyrics\n" + b"," * MB,
    "quotes": b"title,lyrics\n" + b'"' * (20 * MB + 1),
    "open quotes": b"title,lyrics\n" + b'a,"b\n' * 2 * MB,
    "backslashes": b"title,lyrics\n" + b'a,"\\"b\n' * MB,
    "one cell": b"title,lyrics\na," + b"b" * 20 * MB,
    "empty lines": b"title,lyrics\n" + b"\n" * 5 * MB,
    "header only": b"title,lyrics\n",
    "carriage returns": b"\r" * 20 * MB,
    "windows letters": b"\xe9 " * 10 * MB,
    "zeros": b"\0" * 20 * MB,
    "wide": "Row on\n".encode("utf-16-le") * MB,
}


@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_files_end_in_seconds(content: str) -> None:
    began = time.monotonic()
    data = HOSTILE[content]
    songs_or_reason(data, "a.csv" if b"title" in data[:20] else "a.json" if data[:1] in b"[{" else "a.txt")
    assert time.monotonic() - began < 30  # of which a loaded machine may take most


def test_arrow_files_that_lie_do_not_end_the_process() -> None:
    """Every fifth byte of each columnar file is set to two other values, in a process of its own: none crashes it."""
    code = """
import sys
from tests.test_malformed import COLUMNAR, songs_or_reason
for data in COLUMNAR.values():
    for at in range(0, len(data), 5):
        for value in (0xFF, data[at] ^ 0x10):
            songs_or_reason(data[:at] + bytes([value]) + data[at + 1 :])
print("whole")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "whole", (done.returncode, done.stderr[-2000:])
