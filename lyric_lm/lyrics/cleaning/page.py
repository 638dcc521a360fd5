r"""Rules about what a lyrics page prints around and into the song: headers, buttons, adverts, recommendations.

Seen in the wild: LyricsGenius issues #237, #291, #311, #317 and its PR #215; spotDL #2356.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise

from lyric_lm.lyrics.cleaning.labels import read_label
from lyric_lm.lyrics.song import fold
from lyric_lm.lyrics.titles import base_title

_LINE = re.compile(r"[^\n]*\n?")
_REST_OF_LINE = re.compile(r" *(?:\n|\Z)")
_COUNT = r"\d[\d.,]*[KkM]?"
_PAGE_HEADER = re.compile(rf"\A\s*(?:(?:{_COUNT} ?)?Contributors?(?![a-z])|Translations(?=[^\W\d_a-z]))")
_HEADER_ROWS = re.compile(
    rf"\A\s*{_COUNT} ?Contributors?\s*\n(?:[^\n]{{0,80}}\n){{0,80}}?[^\n]{{0,200}} Lyrics(?=\s*(?:\n|\Z|\[))"
)
_BLURB = re.compile(r"(?!\s*\[)(?:(?!\n\n\n).){0,2500}?(?:…|\.\.\.|\.|\b)\s*Read More(?=\s|\[|\Z)\s*", re.DOTALL)
_GLUED_TITLE = re.compile(r"\A\s*[^\n\[\]]{1,120} Lyrics(?=\[)")

_EMBED = re.compile(
    # A number that stands apart is the song's, and so is one of a repeat marker.
    rf"(?:(?:\n|\A)\s*(?:{_COUNT})?|(?<=[^\s\d])(?<![)\]] x){_COUNT}|(?<=\S))"
    r"Embed(?:(?:Share)? ?URL ?Copy ?Embed ?Copy|Share Url:CopyEmbed:Copy|Share|"
    r"Cancel(?:How to Format Lyrics:.*)?)?\s*\Z",
    re.DOTALL,
)

ALSO_LIKE = "You might also like"
_MOST_BUTTONS = 50  # in one song; a page has one a stanza
_ALSO_LIKE = re.compile(
    rf"^[ ]*{ALSO_LIKE}[ ]*$"  # on a line of its own
    rf"|(?<!{ALSO_LIKE})(?<=[\w,;]){ALSO_LIKE}"  # glued to the word before
    rf"|(?<=[^\s(\[{{\"'“‘«¿¡—–-]){ALSO_LIKE}(?! [a-z])"
    rf"|(?<=[\w.,!?…—–-][\"'”’—–-]){ALSO_LIKE}[ ]*$"  # glued to quoted words or a dash, at the end of a line
    rf"|(?<=[.,!?…][\"'”’]){ALSO_LIKE}(?! [a-z])"
    rf"|(?<=\w [—–-]){ALSO_LIKE}(?! [a-z])"
    rf"|(?<=[^\W\d_]) {ALSO_LIKE}$"  # after a word that ends no sentence
    rf"|^[ ]*{ALSO_LIKE} (?=[A-ZÀ-Þ]\S*(?: \S+){{2}}|[^\sa-zA-ZÀ-ÿ,.;:!?])"  # before a line that begins anew
    rf"|{ALSO_LIKE}(?=[^\s,.;:!?)\]\-–—…a-z])"  # glued to what comes next
    rf"|{ALSO_LIKE}(?=[a-z])(?!d\b|s\b|n\b|ned\b|ning|r\b|st\b|l[iy]|able|wise|ness|minded)",
    re.MULTILINE,
)
_TICKETS = re.compile(
    r"(?:See (?:(?!See )[^\n]){1,80}? Live\s*)?Get tickets as low as [$£€]\s?\d+(?:[.,]\d+)*"
    r"|(?:See upcoming (?:(?!See )[^\n]){1,40}? shows\s*)?Get tickets for your favorite artists"
    r"|^[ ]*See [^\n]{1,80} Live[ ]*$(?=\s*^[ ]*(?:Get tickets|You might also like))",
    re.MULTILINE,
)


def page_header(text: str, title: str = "") -> tuple[str, int]:
    r"""Drop the page header of a scrape, glued to the first line or above it, with the song's description.

    >>> page_header("12 ContributorsSea Song LyricsRow on")
    ('Row on', 1)
    >>> page_header("8 ContributorsTranslationsDeutschSea Song LyricsA song of 1980 about … Read More\n[Verse]\nRow")
    ('[Verse]\nRow', 1)
    >>> page_header("Sea Song Lyrics\nRow on", "Sea Song"), page_header("Sea Lyrics\nRow on")
    (('Row on', 1), ('Sea Lyrics\nRow on', 0))
    """
    if not _PAGE_HEADER.match(text):
        return _title_line(text, title)
    end = _header_end(text, title)
    if end is None:
        rows = _HEADER_ROWS.match(text)
        end = rows.end() if rows else _end_of_line(text)
    return _without_blurb(text, end), 1


def _without_blurb(text: str, end: int) -> str:
    """Return the text from where a header ends, without the song's description if one follows."""
    blurb = _BLURB.match(text, end)
    return text[blurb.end() if blurb else end :].lstrip()


