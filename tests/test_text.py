"""Plain text: the title above a song, the many ways to put songs into one file, and one song that looks like many."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lyric_lm.lyrics.formats.text import parse_text
from lyric_lm.lyrics.reading import ALBUM

WORDS = ["boat", "rope", "lamp", "tide", "bell", "kettle", "plank", "gull", "harbour", "ladder", "coal", "bread"]


def stanza(start: int, n: int) -> str:
    """Lines that no other stanza has."""
    return "\n".join(f"The {WORDS[(start + k) % 12]} is number {start + k}, is it" for k in range(n))


def song(number: int, n_stanzas: int = 3, n: int = 4) -> str:
    return "\n\n".join(stanza(100 * number + 10 * k, n) for k in range(n_stanzas))


SONGS = [song(1), song(2, 4), song(3)]
TITLES = ["The Long Way Home", "Tea, for Two", "1999"]
ROW = "Row on\nrow home\n"


def parts(text: str, stem: str = "ada_lark") -> list[tuple[str, str]]:
    return [(record.get("title", ""), record["lyrics"].strip("\n")) for record in parse_text(text, stem)]


@pytest.mark.parametrize(
    ("first", "stem"),
    [
        ("O'er the Sea", "oer_the_sea"),
        ("Don’t Go (No, No)", "Don't Go (No No)"),
        ("ÉLAN", "elan"),
        ("Café", "Cafe\u0301"),  # macOS keeps file names decomposed
        ("O'er the Sea", "03 - O'er the Sea"),
        ("O'er the Sea", "ada_lark_-_oer_the_sea"),
        ("O'er the Sea", "o-er-the-sea"),
        ("Sea & Salt", "Ada Lark - 12 - Sea and Salt"),
        ("Sea", "sea_live"),
        ("Sea", "Sea (2011 Remaster)"),
        ("What They Think of Gulls and of Weather", "what_they_think_of_gu"),
    ],
)
def test_a_first_line_like_the_file_name_is_the_title(first: str, stem: str) -> None:
    (record,) = parse_text(f"\n{first}\n\n{ROW}", stem)
    assert (record["title"], record["lyrics"]) == (first, f"\n{ROW}")


@pytest.mark.parametrize(
    ("heading", "stem"),
    [
        ("Sea\nby Ada Lark", "sea"),
        ("Sea\n\nBy: Ada Lark", "sea"),
        ("Sea by Ada Lark", "sea"),
        ("Ada Lark - Sea", "sea"),
        ("Ada Lark – Sea Lyrics", "Ada Lark - Sea"),
        ("Ada Lark\nSea", "Ada Lark - Sea"),
        ("Sea\nAda Lark", "Ada Lark - Sea"),
        ('"Sea"\nby Ada Lark', "sea"),
        ("# Sea\n\nby Ada Lark", "song 7"),
        ("Title: Sea\nArtist: Ada Lark\nAlbum: Harbours\nYear: 1999", "song 7"),
        ("ARTIST: Ada Lark\nSong: Sea\nLyrics:", "song 7"),
        ("Title: Sea\nBy: Ada Lark\n\nSea", "song 7"),
        ("---\ntitle: 'Sea'\nartist: Ada Lark\n---", "song 7"),
        ("Исполнитель: Ada Lark\nНазвание: Sea", "song 7"),
    ],
)
def test_headings_name_the_song_and_the_artist(heading: str, stem: str) -> None:
    (record,) = parse_text(f"{heading}\n\n{ROW}", stem)
    assert record == {"title": "Sea", "artist": "Ada Lark", "lyrics": f"\n{ROW}"}


@pytest.mark.parametrize(
    "sung",
    [
        "Row on",
        "Sea, sea",
        "Oh sea,",
        "...",
        "[Verse 1]",
        "{Chorus}",
        "Song: a sailor's word",
        "Oh sea, the wide and salty,",
        "By yon castle wa', at the close of the day",
        "Love: a word\nLust: a word",
        "---",
        "#1 in the harbour",
        "<s>Row</s> on",
        "[Song 2 of the sea]",
    ],
)
def test_any_other_first_line_is_sung(sung: str) -> None:
    text = f"{sung}\nand home again\n\n{ROW}"
    assert parse_text(text, "oh_sea") == [{"title": "oh sea", "lyrics": text}]
    assert parse_text(f"Oh Sea\n\n{text}", "oh_sea") == [{"title": "Oh Sea", "lyrics": f"\n{text}"}]


@pytest.mark.parametrize(
    ("stem", "title"),
    [
        ("01 Sea", "Sea"),
        ("7 Years", "7 Years"),
        ("1999", "1999"),
        ("Sea Lyrics", "Sea"),
        ("1-03 Sea", "Sea"),
        ("a-b-c", "a b c"),
    ],
)
def test_a_song_without_a_heading_is_called_as_its_file(stem: str, title: str) -> None:
    assert parse_text(ROW, stem) == [{"title": title, "lyrics": ROW}]


def test_a_note_after_a_dash_is_no_artist() -> None:
    titles = ["Oh Sea - 2011 Remaster", "Oh Sea", "Oh Sea - Live"]
    text = "\n\n".join(f"=== {title} ===\n\n{song(n)}" for n, title in enumerate(titles))
    for record, title in zip(parse_text(text, "a"), titles, strict=True):
        assert set(record) == {"title", "lyrics"}
        assert record["title"] == title
        assert parse_text(f"{title}\n\n{ROW}", title) == [{"title": title, "lyrics": f"\n{ROW}"}]


TITLED = {
    "LyricsGenius": "\n\n".join(f"[Song {n}: {t}]\n{s}" for n, (t, s) in enumerate(zip(TITLES, SONGS, strict=True), 1)),
    "album": "\n\n".join(f"[Track {n}: {t}]\n{s}" for n, (t, s) in enumerate(zip(TITLES, SONGS, strict=True), 1)),
    **{
        name: joint.join(form.format(t=t, s=s) for t, s in zip(TITLES, SONGS, strict=True))
        for name, form, joint in [
            ("marker and title", "<|startoftext|>Title: {t}\n{s}", "<|endoftext|>\n"),
            ("labels", "Title: {t}\nYear: 1999\n\n{s}", "\n\n"),
            ("labels below rules", "Song: {t}\n\n{s}", "\n\n-----\n\n"),
            ("rules with titles", "=== {t} ===\n\n{s}", "\n\n"),
            ("tight rules", "---{t}---\n{s}", "\n"),
            ("Markdown", "## {t}\n\n{s}", "\n\n"),
            ("Markdown with sections", "# {t}\n\n## Verse 1\n\n{s}", "\n\n"),
            ("underlined", "{t}\n-----\n{s}", "\n\n"),
            ("boxed", "=====\n{t}\n=====\n{s}", "\n\n"),
            ("rules", "{t}\n\n{s}", "\n\n----------\n\n"),
            ("stars", "{t}\n\n{s}", "\n\n* * *\n\n"),
            ("form feeds", "{t}\n\n{s}", "\n\f"),
            ("empty lines", "{t}\n\n{s}", "\n\n\n"),
            ("many empty lines", "{t}\n\n{s}", "\n\n\n\n\n "),
            ("capitals", "{t}!\n{s}", "\n\n\n"),
        ]
    },
}


@pytest.mark.parametrize("name", TITLED)
def test_many_songs_with_titles(name: str) -> None:
    loud = name == "capitals"
    text = TITLED[name]
    if loud:
        for title in TITLES:
            text = text.replace(f"{title}!", title.upper() if title != "1999" else "MCMXCIX")
    wanted = [title if not loud else title.upper() if title != "1999" else "MCMXCIX" for title in TITLES]
    found = parts(text)
    assert [title for title, _ in found] == wanted
    assert [lyrics.removeprefix("## Verse 1\n\n").rstrip() for _, lyrics in found] == SONGS


@pytest.mark.parametrize(
    ("joint", "stem"),
    [
        ("<|endoftext|>", "ada"),
        ("</s>\n<s>", "ada"),
        ("\n\n----------\n\n", "ada"),
        ("\n=====\n", "ada"),
        ("\f", "ada"),
        ("\n\n\n", "ada"),
        ("\n\n\n\n\n ", "Lyrics_AdaLark"),
        ("\n***\n", "all songs"),
    ],
)
def test_many_songs_without_titles(joint: str, stem: str) -> None:
    songs = [song(number) for number in range(10)]
    text = f"<s>{joint.join(songs)}</s>" if "<s>" in joint else joint.join(songs)
    assert [lyrics.strip() for _, lyrics in parts(text, stem)] == songs


@pytest.mark.parametrize("joint", ["\n---\n", "\n\n\n"])
def test_two_short_songs_in_a_file_that_says_songs(joint: str) -> None:
    two = [song(1, 2, 3), song(2, 2, 3)]
    assert [lyrics for _, lyrics in parts(joint.join(two), "songs")] == two


def test_the_artist_in_the_name_of_an_export() -> None:
    records = parse_text(TITLED["LyricsGenius"], "saved_artist_lyrics_ada_lark_3_songs")
    assert {record["artist"] for record in records} == {"Ada Lark"}
    assert "artist" not in parse_text(TITLED["LyricsGenius"], "saved_artist_lyrics_adalark_3_songs")[0]
    assert [t for t, _ in parts("[Song 1: Sea [Live] (feat. B)]\nla\n\n[Song 2: [Tea]]\nla")] == [
        "Sea [Live] (feat. B)",
        "[Tea]",
    ]


STANZAS = [stanza(10 * n, 4) for n in range(6)]
CHORUS = "Oh, the tide comes in, my love\nand the tide goes out again"


@pytest.mark.parametrize(
    "text",
    [
        "\n\n-----\n\n".join(STANZAS).replace("\n", "\n\n"),
        "\n\n\n".join(stanza(10 * n, 10) for n in range(4)),
        "\n\n* * *\n\n".join(STANZAS),
        "\n\n\n".join(STANZAS),
        "\n\n\n".join(["\n\n".join(STANZAS[:3]), "\n\n".join(STANZAS[3:])]),
        "\n\n".join(STANZAS[:3]) + "\n\n-----\n\n" + "\n\n".join(STANZAS[3:]),
        "\n\n-----\n\n".join(
            f"{one}\n\n{CHORUS}\n\n{other}" for one, other in zip(STANZAS[:3], STANZAS[3:], strict=True)
        ),
        "\n\n\n".join(
            f"{label}\n\n{one}" for label, one in zip(["Verse 1", "Chorus", "Verse 2"], STANZAS, strict=False)
        ),
        "\n\n".join(f"## {label}\n{one}" for label, one in zip(["Verse", "Chorus", "Verse"], STANZAS, strict=False)),
        "-----\n" + "\n\n".join(STANZAS) + "\n-----\n",
        f"<s>Row</s> on\n\n{STANZAS[0]}",
        f"{STANZAS[0]}\n[Track 1: a scratch]\n{STANZAS[1]}",
        "\f".join(STANZAS[:2]),
    ],
    ids=[
        "doubled",
        "many gaps",
        "stars",
        "gaps",
        "halves",
        "rule",
        "chorus",
        "labels",
        "sections",
        "frame",
        "struck",
        "track",
        "pages",
    ],
)
@pytest.mark.parametrize("title", ["", "Low Water\n\n"])
def test_one_song_stays_one(text: str, title: str) -> None:
    (record,) = parse_text(title + text, "low_water")
    assert record["lyrics"].strip() == text.strip()


ALBUM_FILES = {file.stem: file.read_text(encoding="utf-8") for file in sorted(ALBUM.glob("*.txt"))}


def test_the_demo_album_one_by_one_and_in_one_file() -> None:
    whole = {}
    for stem, text in ALBUM_FILES.items():
        title, _, lyrics = text.partition("\n")
        whole[title] = lyrics.strip("\n")
        assert parse_text(text, stem) == [{"title": title, "lyrics": lyrics}]
        assert parse_text(lyrics, "a file of that kind")[0]["lyrics"] == lyrics
    for joint in ("\n\n\n", "\n\n-----\n\n", "\n\n* * *\n\n", "\n<|endoftext|>\n", "\n\f"):
        text = joint.join(text.strip("\n") for text in ALBUM_FILES.values())
        assert dict(parts(text)) == whole, repr(joint)


LINES = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), max_size=4).map("\n".join)


@given(LINES)
def test_a_text_file_loses_nothing_but_its_title(text: str) -> None:
    assume("<" not in text)  # <|endoftext|> and <s> part songs
    assert parse_text(f"zz\n{text}", "a song")[0]["lyrics"] == f"zz\n{text}"
    assert parse_text(f"A Song\n\nzz\n{text}", "a song")[0]["lyrics"] == f"\nzz\n{text}"


PIECES = st.sampled_from(
    [
        "\n",
        "\n\n",
        "\n\n\n",
        "---",
        "* * *",
        "=== a ===",
        "# b",
        "Title: c",
        "Row on",
        "by Ada",
        "\f",
        "[Song 1: d]",
        "x" * 20,
    ]
)


@given(st.lists(PIECES, max_size=25).map("\n".join), st.sampled_from(["a", "songs", "Ada - b"]))
def test_every_word_of_any_text_is_kept_somewhere(text: str, stem: str) -> None:
    """Whatever the structure is taken for, nothing is doubled, and only a file's heading of a few lines is lost."""
    head = [line for line in text.split("\n") if line.strip()][:6]
    kept = "\n".join(record["lyrics"] for record in parse_text(text, stem))
    assert text.count("x" * 20) - head.count("x" * 20) <= kept.count("x" * 20) <= text.count("x" * 20)
