"""Tables as people have them: any delimiter, any usual header, quotes in both ways, and rows that are broken."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.lyrics.formats.table import is_table, parse_table

Record = dict[str, str]
SEA = {"lyrics": "Row on\nrow home", "title": "Sea", "artist": "Ada"}
TEA = {"lyrics": "Tea", "title": 'Tea "for" two', "artist": "Ada"}
KEY = {"lyrics": "Key", "title": "Key", "artist": "Ben"}


def records(text: str) -> list[Record]:
    found, problems = parse_table(text)
    assert problems == []
    return found


@pytest.mark.parametrize("delimiter", [*",;\t|^~:\x1f\x01§¦!#"])
def test_any_delimiter(delimiter: str) -> None:
    rows = [["artist", "title", "lyrics"], ["Ada", "Sea", '"Row on\nrow home"'], ["Ada", '"Tea ""for"" two"', "Tea"]]
    assert records("\n".join(delimiter.join(row) for row in rows)) == [SEA, TEA]


@pytest.mark.parametrize(
    "header",
    [
        "artist,song,link,text",  # songdata, spotify_millsongdata
        "Artist,Title,Album,Lyric",  # one artist each
        "artist,title,tag,lyrics",  # genius-song-lyrics
        "ALink,SName,SLink,Lyric",  # scrapped-lyrics-from-6-genres
        "artist,song,year,lyrics",  # 380k
        "band_singer,song,ranking,lyrics",  # billboard
        "artist_name,song_name,chords&lyrics,lyrics",  # chords
        "artist,song,label,seq",  # labelled with valence
        " Singer , Song Title , n , Lyrics ",
        "ARTIST_NAME,Track-Name,id,Song_Lyrics",
        "artistName,trackName,syncedLyrics,plainLyrics",
        "interprete,titre,annee,paroles",
        "artista,título,año,letra",
        "исполнитель,название,год,текст",
        '"artist","title","year","lyrics"',
        "performer,name,views,lyrics_en",
        "author,title,id,content",
    ],
)
def test_the_usual_column_names(header: str) -> None:
    assert records(f'{header}\nAda,Sea,7,"Row on\nrow home"\n') == [SEA]


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("ALink,SName,Lyric", "/robert-burns/,Sea,Row", {"lyrics": "Row", "title": "Sea", "artist": "Robert Burns"}),
        ("artist,ALink,lyrics", "Ada,/ben/,Row", {"lyrics": "Row", "artist": "Ada"}),
        (",title,year,lyrics", "0,1999,1999.0,Row", {"lyrics": "Row", "title": "1999"}),
        ("title,track,lyrics", ",Sea,Row", {"lyrics": "Row", "title": "Sea"}),
        ("chords&lyrics,lyrics,title", "C  G  Am,,Sea", {"lyrics": "", "title": "Sea"}),
        ("chords&lyrics,title", "Row on,Sea", {"lyrics": "Row on", "title": "Sea"}),
        ("lyrics_state,lyrics_owner_id,title,lyrics", "complete,7,Sea,Row", {"lyrics": "Row", "title": "Sea"}),
        ("title,artists,lyrics", """Sea,"['Ada', 'Ben']",Row""", {"lyrics": "Row", "title": "Sea", "artist": "Ada"}),
        ("title,lyrics", r"Sea,Row on\nrow home\n\nrow", {"lyrics": "Row on\nrow home\n\nrow", "title": "Sea"}),
        ("title,plainLyrics,syncedLyrics", "Sea,,[00:01.00]Row", {"lyrics": "[00:01.00]Row", "title": "Sea"}),
        ("title,syncedLyrics", 'Sea,"[00:02.00]on\n[00:01.00]Row"', {"lyrics": "Row\non", "title": "Sea"}),
        ("title,lyrics,lyrics", "Sea,Row,again", {"lyrics": "Row", "title": "Sea"}),
    ],
)
def test_which_column_is_what(header: str, row: str, expected: Record) -> None:
    assert records(f"{header}\n{row}\n") == [expected]


@pytest.mark.parametrize(
    "row",
    [
        'Ada,"Tea ""for"" two",Tea',
        r'Ada,"Tea \"for\" two",Tea',
        'Ada,Tea "for" two,Tea',
        'Ada, "Tea ""for"" two", "Tea"',
        '"Ada","Tea ""for"" two","Tea"\n\n',
        'Ada,"Tea ""for"" two",Tea,,,',
    ],
)
def test_quotes_within_quotes(row: str) -> None:
    assert records(f"artist,title,lyrics\n{row}\nBen,Key,Key") == [TEA, KEY]


def test_a_backslash_is_a_backslash() -> None:
    table = r"artist,title,lyrics" "\n" r'Ada\Ben,"Sea \\",\o/ row' "\n"
    assert records(table) == [{"lyrics": r"\o/ row", "title": r"Sea \\", "artist": r"Ada\Ben"}]


def test_rows_that_are_short_empty_or_after_a_preamble() -> None:
    table = "sep=;\n\ntitle;lyrics\nSea\n;\n\nTea;Tea\n"
    assert records(table) == [{"lyrics": "", "title": "Sea"}, {"lyrics": "Tea", "title": "Tea"}]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('Ada,Sea,"Row on', "a quote is open"),
        ('Ada,Sea,"Row on\nrow home\nrow, row, row, row\n\nrow on', "a quote is open"),
        ('Ada,"Sea" two,"Row on"', "a quote is open"),
        ("Ada,Sea,Row on, row home", "more fields than the header's 3; put lyrics with ',' in quotes"),
        ('Ada,Sea,"Row on\nrow home",7,8', "more fields"),
        ('Ada,Sea,"Row on" she said,\nand row', "a quote is open"),
    ],
)
@pytest.mark.parametrize("is_last", [False, True])
def test_a_broken_row_costs_itself_alone(broken: str, reason: str, is_last: bool) -> None:
    good = ['Ada,"Tea ""for"" two","Tea"', 'Ben,Key,"Key"']
    rows = [good[0], broken] if is_last else [good[0], broken, good[1]]
    found, problems = parse_table("artist,title,lyrics\n" + "\n".join(rows))
    assert found == ([TEA] if is_last else [TEA, KEY])
    (problem,) = problems
    assert problem.startswith(f"row that begins on line 3: {reason}")


def test_many_broken_rows_are_counted() -> None:
    found, problems = parse_table("title,lyrics\n" + "Sea,Row,on\n" * 50 + "Tea,Tea\n")
    assert found == [{"lyrics": "Tea", "title": "Tea"}]
    assert (len(problems), problems[-1]) == (21, "30 more broken rows")


@pytest.mark.parametrize(
    "header", ["a,b", "year;views", "Row on, row home", "lyricist,lyrics_url,has_lyrics", "title,lyrics_length"]
)
def test_no_lyrics_column_is_told_with_the_names_that_are_known(header: str) -> None:
    with pytest.raises(ValueError, match=r"^no lyrics column among .*; name it lyrics, lyric, text") as error:
        parse_table(f"{header}\n1,2\n")
    assert all(name.strip() in str(error.value) for name in header.replace(";", ",").split(","))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("artist,song,link,text\n", True),
        ("\n\nTitle\tLyrics\n", True),
        ("id;lyrics\n", True),
        ("Text of a song, and so on\n", False),
        ("Words, words, words\n", False),
        ("lyrics\nRow on\n", False),  # one column: by its ending only
        ("Song: Text\n", False),
        ("Lyrics by Ada, music by Ben\n", False),
        ("by the text, row on\n", False),
    ],
)
def test_what_is_a_table_whatever_its_ending(text: str, expected: bool) -> None:
    assert is_table(text) == expected


def test_one_column() -> None:
    assert records('lyrics\n"Row on\nrow home"\nTea\n') == [{"lyrics": "Row on\nrow home"}, {"lyrics": "Tea"}]


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
LINES = st.lists(CELLS, max_size=4).map("\n".join).filter(lambda text: "\\n" not in text and "[" not in text)


@given(st.lists(st.tuples(CELLS, LINES), min_size=1, max_size=6), st.sampled_from(",;\t|"), st.booleans())
def test_what_the_csv_module_writes_is_read_back(rows: list[tuple[str, str]], mark: str, is_all_quoted: bool) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=mark, quoting=csv.QUOTE_ALL if is_all_quoted else csv.QUOTE_MINIMAL)
    writer.writerows([("id", "title", "lyrics"), *(("7", title, text) for title, text in rows)])
    assert [record["lyrics"] for record in records(file.getvalue().replace("\r\n", "\n"))] == [text for _, text in rows]
