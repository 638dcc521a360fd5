"""Each cleaning rule on what pages and dumps really leave behind, and on songs that only look like it."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics.cleaning import RULES, SECTION_LABELS, clean
from lyric_lm.lyrics.reading import ALBUM

# name of the rule, text with noise, text without, how often the rule took something
NOISE = [
    ("markup", "Row on<br>Row home<BR/>\nRow<br />on", "Row on\nRow home\nRow\non", 3),
    ("markup", "<p>Row on</p><p>Row home</p>", "Row on\nRow home", 4),
    ("markup", "<div class='lyrics'>Row <i>on</i></div>", "Row on", 4),
    ("markup", '<a href="/12/x">Row on</a>, row', "Row on, row", 2),
    ("markup", "Rock &amp; roll, don&#x27;t go &#8212; stay&hellip;", "Rock & roll, don't go — stay…", 4),
    ("markup", "Salt &amp;amp; pepper", "Salt & pepper", 2),
    ("markup", "<|startoftext|>Row on\nRow home<|endoftext|>", "Row on\nRow home", 2),
    ("line_ends", "Row on\r\nRow home\rRow\u2028on\x0bhome", "Row on\nRow home\nRow\non\nhome", 4),
    ("invisible_characters", "\ufeffRow\u200b on, ro\u00adw \u202ahome\u202c\x07", "Row on, row home", 6),
    ("odd_spaces", "my\u00a0love\u2005is\tlike", "my love is like", 3),
    ("unicode_form", "cafe\u0301 E\u0301lan", "café Élan", 1),
    ("page_header", "12 ContributorsSea Song LyricsRow on", "Row on", 1),
    ("page_header", "1 ContributorSea Song Lyrics\nRow on", "Row on", 1),
    ("page_header", "34 ContributorsTranslationsEspañolDeutschSea Song Lyrics[Verse 1]\nRow on", "Row on", 1),
    ("page_header", "7 ContributorsSea Song Lyrics“Sea Song” is about a boat… Read More\u00a0\nRow on", "Row on", 1),
    ("ticket_adverts", "Row on\nSee Ada Lark LiveGet tickets as low as $49\nRow home", "Row on\nRow home", 1),
    ("ticket_adverts", "Row on\nSee Ada Lark Live\nGet tickets as low as $109\nRow home", "Row on\nRow home", 1),
    ("ticket_adverts", "Row on\nSee Ada LiveGet tickets as low as $4You might also likeRow", "Row on\n\nRow", 1),
    ("also_like", "Row on\nYou might also like\nRow home", "Row on\nRow home", 1),
    ("also_like", "Row onYou might also likeOh, row", "Row on\nOh, row", 1),
    ("also_like", "Row on (on)You might also like(Oh) row", "Row on (on)\n(Oh) row", 1),
    ("also_like", 'He said "row"You might also like[Chorus]\nRow', 'He said "row"\nRow', 1),
    ("embed_tail", "Row home17Embed", "Row home", 1),
    ("embed_tail", "Row homeEmbed", "Row home", 1),
    ("embed_tail", "Row home\n3Embed", "Row home", 1),
    ("embed_tail", "Row home\nEmbed", "Row home", 1),
    ("embed_tail", "Row home.2EmbedShare URLCopyEmbedCopy", "Row home.", 1),
    ("embed_tail", "Row home1EmbedShare Url:CopyEmbed:Copy\n", "Row home", 1),
    ("embed_tail", "When I was 17Embed", "When I was 17", 1),
]


@pytest.mark.parametrize(("rule", "noisy", "song", "count"), NOISE)
def test_noise_is_taken_out_and_counted(rule: str, noisy: str, song: str, count: int) -> None:
    cleaned, counts = clean(noisy)
    assert cleaned == song
    assert counts[rule] == count


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, *_ in NOISE} == set(RULES)


SONGS = [
    "Don't go, 'cause I ain't goin', rock 'n' roll",
    "’Twas o’er the sea — “row on,” she said…",
    "Row on (row on, row on)\n(Ooh-ooh) *whispered*",
    "You embed me in amber\nIn amber we Embed",
    "...You might also like tea\nTea, you might also like the sea\nYou might also like tea",
    '“You might also like it,” she said, (You might also like it) "You might also like this"',
    "See the band live, get tickets as low as you can go\nSee Ada Live on Sunday",
    "Three contributors wrote this, the Lyrics are mine\n12 Contributors to the fund",
    "I wrote it [in pencil] down, she said [sic]\nand [then] we left",
    "I <3 you, 2 < 3 and 3 > 2, <never> mind",
    "R&B; rock & roll; AT&T; this &that; you &me;",
    "Il était déjà là, señor, ça va, Ελλάδα, Москва, 東京",
    "100 miles\n99",
    "Clap 👏🏽 clap 🎉",
    "One.\n\nTwo.\nThree.\n\nFour.",
]


@pytest.mark.parametrize("song", SONGS)
@pytest.mark.parametrize("section_labels", SECTION_LABELS)
def test_a_song_is_left_alone(song: str, section_labels: str) -> None:
    assert clean(song, section_labels) == (song, {})


LABELLED = "[Verse 1: Ada]\nRow on\n\n  [Chorus] \nRow [softly] home\n[Outro]"


@pytest.mark.parametrize(
    ("section_labels", "song", "count"),
    [
        ("drop", "Row on\n\nRow [softly] home", 3),
        ("keep", "[Verse 1: Ada]\nRow on\n\n[Chorus]\nRow [softly] home\n[Outro]", 0),
        ("plain", "Verse 1: Ada:\nRow on\n\nChorus:\nRow [softly] home\nOutro:", 3),
    ],
)
def test_section_labels(section_labels: str, song: str, count: int) -> None:
    cleaned, counts = clean(LABELLED, section_labels)
    assert (cleaned, counts["section_labels"]) == (song, count)


@pytest.mark.parametrize("value", ["off", "", "Drop"])
def test_unknown_section_labels(value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"data.section_labels={value} is not one of drop, keep, plain")):
        clean("Row on", value)


def test_layout_keeps_stanzas_and_drops_the_rest() -> None:
    assert clean("\n\n  Row on \n \n\t\n\nRow  home\n\n")[0] == "Row on\n\nRow  home"


def test_a_whole_page() -> None:
    page = (
        "\ufeff8 ContributorsSea Song Lyrics[Verse 1]\r\nRow on, my&nbsp;love\r\n\r\n[Chorus]\r\n"
        "Don&#39;t go (no, no)\r\n"
        "See Ada Lark LiveGet tickets as low as $49You might also like[Verse 2]\r\nRow home\u200b12Embed"
    )
    assert clean(page) == (
        "Row on, my love\n\nDon't go (no, no)\n\nRow home",
        {
            "page_header": 1, "line_ends": 6, "markup": 2, "odd_spaces": 1, "invisible_characters": 2,
            "ticket_adverts": 1, "also_like": 1, "section_labels": 3, "embed_tail": 1,
        },
    )  # fmt: skip


FRAGMENTS = st.sampled_from(
    [
        *(
            "Row on",
            "row home",
            "'cause",
            "(oh)",
            "[Chorus]",
            "[Verse 1: Ada]",
            "[",
            "]",
            "\n",
            "\n\n",
            " ",
            "\t",
            "\r",
        ),
        *("12 ContributorsSea Lyrics", "1 Contributor", "Lyrics", "Read More", "3Embed", "Embed", "7"),
        *("EmbedShare URLCopyEmbedCopy", "You might also like", "See Ada Live", "Get tickets as low as $49"),
        *("<br>", "<p>", "</p>", "&amp;", "amp;", "&lt;", "lt;", "br", "&gt;", "&#8203;", "&nbsp;", "&", ";", "#", "$"),
        *("\u200b", "\ufeff", "\u00a0", "\u2028", "\x0b", "e", "\u0301", "<|endoftext|>", ":", "é", "👏🏽"),
    ]
)
NOISY_TEXT = st.lists(st.one_of(FRAGMENTS, FRAGMENTS, st.text(max_size=8)), max_size=14).map("".join)


@pytest.mark.parametrize("section_labels", SECTION_LABELS)
@given(text=NOISY_TEXT)
@example(text="&amp;lt;br&amp;gt;")
@example(text="[12 ContributorsLyrics]\nRow on3Embed\nEmbed")
@example(text="1 ContributorLyrics2 ContributorsLyricsRow")
@settings(max_examples=200, deadline=None)
def test_cleaning_twice_is_cleaning_once(section_labels: str, text: str) -> None:
    cleaned, _ = clean(text, section_labels)
    assert clean(cleaned, section_labels) == (cleaned, {})


@given(text=NOISY_TEXT)
@settings(max_examples=100, deadline=None)
def test_clean_lyrics_have_one_form(text: str) -> None:
    cleaned, counts = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert all(line == line.strip(" ") for line in cleaned.split("\n"))
    assert "\n\n\n" not in cleaned
    assert not set(cleaned) & set("\r\t\x0b\u200b\u00a0\u2028\ufeff")
    assert all(count > 0 for count in counts.values())
    if cleaned != text.strip() and not counts:  # then only spaces and empty lines went
        assert cleaned.split() == text.split()


WORDS = st.lists(st.from_regex(r"[a-zé]+(?:['’][a-z]+)?[,.!?…]?", fullmatch=True), min_size=1, max_size=6).map(" ".join)


@given(stanzas=st.lists(st.lists(WORDS, min_size=1, max_size=4).map("\n".join), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_plain_lines_pass_through(stanzas: list[str]) -> None:
    song = "\n\n".join(stanzas)
    assert clean(song) == (song, {})


@pytest.mark.parametrize("section_labels", SECTION_LABELS)
def test_the_demo_album_passes_through(section_labels: str) -> None:
    files = sorted(ALBUM.glob("*.txt"))
    assert files
    for file in files:
        _, _, body = file.read_text(encoding="utf-8").partition("\n")
        body = body.strip("\n")
        assert clean(body, section_labels) == (body, {}), file.name
