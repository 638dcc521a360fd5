r"""Take out of a song's text what is not the song, one named rule at a time, and count what each took.

Every rule is a function ``text -> (text, count)`` in ``RULES``, in the order in which they run. Rules never
touch words, apostrophes, ad-libs in brackets or stanza breaks; cleaning clean text returns it unchanged,
and cleaning twice is cleaning once.

Noise seen in the wild and its sources: LyricsGenius issues #237, #291, #311, #317 and its PR #215.
"""

import html
import html.entities
import re
import unicodedata
from collections import Counter
from collections.abc import Callable

SECTION_LABELS = ("drop", "keep", "plain")

Rule = Callable[[str], tuple[str, int]]

_LABEL = re.compile(r"^[ \t]*\[([^\[\]\n]{1,120})\][ \t]*(?:\n|\Z)", re.MULTILINE)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f\x7f]")
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\u2028\u2029]")
_BREAK = re.compile(r"[ \t]*<(?:br\s*/?|/p|/div)>\n?|<\|(?:start|end)oftext\|>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:i|b|em|strong|p|div|span|a)(?:\s[^<>\n]*)?>", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);")
_HEADER = re.compile(r"\A\s*\d+ Contributors?[^\n]*?Lyrics(?:[^\n]*?Read More\s*)?")
_EMBED = re.compile(
    r"(?:(?:\A|\n)\s*\d*|(?<=[^\s\d])\d*|(?<=\d))Embed(?:Share URLCopyEmbedCopy|Share Url:CopyEmbed:Copy)?\s*\Z"
)
_ALSO_LIKE = re.compile(
    r"^[ \t]*You might also like[ \t]*(?:\n|\Z)"
    r"|(?<=[^\s(\[{\"'“‘«¿¡—–-])You might also like(?! )|You might also like(?=[A-Z\[])",
    re.MULTILINE,
)
_TICKETS = re.compile(r"^[ \t]*See [^\n]{1,60} Live[ \t]*\n?Get tickets as low as \$\d+[ \t]*\n?", re.MULTILINE)


def clean(text: str, section_labels: str = "drop") -> tuple[str, Counter[str]]:
    r"""Clean one song's text.

    >>> clean("[Verse 1]\nDon’t go (no, no)\n\n\n\n[Chorus]\nStay&hellip;\n3Embed")[0]
    'Don’t go (no, no)\n\nStay…'
    >>> clean("[Chorus]\nStay", "plain"), clean("[Chorus]\nStay", "keep")
    (('Chorus:\nStay', Counter({'section_labels': 1})), ('[Chorus]\nStay', Counter()))

    Returns:
        The text, and how often each rule changed something.

    Raises:
        ValueError: ``section_labels`` is not one of ``SECTION_LABELS``.
    """
    if section_labels not in SECTION_LABELS:
        raise ValueError(f"data.section_labels={section_labels} is not one of {', '.join(SECTION_LABELS)}")
    counts: Counter[str] = Counter()
    before = None
    while text != before:  # what one rule takes out can lay bare work for another, as in &amp;lt;br&amp;gt;
        before = text
        for name, rule in RULES.items():
            text, count = rule(text)
            counts[name] += count
        if section_labels != "keep":
            text, count = _section_labels(text, section_labels)
            counts["section_labels"] += count
        text = _layout(text)
    return text, +counts  # + leaves out the zeros


def unicode_form(text: str) -> tuple[str, int]:
    """Compose letters and their accents (NFC): the same word is always the same bytes.

    >>> unicode_form("cafe\\u0301") == ("caf\\u00e9", 1)
    True
    """
    composed = unicodedata.normalize("NFC", text)
    return composed, int(composed != text)


def markup(text: str) -> tuple[str, int]:
    r"""Turn HTML line breaks and character references into what they stand for; drop tags and song markers.

    >>> markup("Rock &amp; roll<br/>Don&#x27;t <i>go</i>")
    ("Rock & roll\nDon't go", 5)
    """
    text, n_breaks = _BREAK.subn("\n", text)
    text, n_tags = _TAG.subn("", text)
    n_references = sum(map(_is_reference, _REFERENCE.finditer(text)))
    text = _REFERENCE.sub(lambda m: html.unescape(m[0]) if _is_reference(m) else m[0], text)
    return text, n_breaks + n_tags + n_references


def _is_reference(match: re.Match[str]) -> bool:
    return match[0][1] == "#" or match[0][1:] in html.entities.html5


def line_ends(text: str) -> tuple[str, int]:
    r"""Write every kind of line end as ``\n``.

    >>> line_ends("Row on\r\nRow home\u2028Row")
    ('Row on\nRow home\nRow', 2)
    """
    return _LINE_END.subn("\n", text)


def invisible_characters(text: str) -> tuple[str, int]:
    r"""Drop characters that print nothing (zero-width, direction marks, control characters).

    >>> invisible_characters("lo\u200bve\ufeff")
    ('love', 2)
    """
    return _INVISIBLE.subn("", text)


def odd_spaces(text: str) -> tuple[str, int]:
    r"""Write no-break spaces, thin spaces and tabs as plain spaces.

    >>> odd_spaces("my\u00a0love\u2005song")
    ('my love song', 2)
    """
    return _ODD_SPACE.subn(" ", text)


def page_header(text: str) -> tuple[str, int]:
    r"""Drop the page header of a scrape, glued to the first line, with the song's description if it has one.

    >>> page_header("12 ContributorsSea Song LyricsRow on")
    ('Row on', 1)
    """
    return _HEADER.subn("", text)


def embed_tail(text: str) -> tuple[str, int]:
    r"""Drop the "Embed" button's text at the very end; the word inside the song stays.

    >>> embed_tail("Row home17Embed"), embed_tail("Embed me in amber")
    (('Row home', 1), ('Embed me in amber', 0))
    """
    return _EMBED.subn("", text)


def also_like(text: str) -> tuple[str, int]:
    r"""Drop "You might also like" where the page put it: on its own line, or glued to a word.

    >>> also_like("Row onYou might also likeOh, row"), also_like("Tea, you might also like")
    (('Row on\nOh, row', 1), ('Tea, you might also like', 0))
    """
    return _ALSO_LIKE.subn(lambda m: "" if m[0].endswith("\n") else "\n", text)


def ticket_adverts(text: str) -> tuple[str, int]:
    r"""Drop concert adverts; a song about a ticket stays.

    >>> ticket_adverts("Row on\nSee Ada LiveGet tickets as low as $49\nRow home")
    ('Row on\nRow home', 1)
    """
    return _TICKETS.subn("", text)


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        markup,
        line_ends,
        invisible_characters,
        odd_spaces,
        unicode_form,
        page_header,
        ticket_adverts,
        also_like,
        embed_tail,
    )
}


def _section_labels(text: str, how: str) -> tuple[str, int]:
    """Drop lines that are nothing but ``[...]``, or write them as ``Label:`` (plain)."""
    return _LABEL.subn("" if how == "drop" else lambda m: f"{m[1].strip()}:\n", text)


def _layout(text: str) -> str:
    r"""Trim lines, leave one empty line between stanzas and none around the song.

    >>> _layout("\n  Row on \n\n\n\nRow home\n")
    'Row on\n\nRow home'
    """
    text = "\n".join(line.strip(" ") for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
