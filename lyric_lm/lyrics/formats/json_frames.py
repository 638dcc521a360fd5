"""Data frames that were saved as JSON by columns: an object goes in, its rows come out."""

from typing import Any

from lyric_lm.lyrics.formats.keys import fields


def rows_of_frame(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Turn a data frame written by columns into its rows; empty when it is not one.

    >>> frame = {"title": {"0": "Sea", "1": "Tea"}, "lyrics": {"0": "Row", "1": "Tea"}}
    >>> rows_of_frame(frame)
    [{'title': 'Sea', 'lyrics': 'Row'}, {'title': 'Tea', 'lyrics': 'Tea'}]
    """
    columns, data = body.get("columns"), body.get("data")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(name, str) for name in columns):
        return [dict(zip(columns, row, strict=False)) for row in data if isinstance(row, list)]
    names = fields(body)
    if not names["lyrics"]:
        return []
    lyrics = body[names["lyrics"][0]]
    if isinstance(lyrics, dict) and lyrics and all(key.isdigit() for key in lyrics):
        parts = {name: column for name, column in body.items() if isinstance(column, dict)}
        return [{name: column.get(key) for name, column in parts.items()} for key in lyrics]
    titles = [body[name] for name in names["title"] + names["artist"]]
    if isinstance(lyrics, list) and any(isinstance(names_, list) and len(names_) == len(lyrics) for names_ in titles):
        lists = {name: column for name, column in body.items() if isinstance(column, list)}
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=False)]
    return []
