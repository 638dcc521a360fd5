"""Section labels: dropped, kept in one form, or written plainly; what only looks like one stays."""

import re

import pytest

from lyric_lm.lyrics.cleaning import clean
from tests.test_cleaning import C, V

LABELLED = "[Verse 1: Ada]\nRow on\n\n  [Chorus] \nRow [softly] home\n[Outro]"


@pytest.mark.parametrize(
    ("section_labels", "song", "count"),
    [
        ("drop", "Row on\n\nRow [softly] home", 3),
        ("keep", "[Verse 1]\nRow on\n\n[Chorus]\nRow [softly] home\n\n[Outro]", 1),
        ("plain", "Verse 1:\nRow on\n\nChorus:\nRow [softly] home\n\nOutro:", 3),
    ],
)
def test_section_labels(section_labels: str, song: str, count: int) -> None:
    cleaned = clean(LABELLED, section_labels)
    assert (cleaned.text, cleaned.counts["section_labels"]) == (song, count)


@pytest.mark.parametrize(
    "label", ["[Chorus]", "[CHORUS: Ada & Bo]", "(chorus)", "Chorus:", "**Chorus**", "[Chorus – Ada]", "[Chorus"]
)
def test_kept_labels_have_one_form(label: str) -> None:
    assert clean(f"{label}\n{C}", "keep").text == f"[Chorus]\n{C}"
    assert clean(f"{label}\n{C}", "plain").text == f"Chorus:\n{C}"


def test_what_is_repeated_keeps_its_label() -> None:
    assert (
        clean(f"[Chorus]\n{C}\n\n[Verse]\n{V}\n\n(Chorus)", "keep").text
        == f"[Chorus]\n{C}\n\n[Verse]\n{V}\n\n[Chorus]\n{C}"
    )


def test_a_marker_for_what_is_no_song_stays_a_label() -> None:
    """Written out at the foot of the song, the credit would be taken out there, and the label ask for it again."""
    song = "[Chorus]\nWritten by: Ada\n\n[Verse]\nRow on\n\n[Chorus]"
    cleaned = clean(song, "keep")
    assert (cleaned.text, cleaned.counts, cleaned.steps) == (song, {}, [])
    assert clean(song, "plain").text == "Chorus:\nWritten by: Ada\n\nVerse:\nRow on\n\nChorus:"


@pytest.mark.parametrize("value", ["off", "", "Drop"])
def test_unknown_section_labels(value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"data.section_labels={value} is not one of drop, keep, plain")):
        clean("Row on", value)