def _header_end(text: str, title: str) -> int | None:
    """Return where the first line's header ends: after the page's own title and the word "Lyrics"."""
    line = text[: _end_of_line(text)] if text.strip() else ""
    if title:
        known = re.search(rf"{re.escape(title)} Lyrics", line, re.IGNORECASE)
        if known:
            return known.end()
    generic = re.search(r" Lyrics", line)
    return generic.end() if generic else None


def _end_of_line(text: str) -> int:
    start = len(text) - len(text.lstrip())
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _title_line(text: str, title: str) -> tuple[str, int]:
    """Drop a first line "<Title> Lyrics", whole or glued to the first label or line."""
    if glued := _GLUED_TITLE.match(text):
        return _without_blurb(text, glued.end()), 1
    if wanted := fold(title):
        line = text[: _end_of_line(text)]
        for found in re.finditer(r"(?<=[\s\"'”’)\]])(?:Lyrics|lyrics|LYRICS)", line):
            rest = line[found.end() :]
            is_word = rest[:1].isalpha() and found[0] != "Lyrics"  # "Sea Song LyricsRow on", but no lyricsism
            if fold(line[: found.start()]) == wanted and not is_word and not re.match(r"\s+[a-zß-ÿ]", rest):
                return _without_blurb(text, found.end()), 1
    return text, 0


def embed_tail(text: str) -> tuple[str, int]:
    r"""Drop the "Embed" button's text, with its count, at the very end; the word inside the song stays.

    >>> embed_tail("Row home17Embed"), embed_tail("Row homeEmbedShare URLCopyEmbedCopy")
    (('Row home', 1), ('Row home', 1))
    >>> embed_tail("Embed me in amber"), embed_tail("All that the roots embed")
    (('Embed me in amber', 0), ('All that the roots embed', 0))
    """
    lines = text.rstrip().split("\n")
    n_lines = len(lines)
    while len(lines) > 1 and lines[-1].strip() in ("", "Embed"):
        lines.pop()
    if len(lines) < n_lines:
        text = "\n".join(lines)
    text, count = _EMBED.subn("", text)
    return text, count + (len(lines) < n_lines)


def ticket_adverts(text: str) -> tuple[str, int]:
    r"""Drop concert adverts, on their own lines or glued to the song; a song about a ticket stays.

    >>> ticket_adverts("Row on\nSee Ada LiveGet tickets as low as $49\nRow home")
    ('Row on\nRow home', 1)
    >>> ticket_adverts("Get tickets as low as the sea")
    ('Get tickets as low as the sea', 0)
    """
    return _cut(_TICKETS, text)


def recommendations(text: str, known: Collection[str] = ()) -> tuple[str, int]:
    r"""Drop the block of three recommended songs (a title and an artist each) below "You might also like".

    The six lines must look like names, not like verse; ``known`` are pairs found below that button in
    several songs (see ``recommended``), and settle it where the songs themselves are written In Title Case.

    >>> text = "Row on\nYou might also like\nBlue Jar\nThe Kites\nSalt\nAda Lark\nEmber Days\nNo Harbour\nRow home"
    >>> recommendations(text)
    ('Row on\nYou might also like\n\nRow home', 1)
    """
    count = 0
    buttons = list(_ALSO_LIKE.finditer(text)) if ALSO_LIKE in text else []
    for button in reversed(buttons[:_MOST_BUTTONS]):
        block = _block(text, button.end())
        if block and _is_recommended(block[0], text, known):
            text = (text[: button.end()] + "\n\n" + text[block[1] :]).rstrip("\n")  # it stands between stanzas
            count += 1
    return text, count


