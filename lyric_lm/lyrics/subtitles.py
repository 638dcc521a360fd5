r"""Subtitles as plain lyrics: ``.srt`` and ``.vtt``.

A file's text goes in; its lines come out in the order in which they are shown, without times, cue numbers, notes
and tags, with an empty line where nothing is shown for a while.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise

STANZA_GAP = 4.0  # seconds of silence between two lines that end a stanza

_CUE_TIME = r"((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})"
_TIMING = re.compile(rf"\s*{_CUE_TIME}\s*-->\s*{_CUE_TIME}")
_CUE_TAG = re.compile(r"</?(?:[cbiusv]|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<[\d:.]+>|\{\\[^{}]*\}", re.IGNORECASE)


@dataclass
class _Cue:
    start: float
    end: float
    lines: list[str] = field(default_factory=list)


def is_subtitles(text: str) -> bool:
    r"""Say whether a text is subtitles: it says WEBVTT, or a cue's times stand in its first lines.

    >>> is_subtitles("1\n00:00:01,000 --> 00:00:02,500\nRow on"), is_subtitles("Row on --> row home")
    (True, False)
    """
    lines = lines_of(text[:2000])
    filled = [line for line in lines if line.strip()]
    return bool(filled) and (filled[0].startswith("WEBVTT") or any(map(_TIMING.match, filled[:3])))


def subtitle_lyrics(text: str) -> str:
    r"""Return the lines of subtitles; a silence of ``STANZA_GAP`` or more ends a stanza.

    Captions that roll, where each cue repeats the last line of the one before, give every line once.

    >>> subtitle_lyrics("1\n00:00:01,000 --> 00:00:02,500\n<i>Row on</i>\n\n2\n00:00:09,0 --> 00:00:10,0\nRow home\n")
    'Row on\n\nRow home'
    """
    cues = [cue for cue in _cues(text) if cue.lines]
    follows = [now.lines[0] == before.lines[-1] for before, now in pairwise(cues) if now.lines[1:]]
    is_rolling = len(follows) > 1 and sum(follows) >= 0.8 * len(follows)
    lines: list[str] = []
    before = _Cue(0, float("inf"))
    for cue in cues:
        if cue == before:  # styled subtitles write a line once for each layer
            continue
        if cue.start - before.end >= STANZA_GAP:
            lines.append("")
        overlap = 0
        if is_rolling:
            longest = min(len(before.lines), len(cue.lines))
            overlap = max(n for n in range(longest + 1) if before.lines[len(before.lines) - n :] == cue.lines[:n])
        lines += cue.lines[overlap:]
        before = cue
    return join_stanzas(lines)


def lines_of(text: str) -> list[str]:
    return re.split("\r\n?|\n", text.removeprefix("\ufeff"))


def join_stanzas(lines: list[str]) -> str:
    """Join lines with one empty line where there are several in a row, and none around them."""
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip("\n")


def _cues(text: str) -> list[_Cue]:
    """Read the cues of subtitles, in order of time; whatever stands before the first one is the file's header."""
    cues: list[_Cue] = []
    lines = lines_of(text)
    is_vtt = text.lstrip("\ufeff\n ").startswith("WEBVTT")
    is_note, is_after_empty = False, True
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if timing := _TIMING.match(line):
            cues.append(_Cue(_cue_seconds(timing[1]), _cue_seconds(timing[2])))
            is_note = False
        elif not line.strip():
            is_note, is_after_empty = False, True
            continue
        elif is_vtt and is_after_empty and re.match(r"(?:NOTE|STYLE|REGION)\b", line):
            is_note = True
        elif _is_cue_name(line, following, is_vtt, is_after_empty):
            pass
        elif cues and not is_note and (sung := _CUE_TAG.sub("", line).strip(" \t♪♫♬")):
            cues[-1].lines.append(sung)
        is_after_empty = False
    return sorted(cues, key=lambda cue: cue.start)


def _is_cue_name(line: str, following: str, is_vtt: bool, is_after_empty: bool) -> bool:
    is_before_times = bool(_TIMING.match(following))
    if line.strip().isdigit():
        return is_after_empty or is_before_times
    return is_vtt and is_after_empty and is_before_times


def _cue_seconds(time: str) -> float:
    *hours, minutes, seconds = time.replace(",", ".").split(":")
    return 3600 * int(hours[0] if hours else 0) + 60 * int(minutes) + float(seconds)
