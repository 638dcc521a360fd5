r"""Rules about what a lyrics page prints around and into the song: headers, buttons, adverts.

Seen in the wild: LyricsGenius issues #237, #291, #311, #317 and its PR #215; spotDL #2356.
"""

import re

from lyric_lm.lyrics.song import fold

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
BUTTON = re.compile(
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


def also_like(text: str) -> tuple[str, int]:
    r"""Drop "You might also like" where the page put it: on its own line, or glued to a word.

    >>> also_like("Row onYou might also likeOh, row"), also_like("Tea, you might also like")
    (('Row on\nOh, row', 1), ('Tea, you might also like', 0))
    """
    return _cut(BUTTON, text)


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
