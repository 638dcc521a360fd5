r"""Section labels: the lines that name a part of the song ("[Chorus]", "Verse 2:", "Припев"), in many languages.

``read_label`` says what a line is; the rule ``section_labels`` drops labels or writes them in one stable form.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from lyric_lm.lyrics.cleaning.credits import is_names
from lyric_lm.lyrics.cleaning.section_names import ALSO_WORDS, KIND

SECTION_LABELS = ("drop", "keep", "plain")

_NAME = "|".join(re.escape(name) for name in sorted(KIND, key=len, reverse=True))
_NUMBER = r"(?:\d{1,2}|[ivx]{1,5}|one|two|three|four|five|six|seven|[a-d])(?![^\W_])"
_ORDINAL = (
    r"(?:final|last|first|second|third|fourth|opening|half|double|alternate|alt\.?|"
    r"\d{1,2}(?:st|nd|rd|th|\.|º|ª|er|e|ère|ème|-й)?)"
)
_PART = re.compile(
    rf"(?:{_ORDINAL}\s)?(?P<name>{_NAME})(?![^\W\d_])(?:[ -]?{_NUMBER})?"
    rf"(?:\s?(?:[&/,+-]|and)\s?(?:(?:{_ORDINAL}\s)?(?:{_NAME})(?![^\W\d_])(?: {_NUMBER})?|{_NUMBER}))*",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"[\[(]?\s*(?:[x×]\s?(\d{1,2})|(\d{1,2})\s?[x×]|(\d{1,2}) (?:times|veces|fois|mal|раза?|vezes|volte)|(twice|"
    r"bis|2x))\s*[\])]?\s*$",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"(?:(?:repeat|rpt\.?|repite|repetir|répéter|wiederholung|wiederhole|ripeti|powtórz|tekrar|повторить|"
    r"повтор)(?:\s+(?:the|el|le|la|den|all of))?\b\s*:?\s*)"
    r"|(?:back to\s+(?:the\s+)?)",
    re.IGNORECASE,
)
_AGAIN_AFTER = re.compile(r"[\s,]*[\[(]?\b(?:repeats?|again|repeated|da capo|tekrarı?)\s*[\])]?\s*$", re.IGNORECASE)
# A line that begins with none of these, nor with a digit or a square bracket, is verse: most are, and are told quickly.
_FIRST_WORDS = {re.split(r"[^\w]", name)[0] for name in KIND} | set(
    re.findall(
        r"\w+",
        "final last first second third fourth opening half double alternate alt repeat rpt repite repetir répéter "
        "wiederholung wiederhole ripeti powtórz tekrar повторить повтор back",
    )
)
_FIRST_WORD = re.compile(r"\W*([^\W\d_]*)")
_WRAP_OPEN, _WRAP_CLOSE = "[({<*#_=~-–—", "])}>*#_=~-–—"
_GLUED = re.compile(rf"(?P<label>\[\s*(?:{_NAME})(?![^\W\d_])[^\[\]\n]{{0,120}}\])", re.IGNORECASE)


@dataclass(frozen=True)
class Label:
    """What a label or marker line says.

    ``name`` is the part's name as written ("Verse 1"), ``kind`` chorus, verse, other or "" (a square-bracketed line
    of another kind). ``n_times`` is the count it gives, or 1; ``is_again`` that it asks for a repetition. ``text`` is
    what follows on the same line.
    """

    name: str
    kind: str
    n_times: int = 1
    is_again: bool = False
    text: str = ""


@lru_cache(maxsize=10_000)  # several rules ask for the same lines
def read_label(line: str, starts_stanza: bool = True) -> Label | None:
    """Say which label a line is, or None for a line of verse.

    >>> read_label("[Verse 1: A, B & C]"), read_label("(Chorus x2)")  # doctest: +NORMALIZE_WHITESPACE
    (Label(name='Verse 1', kind='verse', n_times=1, is_again=False, text=''),
     Label(name='Chorus', kind='chorus', n_times=2, is_again=True, text=''))
    >>> read_label("Repeat Chorus").is_again, read_label("Припев:").kind, read_label("Chorus: Row on").text
    (True, 'chorus', 'Row on')
    >>> read_label("(oh, the chorus of gulls)"), read_label("Bridge over the bay"), read_label("Solo")
    (None, None, None)

    Args:
        line: one line.
        starts_stanza: an empty line, or the text's start, is above it; a bare "Chorus" counts only then, or in
            capitals.
    """
    text = line.strip()
    if not text or len(text) > 200:
        return None
    first = _FIRST_WORD.match(text)
    if text[0] != "[" and first and first[1] and first[1].lower() not in _FIRST_WORDS:
        return None
    outside, n_outside, _ = _peel(text) if text[-1] not in "])}" else (text, 1, False)  # (Chorus) x2
    inside, wrap = _unwrap(outside if n_outside > 1 else text)
    core, n_times, is_again = _peel(inside)
    n_times = max(n_times, n_outside)
    part = _PART.match(core)
    if not part:
        if wrap == "[" and "[" not in inside and "]" not in inside:
            return Label(_short(inside), "", n_times, is_again) if re.search(r"[^\W_]|\?", inside) else Label("", "")
        return None
    rest = core[part.end() :].strip()
    found = Label(_tidy(part[0]), KIND[part["name"].lower()], n_times, is_again or n_times > 1)
    if wrap == "[" or ((text[0] == "[") != (text[-1] == "]") and re.match(r"[\])]?\s*[:：–—-]|[\])]?$|[ (]", rest)):
        return found  # a bracket that lost its other half counts too
    if not rest:
        if wrap or found.is_again or text[-1] in ":：" or _is_bare_label(part["name"], core, starts_stanza):
            return found
        return None
    if wrap and re.match(r"[:：–—(-]", rest):  # (Chorus: Ada & Bo)
        return found
    if text[-1] in ":：" and re.fullmatch(r"\([^()]{1,80}\)", rest):  # Chorus (Ada):
        return found
    after = re.match(r"(?:\([^()]{1,80}\)\s*)?(?:[:：]|\.?\s?[–—]|\.-)[\s–—-]*", rest)  # Chorus (Ada): Row on
    follows = rest[after.end() :] if after else ""
    if after and not wrap and (part["name"].lower() not in ALSO_WORDS or is_names(follows)):
        peeled, n_after, _ = _peel(follows)
        if not peeled and n_after > 1:
            return Label(found.name, found.kind, n_after, True)
        return Label(found.name, found.kind, found.n_times, found.is_again, follows.strip())
    return None


def read_labels(lines: list[str]) -> list[Label | None]:
    """Read every line; a name behind a label ("Verse 2: Ada Lark") is the singer's and not verse.

    >>> [label.text if label else None for label in read_labels(["Verse 1: Ada Lark", "Row on", "Chorus: Row home"])]
    ['', None, 'Row home']
    """
    labels = [read_label(line, i == 0 or not lines[i - 1].strip()) for i, line in enumerate(lines)]
    for i, label in enumerate(labels):
        if label and label.text and i + 1 < len(lines) and lines[i + 1].strip() and not labels[i + 1]:
            is_sung_again = sum(line.strip().startswith(label.text) for line in lines) > 0
            if (
                len(label.text.split()) <= 5
                and is_names(label.text)
                and label.text[-1] not in ".,!?"
                and not is_sung_again
            ):
                labels[i] = replace(label, text="")
    return labels


def _unwrap(text: str) -> tuple[str, str]:
    """Take brackets, stars and dashes off both sides; return the inside and the opening sign ("" if not on both)."""
    text = re.sub(r"[\s.:：]*(?:\.\s?[—–-])?$", "", text)
    inside = text.lstrip(_WRAP_OPEN)
    opening = text[: len(text) - len(inside)]
    inside = inside.rstrip(_WRAP_CLOSE)
    closing = text[len(opening) + len(inside) :]
    if "(" in inside and ")" not in inside:  # [Chorus (Ada)]: the inner bracket stays closed
        inside, closing = inside + ")", closing[1:]
    if "[" in inside and "]" not in inside:  # two on one line: no single label
        return text, ""
    is_wrapped = opening != "" and (closing != "" or opening.strip("#") == "")  # "## Chorus" needs no other side
    return inside.strip(), opening[0] if is_wrapped else ""


def _peel(text: str) -> tuple[str, int, bool]:
    """Take "repeat" and "x2" off a text; return the rest, the count (1 if none), and whether it asks for more."""
    text = text.strip()
    n_times = 1
    if times := _TIMES.search(text):
        n_times = min(12, int(next((n for n in times.groups()[:3] if n), 2)))
        text = text[: times.start()].rstrip(" ,-–:.(")
    is_again = False
    if again := _AGAIN.match(text):
        text, is_again = text[again.end() :], True
    elif (after := _AGAIN_AFTER.search(text)) and (_PART.match(text[: after.start()]) or after.start() == 0):
        text, is_again = text[: after.start()], True
    return text.strip(), n_times, is_again


def _is_bare_label(name: str, core: str, starts_stanza: bool) -> bool:
    """Say whether an undecorated line such as "Chorus" or "VERSE 2" is a label and not verse."""
    if name.lower() in ALSO_WORDS:
        return core.isupper() and starts_stanza
    return (core.isupper() or not core.islower()) and (starts_stanza or core.isupper() or core != _tidy(name))


def _short(inside: str) -> str:
    """Return a label without the names behind it: "Intro – X" is "Intro"."""
    return _tidy(re.split(r"\s*[:：–—]\s*|\s-\s", inside)[0])


def _tidy(name: str) -> str:
    """Write a label's name in its stable form: single spaces, capitals at word starts where it was all of one case."""
    name = " ".join(name.split())
    return name.title() if name.isupper() or name.islower() else name


