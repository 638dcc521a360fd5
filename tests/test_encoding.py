"""Bytes in, text out: every form of Unicode, the code pages of before, damaged files, and what is no text."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.lyrics.code_pages import code_page
from lyric_lm.lyrics.encoding import decode
from lyric_lm.lyrics.reading import ALBUM

# First stanzas of poets who died before 1900, or folk songs; the accents and scripts are what matters.
STANZAS = {
    "russian": """\
Я помню чудное мгновенье:
Передо мной явилась ты,
Как мимолётное виденье,
Как гений чистой красоты.
""",
    "polish": """\
Litwo! Ojczyzno moja! ty jesteś jak zdrowie;
Ile cię trzeba cenić, ten tylko się dowie,
Kto cię stracił.
""",
    "czech": """\
Byl pozdní večer, první máj,
večerní máj, byl lásky čas.
Hrdliččin zval ku lásce hlas,
kde borový zaváněl háj.
""",
    "hungarian": """\
Talpra magyar, hí a haza!
Itt az idő, most vagy soha!
Rabok legyünk, vagy szabadok?
Ez a kérdés, válasszatok!
""",
    "german": """\
Ich weiß nicht, was soll es bedeuten,
Daß ich so traurig bin;
Ein Märchen aus alten Zeiten,
ein Lüftchen kühl
""",
    "french": """\
Frère Jacques, dormez-vous ?
Au clair de la lune, prête-moi ta plume,
ma chandelle est morte, où est passé l'été
""",
    "spanish": """\
Volverán las oscuras golondrinas
en tu balcón sus nidos a colgar. ¿Qué es poesía? ¡Mañana, niña!
""",
    "turkish": """\
Kâtibime kolalı da gömlek ne güzel yaraşır
Üsküdar'a gider iken aldı da bir yağmur
şu dağlar, ağlıyorum
""",
    "greek": """\
Σε γνωρίζω από την κόψη
του σπαθιού την τρομερή,
σε γνωρίζω από την όψη
που με βία μετράει τη γη.
""",
    "japanese": """\
柿くへば鐘が鳴るなり法隆寺
古池や蛙飛びこむ水の音
さくら さくら やよいの空は
見わたす限り
""",
    "chinese": """\
床前明月光，
疑是地上霜。
举头望明月，
低头思故乡。
""",
    "korean": """\
아리랑 아리랑 아라리요
아리랑 고개로 넘어간다
나를 버리고 가시는 님은
십리도 못가서 발병난다
""",
    "hebrew": """\
כל עוד בלבב פנימה
נפש יהודי הומיה
ולפאתי מזרח קדימה
עין לציון צופיה
""",
    "arabic": """\
على قدر أهل العزم تأتي العزائم
وتأتي على قدر الكرام المكارم
وتعظم في عين الصغير صغارها
""",
    "english": """\
