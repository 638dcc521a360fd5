"""Parquet, Arrow files and streams: any type of column, only the needed ones read, damage told."""

import io
import json
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lyric_lm.lyrics.formats import parse

SONGS = [
    {"title": "Sea", "artist": "Ada", "lyrics": "Row on\nrow home"},
    {"title": "Tea", "artist": "Ada", "lyrics": "Tea\nfor two"},
]


def written(table: pa.Table, kind: str, rows: int | None = None) -> bytes:
    file = io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, file, row_group_size=rows)
    else:
        opened = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
        with opened(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=rows)
    return file.getvalue()


def records(data: bytes, name: str = "train.bin") -> list[dict[str, str]]:
    parsed = parse(data, PurePath(name))
    assert parsed.problems == []
    return parsed.records


KINDS = pytest.mark.parametrize("kind", ["parquet", "file", "stream"])


@KINDS
@pytest.mark.parametrize("name", ["train.parquet", "data-00000-of-00001.arrow", "songs", "songs.txt"])
def test_every_kind_under_any_name(kind: str, name: str) -> None:
    assert records(written(pa.Table.from_pylist(SONGS), kind), name) == SONGS


def column(values: list[Any], type_: pa.DataType | None = None) -> pa.Table:
    return pa.table({"id": pa.array(range(len(values))), "text": pa.array(values, type_)})


@KINDS
@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (column(["Row on", None], pa.large_string()), ["Row on", ""]),
        (column(["Row on"] * 2, pa.dictionary(pa.int8(), pa.string())), ["Row on"] * 2),
        (column([["Row on", "row home"], None], pa.list_(pa.string())), ["Row on\nrow home", ""]),
        (column([[["Row"], ["on"]]], pa.list_(pa.list_(pa.string()))), ["Row\n\non"]),
        (column([b"Row on"], pa.binary()), ["Row on"]),
        (column([{"lines": ["Row", "on"]}]), ["Row\non"]),
    ],
    ids=["large and null", "dictionary", "lines", "stanzas", "bytes", "struct"],
)  # fmt: skip
def test_every_type_of_column(kind: str, table: pa.Table, expected: list[str]) -> None:
    assert [record["lyrics"] for record in records(written(table, kind))] == expected


@KINDS
def test_usual_names_and_numbers(kind: str) -> None:
    row = {"Unnamed: 0": 0, "Artist Name": "Ada", "SName": 1999, "Views": 7, "Song_Lyrics": "Row", "lyrics_id": 5}
    assert records(written(pa.Table.from_pylist([row]), kind)) == [{"lyrics": "Row", "title": "1999", "artist": "Ada"}]


@KINDS
def test_only_the_columns_of_songs_are_read(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from lyric_lm.lyrics.formats import arrow

    seen: list[list[str]] = []
    original = arrow._records
    monkeypatch.setattr(arrow, "_records", lambda batch, of: seen.append(batch.schema.names) or original(batch, of))
    table = pa.Table.from_pylist([{"audio": b"\0" * 9, "embedding": [0.5], **song} for song in SONGS])
    assert records(written(table, kind)) == SONGS
    assert [sorted(names) for names in seen] == [["artist", "lyrics", "title"]]


@KINDS
def test_no_lyrics_column(kind: str) -> None:
    table = pa.table({"audio": [1], "label": [2]})
    with pytest.raises(ValueError, match=r"^no lyrics column among audio, label; name it lyrics, lyric, text"):
        parse(written(table, kind), PurePath("a.parquet"))


@KINDS
def test_no_rows(kind: str) -> None:
    with pytest.raises(ValueError, match="no songs in it"):
        parse(written(pa.Table.from_pylist(SONGS).slice(0, 0), kind), PurePath("a.parquet"))


@KINDS
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_cut_file_says_so(kind: str, share: float) -> None:
    data = written(pa.Table.from_pylist(SONGS), kind)
    with pytest.raises(ValueError, match=r"^(broken (Parquet|Arrow) file|binary file|empty file)") as error:
        parse(data[: int(len(data) * share)], PurePath("a.parquet"))
    assert "\n" not in str(error.value)


def test_a_cut_stream_keeps_its_whole_batches() -> None:
    songs = [{"title": f"Song {n}", "lyrics": f"Row on {n}"} for n in range(50)]
    data = written(pa.Table.from_pylist(songs), "stream", rows=10)
    parsed = parse(data[: int(len(data) * 0.7)], PurePath("a.arrow"))
    assert parsed.records == songs[: len(parsed.records)]
    assert len(parsed.records) in (20, 30)
    assert parsed.problems[0].startswith("broken Arrow file: ")


def test_a_saved_dataset(tmp_path: Path) -> None:
    """The folder that ``Dataset.save_to_disk`` writes: a stream, and two descriptions without songs."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    datasets.Dataset.from_list(SONGS).save_to_disk(tmp_path / "saved")
    found = {}
    for file in sorted((tmp_path / "saved").iterdir()):
        try:
            found[file.suffix] = records(file.read_bytes(), file.name)
        except ValueError as error:
            assert str(error).startswith("describes a dataset")  # noqa: PT017
    assert found == {".arrow": SONGS}


def test_a_row_that_json_would_give_is_the_same() -> None:
    assert records(written(pa.Table.from_pylist(SONGS), "parquet")) == records(json.dumps(SONGS).encode())
