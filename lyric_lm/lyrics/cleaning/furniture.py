r"""Rules about what is printed between the lines: time stamps, page numbers, ruled lines, music signs."""

import re

from lyric_lm.lyrics.timed import is_lrc, is_subtitles, lrc_lyrics, subtitle_lyrics

_STAMP = re.compile(
    r"[ ]*(?:\[\d{1,3}:\d{2}(?:[.:]\d{1,3})?(?:\s?[-–—]\s?\d{1,3}:\d{2}(?:[.:]\d{1,3})?)?\]|"
    r"<\d{1,3}:\d{2}[.:]\d{1,3}>)[ ]*"
)
_TIME = r"\d{1,2}:\d{2}(?:[.:]\d{1,3})?(?:\s?(?:[-–—]|-->)\s?\d{1,2}:\d{2}(?:[.:]\d{1,3})?)?"
_BRACKETED_STAMP = re.compile(rf"^[ ]*\({_TIME}\)[ ]*", re.MULTILINE)
_PLAIN_STAMP = re.compile(rf"^[ ]*{_TIME}(?:[ ]+(?:[-–—|][ ]+)?|$)", re.MULTILINE)

_PAGE = re.compile(
    r"^[ ]*[-–—~*|\[(]*[ ]*(?:page|pg\.?|p\.|seite|s\.|página|pág\.?|pagina|стр\.?|страница|sida|strona|"
    r"str\.)[ ]*\d{1,4}"
    r"(?:[ ]*(?:of|/|von|de|из|z|av|di)[ ]*\d{1,4})?[ ]*[-–—~*|\])]*[ ]*$"
    r"|^[ ]*[-–—~*|\[][ ]*\d{1,4}[ ]*[-–—~*|\]][ ]*$"
    r"|^[ ]*\d{1,4}[ ]*/[ ]*\d{1,4}[ ]*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^\s*\d{1,4}\s*$")
_STANZA_NUMBER = re.compile(r"^\s*(?:\d{1,2}|[IVX]{1,6})[.)]\s*$")
_RULE = re.compile(r"^\s*(?:([-=*_#~+•·—–─━═‒―])(?:\s*\1){2,}|(?:[*•·~]\s*){3,}|[—–─━═]{2,}|#{1,6}|\*)\s*$")
_MUSIC = re.compile(r"[ ]*[♩♪♫♬♭♮♯🎵🎶][♩♪♫♬🎵🎶 ]*")


def time_stamps(text: str) -> tuple[str, int]:
    r"""Drop time stamps; a whole timed text is put back in the order in which it is sung.

    >>> time_stamps("[00:12.00]Row on\n[00:15.30]Row home"), time_stamps("At 4:20 we row")
    (('Row on\nRow home', 2), ('At 4:20 we row', 0))
    """
    if is_lrc(text):
        return lrc_lyrics(text), len(re.findall(r"\[\d+:\d", text))
    if is_subtitles(text):
        return subtitle_lyrics(text), text.count("-->")
    total = 0
    if ":" in text:
        lines = []
        for line in text.split("\n"):
            without, count = _STAMP.subn(" ", line)
            total += count
            if count:
                lines += [without.strip()] if without.strip() else []
            else:
                lines.append(line)
        text = "\n".join(lines)
        text, count = _BRACKETED_STAMP.subn("", text)
        total += count
        stamps = _PLAIN_STAMP.findall(text)
        n_lines = sum(bool(line.strip()) for line in text.split("\n"))
        if len(stamps) >= max(3, 0.6 * n_lines):  # a few may be sung
            text = _PLAIN_STAMP.sub("", text)
            total += len(stamps)
    return text, total


def page_numbers(text: str) -> tuple[str, int]:
    r"""Drop page numbers and the numbers of stanzas; a counting song keeps its count.

    >>> page_numbers("Row on\n- 12 -\nRow home\n\n13\n\nPage 14 of 20")
    ('Row on\nRow home\n\n', 3)
    >>> page_numbers("1\n2\n3\nRow!"), page_numbers("In 1999\nwe rowed")
    (('1\n2\n3\nRow!', 0), ('In 1999\nwe rowed', 0))
    """
    lines = text.split("\n")
    drop = {i for i, line in enumerate(lines) if _PAGE.match(line)}
    numbers = [i for i, line in enumerate(lines) if _NUMBER.match(line)]
    alone = drop | set(numbers)
    others = {int(n) for i, line in enumerate(lines) if i not in alone for n in re.findall(r"\d{1,4}", line)}
    number_stanzas = len(numbers) > 1 and all(i == 0 or not lines[i - 1].strip() for i in numbers)
    for i in numbers:
        above = lines[i - 1].strip() if i else ""
        below = lines[i + 1].strip() if i + 1 < len(lines) else ""
        is_apart = not above and not below
        # Between lines of verse, a number is the page's unless the song counts or dates.
        is_counting = any(_NUMBER.match(near) for near in (above, below))
        is_page = len(lines[i].strip()) > 1 and not any(int(lines[i]) + near in others for near in range(-10, 11))
        if not is_counting and (is_apart or is_page or number_stanzas):
            drop.add(i)
    for i, line in enumerate(lines):
        if _STANZA_NUMBER.match(line) and (i == 0 or not lines[i - 1].strip()):
            drop.add(i)
    return ("\n".join(line for i, line in enumerate(lines) if i not in drop), len(drop)) if drop else (text, 0)


def separators(text: str) -> tuple[str, int]:
    r"""Write ruled lines and rows of stars as what they are between stanzas, an empty line; drop music signs.

    >>> separators("Row on\n* * *\nRow home"), separators("♪ Row on ♪"), separators("Oh ... oh")
    (('Row on\n\nRow home', 1), ('Row on', 1), ('Oh ... oh', 0))
    """
    count = 0
    lines = []
    for line in text.split("\n"):
        if _RULE.match(line):
            count += 1
            lines.append("")
        elif _MUSIC.search(line):
            count += 1
            sung = _MUSIC.sub(" ", line).strip()
            lines += [sung] if sung else []
        else:
            lines.append(line)
    return ("\n".join(lines), count) if count else (text, 0)


def double_spacing(text: str) -> tuple[str, int]:
    r"""Close the gaps of a text that has an empty line after every line and more of them between stanzas.

    >>> double_spacing("Row\n\non\n\nRow\n\n\nRow\n\nhome"), double_spacing("Row\n\non\n\nRow")
    (('Row\non\nRow\n\nRow\nhome', 1), ('Row\n\non\n\nRow', 0))
    """
    tight = re.sub(r"[ \t]+(?=\n)|(?<=\n)[ \t]+", "", text.strip())
    gaps = [len(gap) for gap in re.findall(r"\n+", tight)]
    n_wide = sum(gap > 2 for gap in gaps)
    is_doubled = len(gaps) >= 4 and gaps.count(1) <= 0.1 * len(gaps) and 0 < n_wide <= 0.5 * len(gaps)
    return (re.sub(r"\n{2,}", lambda m: "\n" if len(m[0]) == 2 else "\n\n", tight), 1) if is_doubled else (text, 0)