I don’t know the café by the pier…
“Hold on,” she said — “hold on”
""",
}
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
CODE_PAGES = {
    "russian": "cp1251 koi8-r iso8859-5 cp866 mac-cyrillic",
    "polish": "cp1250 iso8859-2",
    "czech": "cp1250 iso8859-2",
    "hungarian": "cp1250 iso8859-2",
    "german": "cp1252 latin-1 mac-roman",
    "french": "cp1252 latin-1 mac-roman cp850",
    "spanish": "cp1252 latin-1 mac-roman",
    "turkish": "cp1254 iso8859-9",
    "greek": "cp1253 iso8859-7",
    "japanese": "shift_jis euc-jp iso2022_jp",
    "chinese": "gbk gb18030",
    "korean": "euc-kr cp949",
    "hebrew": "cp1255 iso8859-8",
    "arabic": "cp1256 iso8859-6",
    "english": "cp1252 mac-roman",
}


@pytest.mark.parametrize("language", STANZAS)
def test_every_form_of_unicode(language: str) -> None:
    text = STANZAS[language]
    assert {encoding: decode(text.encode(encoding)) for encoding in UNICODE} == dict.fromkeys(UNICODE, text)


@pytest.mark.parametrize(
    ("language", "encoding"), [(language, page) for language, pages in CODE_PAGES.items() for page in pages.split()]
)
def test_the_code_pages_of_before(language: str, encoding: str) -> None:
    assert decode(STANZAS[language].encode(encoding)) == STANZAS[language]


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman"])
@pytest.mark.parametrize(
    "line",
    [
        "It’s alright",
        "Row on — row home",
        "Down by the wall…",
        "We met at the café",
        "My fiancée in Málaga, señor",
        "Déjà vu",
        "“Hold on”",
        "Zoë, naïve",
        "crème brûlée",
        "L’été à Besançon",
        "£5 and 30° more",
        "(© 1999 Ada)",
    ],
)
def test_english_with_a_byte_or_two_beyond_ascii(line: str, encoding: str) -> None:
    assert decode(line.encode(encoding)) == line
    assert decode(f"Row on, row home\n{line}\nRow on\n".encode(encoding)) == f"Row on, row home\n{line}\nRow on\n"


def test_the_album_with_curly_quotes_and_a_french_word() -> None:
    """Of the 65 songs, each with one accented word and typographic apostrophes, every one is read back."""
    for number, file in enumerate(sorted(ALBUM.glob("*.txt"))):
        word = ("café", "Noël", "über", "señor", "façade", "Málaga", "brûlée")[number % 7]
        text = f"{file.read_text(encoding='utf-8').replace(chr(39), '’')}{word}, it’s\n"
        for encoding in ("cp1252", "utf-8", "utf-16-le"):
            assert decode(text.encode(encoding)) == text, (file.name, encoding)


@pytest.mark.parametrize("language", STANZAS)
def test_utf_8_with_a_broken_byte_is_still_utf_8(language: str) -> None:
    text = STANZAS[language]
    half = len(text) // 2
    for stray, reading in ((b"\xe9", "é"), (b"\x92", "’"), (b"\x81", "")):  # cp1252 has no 0x81
        broken = text[:half].encode() + stray + b" " + text[half:].encode()
        assert decode(broken) == f"{text[:half]}{reading} {text[half:]}"


def test_utf_8_and_windows_in_one_file() -> None:
    assert decode("“Don’t”\n".encode() + "“Don’t”\n".encode("cp1252")) == "“Don’t”\n“Don’t”\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Row\r\non\rrow\n", "Row\non\nrow\n"),
        (b"Row\r\r\non", "Row\non"),  # converted twice
        (b"\xef\xbb\xbf\xef\xbb\xbfRow", "Row"),
        ("ï»¿Row".encode(), "Row"),  # a mark that was read as Windows-1252 and saved
        (b"Row on\x1a\0\0\0\0", "Row on\x1a"),
        (b"Row\0 on, row home, row on", "Row on, row home, row on"),
        ("Row\r\non\r\n".encode("utf-16"), "Row\non\n"),
        ("Row on".encode("utf-16-le") + b"\n", "Row on"),  # cut in the middle of a character
        (b"\t\x0cRow", "\t\x0cRow"),
    ],
)
def test_line_ends_marks_and_padding(data: bytes, text: str) -> None:
    assert decode(data).rstrip("\ufffd\n\x1a") == text.rstrip("\n\x1a")


@pytest.mark.parametrize(
    "data", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 100, b"\x1a", b"\xff\xfe\n\0"]
)
def test_an_empty_file(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^empty file$"):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 10,
        random.Random(1).randbytes(3000),
        b"\x7fELF\2\1\1\0" + b"\0\1\2\3" * 500,
        b"Row on\0\1" * 90,
    ],
    ids=["all bytes", "random", "program", "records"],
)
def test_a_binary_file(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^binary file$"):
        decode(data)


PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(PRINTABLE, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_any_text_is_decoded_as_it_was_encoded(text: str, encoding: str) -> None:
    text = f"la {text}"  # not led by a byte order mark of its own
    assert decode(text.encode(encoding)) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except ValueError as error:
        text = str(error)
        assert text in ("empty file", "binary file")
    assert not {"\r", "\0"} & set(text)
    text.encode()  # raises where a lone surrogate is left


def test_where_nothing_tells_it_is_windows() -> None:
    assert code_page(b"\xe9") == "cp1252"


@pytest.mark.parametrize(
    "line", [b"caf\xe9 ", b"\xe9", "да ".encode("cp1251"), b"\xe9\n", b"row on, row home\r\n", b"\r"]
)
def test_a_large_file_is_decoded_in_seconds(line: bytes) -> None:
    began = time.monotonic()
    data = line * (20_000_000 // len(line))
    if line.strip():
        assert len(decode(data + b"\xe9\xff")) > 10_000_000
    else:
        with pytest.raises(ValueError, match="empty file"):
            decode(data)
    assert time.monotonic() - began < 10