def recommended(songs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the pairs "title\\nartist" that stand below "You might also like" in more than one song, and only there.

    ``songs`` are titles and lyrics; versions of one song, which share their lines, count once.
    """
    songs = list(songs)
    below: defaultdict[str, set[int]] = defaultdict(set)
    for number, (_, text) in enumerate(songs):
        if ALSO_LIKE in text:
            for button in _ALSO_LIKE.finditer(text):
                if block := _block(text, button.end()):
                    for pair in _pairs(block[0]):
                        below[pair].add(number)
    anywhere: defaultdict[str, set[int]] = defaultdict(set)
    for number, (_, text) in enumerate(songs if below else []):
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        for pair in map("\n".join, pairwise(lines)):
            if pair in below:
                anywhere[pair].add(number)
    return frozenset(
        pair
        for pair, numbers in below.items()
        if len({base_title(songs[number][0]) for number in numbers}) > 1 and anywhere[pair] <= numbers
    )


def also_like(text: str) -> tuple[str, int]:
    r"""Drop "You might also like" where the page put it: on its own line, or glued to a word.

    >>> also_like("Row onYou might also likeOh, row"), also_like("Tea, you might also like")
    (('Row on\nOh, row', 1), ('Tea, you might also like', 0))
    """
    return _cut(_ALSO_LIKE, text)


def _block(text: str, start: int) -> tuple[list[str], int] | None:
    """Return the six non-blank lines from a place on, and where they end; None if there are fewer."""
    lines: list[str] = []
    for match in _LINE.finditer(text, start):
        line = match[0].strip()
        if line:
            lines.append(line)
        if len(lines) == 6:
            return lines, match.end()
    return None


def _pairs(lines: list[str]) -> list[str]:
    return [f"{title}\n{artist}" for title, artist in zip(lines[::2], lines[1::2], strict=True)]


def _is_recommended(lines: list[str], text: str, known: Collection[str]) -> bool:
    if any(len(line) > 80 or line[0] in "[" or line[-1] in ",;:" for line in lines):
        return False
    if any(ALSO_LIKE in line or read_label(line, starts_stanza=False) for line in lines):
        return False
    n_known = sum(pair in known for pair in _pairs(lines))
    if n_known >= 2:
        return True
    others = [line.strip() for line in text.split("\n") if line.strip() and line.strip() not in lines]
    if not others or len(set(lines)) < 5 or sum(text.count(f"\n{line}") for line in lines) > 7:
        return False  # lines that the song sings elsewhere too
    has_case = all(map(_has_case, others))
    beginnings = [c for line in others if (c := line.lstrip("'\"’‘“(")[:1]).isalpha()]
    begin_large = sum(c.isupper() for c in beginnings) > 0.8 * len(beginnings)
    is_named = [
        (_is_name(line) if _has_case(line) else has_case)
        or ((begin_large or not has_case) and line[0].islower() and len(line.split()) <= 6)
        for line in lines
    ]
    if has_case and sum(map(_is_name, others)) > 0.5 * len(others):
        return n_known == 1 and sum(is_named) >= 4
    return sum(is_named[1::2]) >= 2 and sum(is_named) >= 4 - n_known


def _has_case(line: str) -> bool:
    return any(c.isupper() or c.islower() for c in line) or not any(c.isalpha() for c in line)


def _is_name(line: str) -> bool:
    """Say whether a line is written like the name of a song or an artist: most words begin with a capital."""
    found = re.findall(r"[^\W_][^\W_'’.]*", line)
    small = {
        "a",
        "an",
        "and",
        "at",
        "by",
        "de",
        "del",
        "feat",
        "for",
        "from",
        "ft",
        "in",
        "la",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
        "x",
        "y",
    }
    weighty = [word for word in found if word.lower() not in small and not word[0].isdigit()]
    n_capital = sum(not word[0].islower() for word in weighty)
    return bool(weighty) and n_capital >= 0.8 * len(weighty) and (line[-1] != "." or len(weighty) <= 2)


def _cut(pattern: re.Pattern[str], text: str) -> tuple[str, int]:
    """Take out each match, with its line if nothing else is on it; what it glued together comes apart."""
    parts, place, count = [], 0, 0
    for match in pattern.finditer(text):
        start, end = match.span()
        before = text[place:start].rstrip(" ")
        after_is_empty = _REST_OF_LINE.match(text, end)
        starts_line = not before or before.endswith("\n")
        if starts_line and after_is_empty:
            end = after_is_empty.end()
        elif not starts_line and not after_is_empty:
            before += "\n"
        parts.append(before)
        place = end
        count += 1
    return "".join(parts) + text[place:], count