def split_glued(text: str) -> str:
    r"""Give labels that are glued to a line a line of their own.

    >>> split_glued("[Verse 1]Row on[Chorus]\nRow [sic] home")
    '[Verse 1]\nRow on\n[Chorus]\nRow [sic] home'
    """
    if "[" not in text:
        return text
    return "\n".join(
        line
        if "[" not in line
        else re.sub(r"\n{2,}", "\n", re.sub(r"\s*\n\s*", "\n", _GLUED.sub(r"\n\g<label>\n", line))).strip("\n")
        for line in text.split("\n")
    )


def section_labels(text: str, how: str = "drop") -> tuple[str, int]:
    r"""Drop labels, or write them in one form: "[Chorus]" (keep) or "Chorus:" (plain), without the singers' names.

    A label begins a new stanza. In brackets, only a whole line is a label; an ad-lib in round brackets is not.

    >>> section_labels("[Verse 1: Ada]\nRow on (row on)\n[Chorus]\nRow home")
    ('Row on (row on)\n\nRow home', 2)
    >>> section_labels("CHORUS\nRow home", "keep"), section_labels("[Refrain - Ada]\nRow home", "plain")
    (('[Chorus]\nRow home', 1), ('Refrain:\nRow home', 1))
    """
    lines: list[str] = []
    count = 0
    before = text
    found = split_glued(text).split("\n")
    for line, label in zip(found, read_labels(found), strict=True):
        if label is None:
            lines.append(line)
            continue
        written = {"drop": "", "keep": f"[{label.name}]", "plain": f"{label.name}:"}[how] if label.name else ""
        if not re.search(r"[^\W_]", label.name):
            written = ""  # [?]
        following = [label.text] if label.text else []
        changed = line.strip() != written
        count += changed
        if lines and lines[-1].strip() and (label.kind or written):
            lines.append("")
        lines += ([written] if written else []) + following
    after = "\n".join(lines)
    return (after.strip("\n") if how == "drop" else after, count) if count else (before, 0)
