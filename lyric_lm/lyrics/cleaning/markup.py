r"""The rule about HTML and the markers that other tools put between songs."""

import html
import html.entities
import re

_BREAK = re.compile(r"[^\S\n]*<(?:br|hr)\s*/?>[^\S\n]*\n?|[ \t]*</?(?:li|tr|h[1-6])(?:\s[^<>\n]*)?>\n?", re.IGNORECASE)
_PARAGRAPH = re.compile(
    r"\s*</(?:p|div)>\s*<(?:p|div)(?:\s[^<>\n]*)?>\s*|\s*<(?:p|div)(?:\s[^<>\n]*)?>\s*", re.IGNORECASE
)
_TAG = re.compile(
    r"<!doctype[^<>]*>|</?(?:i|b|u|s|em|strong|p|div|span|a|font|center|small|big|sup|sub|ul|ol|table|tbody|td|pre|code|blockquote|"
    r"body|html|head|title|meta|link|img|iframe|ins|section|article|header|footer|button|svg|path|label)"
    r"(?:\s[^<>\n]*)?/?>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"(?:(?<=\n)|\A)[ \t]*<!--.*?-->[ \t]*\n|<!--.*?-->", re.DOTALL)
_SCRIPT = re.compile(r"<(script|style|noscript)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_MANY_LINE_ENDS = re.compile(r"\n{4,}")
_MARKER = re.compile(r"<\|(?:start|end)oftext\|>", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


def markup(text: str) -> tuple[str, int]:
    r"""Turn HTML into the lines it shows; drop the markers that some tools put between songs.

    >>> markup("Rock &amp; roll<br/>Don&#x27;t <i>go</i>")
    ("Rock & roll\nDon't go", 5)
    >>> markup("<p>Row on</p>\n<p>Row home <!-- ad --></p>")[0].strip()
    'Row on\n\nRow home'
    >>> markup("I <3 you, a < b > c & d")
    ('I <3 you, a < b > c & d', 0)
    """
    total = 0
    if "<" in text:
        text, n_comments = _up_to_last("-->", _COMMENT, text)
        text, n_scripts = _up_to_last("</", _SCRIPT, text)
        total += n_comments + n_scripts
        for pattern, meaning in ((_PARAGRAPH, "\n\n"), (_BREAK, "\n"), (_TAG, ""), (_MARKER, "")):
            text, count = pattern.subn(meaning, text)
            total += count
        text = _MANY_LINE_ENDS.sub("\n\n\n", text) if total else text
    if "&" in text:
        total += sum(map(_is_reference, _REFERENCE.finditer(text)))
        text = _REFERENCE.sub(lambda m: html.unescape(m[0]) if _is_reference(m) else m[0], text)
    return text, total


def _up_to_last(end: str, pattern: re.Pattern[str], text: str) -> tuple[str, int]:
    """Take a pattern out of a text up to the last place where it can end; beyond, every search would be in vain."""
    last = text.rfind(end)
    if last < 0:
        return text, 0
    place = text.find("\n", last) + 1 or len(text)  # with the rest of its line
    head, count = pattern.subn("", text[:place])
    return head + text[place:], count


def _is_reference(match: re.Match[str]) -> bool:
    return match[0][1] == "#" or match[0][1:] in html.entities.html5
