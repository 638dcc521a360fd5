"""Whatever a text is put together from: cleaning twice is cleaning once, and what comes out has one form."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lyric_lm.lyrics.cleaning import SECTION_LABELS, clean
from tests.test_cleaning import STUB

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
        *(
            "(Chorus x2)",
            "Repeat Chorus",
            "x3",
            "(x2)",
            "Chorus:",
            "Chorus",
            "CHORUS",
            "Written by: Ada",
            "(c) 2001",
            "- 12 -",
        ),
        *(
            "1.",
            "***",
            "♪",
            "[00:12.00]",
            "<00:12.00>",
            "0:12 ",
            "’",
            "'",
            "“",
            '"',
            "Ã©",
            "â€™",
            "а",
            "lov\u0435",
            "\u200d",
            "12",
        ),
        *(STUB, "...", "www.lyrics.com", "[Chorus", "Chorus]", "\nBlue Jar\nThe Kites\nSalt\nAda\nEmber\nBo\n"),
        *("\u200b", "\ufeff", "\u00a0", "\u2028", "\x0b", "e", "\u0301", "<|endoftext|>", ":", "é", "👏🏽"),
    ]
)
NOISY_TEXT = st.lists(st.one_of(FRAGMENTS, FRAGMENTS, st.text(max_size=8)), max_size=14).map("".join)


@pytest.mark.parametrize("section_labels", SECTION_LABELS)
@given(text=NOISY_TEXT)
@example(text="&amp;lt;br&amp;gt;")
@example(text="[12 ContributorsLyrics]\nRow on3Embed\nEmbed")
@example(text="1 ContributorLyrics2 ContributorsLyricsRow")
@example(text="[Chorus][Chorus]Written by: Ada")
@example(text="[Chorus]\nEmbed\n\n[Verse]\nRow on\n\n[Chorus]")
@example(text="[Chorus]EmbedEmbed\nRepeat Chorus")
@example(text="[Chorus]Chorus2)Embed[Chorus]")
@example(text="CHORUS\n-2-(x2)[Chorus]")
@example(text="Repeat Chorus\nRow on\nChorus:Traditional")
@settings(max_examples=200, deadline=None)
def test_cleaning_twice_is_cleaning_once(section_labels: str, text: str) -> None:
    once = clean(text, section_labels)
    twice = clean(once.text, section_labels)
    assert (twice.text, twice.counts) == (once.text, {})


@given(text=NOISY_TEXT)
@settings(max_examples=100, deadline=None)
def test_clean_lyrics_have_one_form(text: str) -> None:
    cleaned, counts = (result := clean(text)).text, result.counts
    assert unicodedata.is_normalized("NFC", cleaned)
    assert all(line == line.strip(" ") for line in cleaned.split("\n"))
    assert "\n\n\n" not in cleaned
    assert not set(cleaned) & set("\r\t\x0b\u200b\u00a0\u2028\ufeff")
    assert all(count > 0 for count in counts.values())
    if cleaned != text.strip() and not counts:  # then only spaces and empty lines went
        assert cleaned.split() == text.split()


WORDS = st.lists(st.from_regex(r"[a-zé]+(?:’[a-z]+)?[,.!?…]?", fullmatch=True), min_size=1, max_size=6).map(" ".join)


@given(stanzas=st.lists(st.lists(WORDS, min_size=1, max_size=4).map("\n".join), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_plain_lines_pass_through(stanzas: list[str]) -> None:
    song = "\n\n".join(stanzas)
    assert clean(song).text == song
