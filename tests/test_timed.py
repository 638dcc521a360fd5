"""Lyrics with times: lines come out in the order they are sung, and nothing of the times is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyric_lm.lyrics.timed import is_lrc, is_subtitles, lrc_lyrics, lrc_tags, subtitle_lyrics

SUNG = "Row on\nrow home\n\nLow tide, low"
FORMS = ["[{m:02}:{s:02}.{c:02}]", "[{m:02}:{s:02}:{c:02}]", "[{m}:{s:02}.{c:02}0]", "[00:{m:02}:{s:02}.{c:02}]"]


def stamp(form: str, centiseconds: int) -> str:
    seconds, c = divmod(centiseconds, 100)
    return form.format(m=seconds // 60, s=seconds % 60, c=c)


LRC = {
    "plain": "[00:01.00]Row on\n[00:02.00]row home\n[00:03.00]\n[00:04.00]Low tide, low\n[00:05.00]\n",
    "tags": "\ufeff[ti:Sea]\r\n[AR:Ada]\r\n[offset:+500]\r\n[00:01]Row on\r\n[0:02]row home\r\n\r\n[0:4]Low tide, low",
    "backwards": "[#:a note][re:player]\n[00:04.00]Low tide, low\n\n[00:02.000]row home\n[00:01.000]Row on\n",
    "colons": "[00:01:00] Row on\n[00:02:50] row home\n\n[01:00:04.00] Low tide, low\n",
    "unstamped": "[00:01.00]Row on\nrow home\n\n[00:04.00]Low tide, low\n",
    "head": "Row on\n[00:02.00]row home\n[00:03.00]\n[00:04.00]Low tide, low\n",
    "words": "[00:01.00]<00:01.00>Row <00:01.50>on<00:01.90>\n[00:02.00]<00:02> row <0:2.2> home\n\n[0:4]Low tide, low",
    "brackets": "[00:01.00]Row [00:01.5]on\n[00:02.00]row[00:02.2] home\n\n[00:04]Low [00:05]tide, [00:06]low[00:08]",
    "singers": "[00:01.00]F: Row on\n[00:02.00]M: row home\n\n[00:04.00]D: Low tide, low",
    "heading": "[ti:Sea][ar:Ada]\n[00:00.00]Ada - Sea\n[00:01.00]Row on\n[00:02.00]row home\n\n[00:04.00]Low tide, low",
    "cleared": "[00:01.00]Row on\n[00:01.90]\n[00:02.00]row home\n[00:02.50]\n[00:09.00]Low tide, low\n[00:09.90]\n",
}


@pytest.mark.parametrize("text", LRC.values(), ids=LRC)
def test_every_form_of_lrc(text: str) -> None:
    assert is_lrc(text)
    assert lrc_lyrics(text) == SUNG


def test_a_line_with_several_stamps_is_sung_at_each() -> None:
    text = "[00:01]One\n[00:02]two\n\n[00:05][00:20]Row on\n[00:06][00:21]row home\n\n[00:10]Three\n[00:11]four\n"
    assert lrc_lyrics(text) == "One\ntwo\n\nRow on\nrow home\n\nThree\nfour\n\nRow on\nrow home"


def test_a_chorus_sung_twice_in_a_row_is_two_stanzas() -> None:
    text = "[00:01]One\n[00:02]two\n\n[00:05][00:07]Row on\n[00:06][00:08]row home\n"
    assert lrc_lyrics(text) == "One\ntwo\n\nRow on\nrow home\n\nRow on\nrow home"


def test_double_spacing_is_no_stanza_break() -> None:
    assert lrc_lyrics("[00:01]Row on\n\n[00:02]row home\n\n[00:03]\n\n[00:04]Low tide, low\n") == SUNG


@pytest.mark.parametrize("line", ["[Chorus]", "[Chorus: Ada]", "[Verse 2]", "M: is for the many", "Meet me at 3:16"])
def test_what_is_no_tag_and_no_stamp_stays(line: str) -> None:
    assert lrc_lyrics(f"[00:01.00]Row on\n[00:02.00]{line}\n[00:03.00]row home\n[00:04.00]again") == (
        f"Row on\n{line}\nrow home\nagain"
    )


def test_tags_name_the_song() -> None:
    text = "[TI: The Sea (Live)]\n[ar:Ada & Ben][al:Harbours]\n[by:]\n[00:01.00]Row on"
    assert lrc_tags(text) == {"title": "The Sea (Live)", "artist": "Ada & Ben"}
    assert lrc_tags("[00:01.00]Row on\n[Artist]") == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Row on\nrow home",
        "[Verse 1]\nRow on\n[Chorus: Ada]\nRow home",
        "[3:16]\nRow on\nrow home",
        "[12]\n[13]\n[14]",
    ],
)
def test_ordinary_lyrics_are_not_timed(text: str) -> None:
    assert not is_lrc(text)
    assert not is_subtitles(text)


LINE = st.text(st.sampled_from("abcé Ж'(),.!"), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.lists(LINE, min_size=2, max_size=12),
    st.lists(st.integers(0, 359_999), min_size=12, max_size=12, unique=True),
    st.sampled_from(FORMS),
    st.randoms(use_true_random=False),
)
def test_shuffled_lines_come_back_in_order(lines: list[str], times: list[int], form: str, random: object) -> None:
    times = sorted(times)[: len(lines)]
    stamped = [f"{stamp(form, time)}{line}" for time, line in zip(times, lines, strict=True)]
    random.shuffle(stamped)  # type: ignore[attr-defined]
    assert lrc_lyrics("\n".join(stamped)) == "\n".join(lines)


@given(st.text(st.sampled_from("[]<>:.0123456789 \nab#ti"), max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for read in (is_lrc, is_subtitles, lrc_tags, lrc_lyrics, subtitle_lyrics):
        read(text)  # type: ignore[operator]


def test_stamps_that_would_fill_the_memory() -> None:
    with pytest.raises(ValueError, match="broken time stamps"):
        lrc_lyrics("".join(stamp(FORMS[0], time) for time in range(9000)) + "Row on " * 1000)


SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Row on</i>
row home

2
00:00:09,000 --> 00:00:10,000
{\\an8}Low tide, low
"""
VTT = """WEBVTT - a song
Kind: captions

STYLE
::cue { color: red }

NOTE the words
are Ada's

00:01.000 --> 00:02.000 align:start
<v Ada>Row on</v>

verse
00:02.000 --> 00:03.000
♪ <c.loud>row</c> home ♪

00:00:09.000 --> 00:00:10.000
Low <00:00:09.500>tide, low
"""
ROLLING = """WEBVTT

00:00:01.000 --> 00:00:02.000
Row<00:00:01.500><c> on</c>

00:00:02.000 --> 00:00:02.010
Row on

00:00:02.010 --> 00:00:03.000
Row on
row<00:00:02.500><c> home</c>

00:00:03.000 --> 00:00:03.010
row home

00:00:09.000 --> 00:00:10.000
row home
Low tide, low
"""


@pytest.mark.parametrize(
    "text",
    [SRT, SRT.replace("\n", "\r\n"), SRT.replace("home\n\n2", "home\n2"), SRT + SRT[SRT.index("\n2") :], VTT],
    ids=["srt", "crlf", "no empty line", "two layers", "vtt"],
)
def test_subtitles(text: str) -> None:
    assert is_subtitles(text)
    assert not is_lrc(text)
    assert subtitle_lyrics(text) == SUNG


def test_rolling_captions_say_every_line_once() -> None:
    assert subtitle_lyrics(ROLLING) == SUNG


def test_a_line_sung_twice_stays_twice() -> None:
    cues = [f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nRow on\nrow on\n" for n in range(1, 4)]
    assert subtitle_lyrics("\n".join(cues)).split("\n") == ["Row on", "row on"] * 3
