"""Records of entries: JSON, JSON Lines, Parquet, Arrow."""

import json
from pathlib import Path
from random import Random

from tests.noise import Entry
from tests.noise.files import ENCODINGS, Sources, numbered, put_file


def _records(entries: list[Entry], rng: Random) -> list[dict[str, str]]:
    title, artist, lyrics = rng.choice(
        (("title", "artist", "lyrics"), ("song", "artist", "text"), ("track_name", "artist_name", "lyrics"))
    )
    return [{title: e.shown, "year": "2019", artist: e.artist, lyrics: e.raw} for e in entries]


def json_list(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    text = json.dumps(_records(entries, rng), ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 2)))
    put_file(folder / "songs.json", text, rng.choice(ENCODINGS[:3]))
    return numbered("songs.json", entries)


def json_lines(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    is_ascii = rng.random() < 0.5
    lines = [json.dumps(record, ensure_ascii=is_ascii) for record in _records(entries, rng)]
    put_file(folder / "songs.jsonl", rng.choice(("\n", "\r\n")).join(lines) + "\n", rng.choice(ENCODINGS[:3]))
    return numbered("songs.jsonl", entries)


def parquet(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    import pyarrow
    import pyarrow.parquet

    folder.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(_records(entries, rng)), folder / "train-00000.parquet")
    return numbered("train-00000.parquet", entries)


def arrow(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """What ``datasets`` saves: a stream and two files about it."""
    import pyarrow

    folder.mkdir(parents=True, exist_ok=True)
    table = pyarrow.Table.from_pylist(_records(entries, rng))
    file = str(folder / "data-00000-of-00001.arrow")
    with pyarrow.OSFile(file, "wb") as sink, pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    put_file(folder / "dataset_info.json", json.dumps({"description": "", "features": {"lyrics": {"dtype": "string"}}}))
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_format_type": None, "_split": "train"}
    put_file(folder / "state.json", json.dumps(state))
    return numbered("data-00000-of-00001.arrow", entries)
