r"""The rule about repeat markers: "(Chorus x2)", "Repeat chorus", "line (x3)" become what is sung.

A marker is written out where the text it asks for is known: a labelled part, a stanza that recurs, the line it
stands on. Where it is not known the marker is dropped.
"""

import re
from collections import Counter

from lyric_lm.lyrics.cleaning.labels import Label, read_label, read_labels, split_glued
from lyric_lm.lyrics.song import fold

_COUNT = (
    r"(?:[x×]\s?(?P<n1>\d{1,2})|(?P<n2>\d{1,2})\s?[x×]|(?P<n3>\d{1,2}) (?:times|veces|fois|mal|раза?|vezes|volte)|"
    r"(?P<n4>bis|2x|repeat|rpt\.?|повтор))"
)
_ALONE = re.compile(
    rf"^\s*(?:[\[({{]\s*(?:repeat\s*)?{_COUNT}\s*[\])}}]|(?:repeat\s+)?[x×](?P<m1>\d{{1,2}})|"
    rf"(?P<m2>\d{{1,2}})[x×])[\s.:]*$",
    re.IGNORECASE,
)
_ON_LINE = re.compile(
    rf"^(?P<line>.*\w.*?)(?:\s*[\[({{]\s*(?:repeat\s*)?{_COUNT}\s*[\])}}]|"
    rf"(?:\s+[x×]|(?<=[,.;!?…]) x )(?P<m1>\d{{1,2}})|"
    rf"\s+(?P<m2>\d{{1,2}})[x×])[\s.]*$",
    re.IGNORECASE,
)
_MAYBE = re.compile(
    r"[x×]\s?\d|\d\s?[x×]|\d (?:times|veces|fois|mal|раз|vezes|volte)|bis|repeat|rpt|повтор", re.IGNORECASE
)
_LONGEST = 300  # characters; a longer line is not looked through for a marker at its end
_MOST = 12  # more repetitions than this are a joke or a misreading


def repeat_markers(text: str) -> tuple[str, int]:
    r"""Write out what repeat markers stand for, or drop them.

    >>> repeat_markers("[Chorus]\nRow on\n\n[Verse]\nSalt and stone\n\n(Chorus)")[0]
    '[Chorus]\nRow on\n\n[Verse]\nSalt and stone\n\n[Chorus]\nRow on'
    >>> repeat_markers("Row on (x2)\nRow home"), repeat_markers("Row home\n\nRepeat Chorus")
    (('Row on\nRow on\nRow home', 1), ('Row home\n', 1))
    """
    lines = [line.strip() for line in split_glued(text).split("\n")]
    labels = read_labels(lines)
    has_counts = _MAYBE.search(text) is not None
    if not any(labels) and not has_counts:
        return text, 0
    is_airy = _is_airy(lines, labels)
    known = _known_parts(lines, labels, is_airy)
    out: list[str] = []
    count = 0
    i = 0
    while i < len(lines):
        label, line = labels[i], lines[i]
        if label is None:
            n_alone = _n_times(_ALONE.match(line)) if has_counts else 0
            n_on_line = _n_times(_ON_LINE.match(line)) if has_counts and len(line) <= _LONGEST else 0
            if n_alone:
                out += _stanza_again(out, known) * (n_alone - 1)
                count += 1
            elif n_on_line:
                sung = _ON_LINE.match(line)
                out += [sung["line"].strip()] * n_on_line if sung else []
                count += 1
            else:
                out.append(line)
            i += 1
            continue
        body = known.get(_key(label))
        if _is_alone(i, lines, labels, is_airy, body) and (body or label.is_again):
            if body:
                for _ in range(label.n_times):
                    out += [*_apart(out), f"[{label.name}]", *body]
            count += 1
            if i + 1 < len(lines) and lines[i + 1]:
                out.append("")
        elif label.is_again:  # the label of what follows; how often that was sung is left open
            out += [*_apart(out), f"[{label.name}]", *([label.text] if label.text else [])]
            count += 1
        else:
            out.append(line)
        i += 1
    return ("\n".join(out), count) if count else (text, 0)


def _key(label: Label) -> str:
    return "chorus" if label.kind == "chorus" else label.name.casefold()


def _n_times(match: re.Match[str] | None) -> int:
    """Return how often a marker asks for its text, 0 for no marker."""
    if not match:
        return 0
    n = next(
        (int(value) for name, value in match.groupdict().items() if name != "line" and value and value.isdigit()), 2
    )
    return n if 1 <= n <= _MOST else 0


def _is_airy(lines: list[str], labels: list[Label | None]) -> bool:
    """Say whether this text puts an empty line between its labels and what they name."""
    plain = [i for i, label in enumerate(labels[:-2]) if label and not label.is_again]
    directly = sum(bool(lines[i + 1]) and not labels[i + 1] for i in plain)
    apart = sum(not lines[i + 1] and bool(lines[i + 2]) and not labels[i + 2] for i in plain)
    return apart > directly


def _body(i: int, lines: list[str], labels: list[Label | None], is_airy: bool, is_labelled: bool) -> list[str]:
    """Return the lines that a label names: up to the next label, or to the stanza's end where verses have no labels."""
    label = labels[i]
    body = [label.text] if label and label.text else []
    j = i + 1
    if is_airy and not body:
        while j < len(lines) and not lines[j]:
            j += 1
    while j < len(lines) and not labels[j] and (lines[j] or is_labelled) and not _ALONE.match(lines[j]):
        body.append(lines[j])
        j += 1
    while body and not body[-1]:
        body.pop()
    return body


def _known_parts(lines: list[str], labels: list[Label | None], is_airy: bool) -> dict[str, list[str]]:
    """Return the text of each part that is written out somewhere, by its key; first come, first kept."""
    is_labelled = any(label and label.kind == "verse" for label in labels)
    known: dict[str, list[str]] = {}
    for i, label in enumerate(labels):
        if label and not (label.is_again and label.n_times == 1):
            body = _body(i, lines, labels, is_airy, is_labelled and label.kind == "chorus")
            if body and body[0] and _key(label) not in known:
                known[_key(label)] = body
    if "chorus" not in known:
        stanzas = [stanza.split("\n") for stanza in re.split(r"\n{2,}", "\n".join(lines))]
        verses = [s for s in stanzas if s[0] and not read_label(s[0])]
        counts = Counter(fold("\n".join(s)) for s in verses)
        recurring = [s for s in verses if counts[fold("\n".join(s))] > 1 and len(s) > 1]
        if recurring:
            known["chorus"] = recurring[0]
    return known


def _is_alone(i: int, lines: list[str], labels: list[Label | None], is_airy: bool, body: list[str] | None) -> bool:
    """Say whether a label has no text of its own and so stands for a text given elsewhere."""
    label = labels[i]
    assert label is not None
    if label.text or not (label.is_again or label.kind == "chorus"):
        return False
    j = i + 1
    while j < len(lines) and not lines[j]:
        j += 1
    following = labels[j] if j < len(lines) else None
    if j == len(lines) or following:
        return following is None or following.kind != ""  # [Chorus] above [Ada]: both name what comes
    is_its_own = body is not None and fold(lines[j]) == fold(body[0])
    if j == i + 1:
        return label.is_again and body is not None and not is_its_own
    return not is_its_own and (label.is_again or not is_airy)


def _stanza_again(out: list[str], known: dict[str, list[str]]) -> list[str]:
    """Return the stanza at the end of ``out`` to be sung again, if it is the chorus; else nothing."""
    stanza: list[str] = []
    is_chorus = False
    for line in reversed(out):
        label = read_label(line) if line else None
        if not line and stanza:
            break
        if label:
            is_chorus = label.kind == "chorus"
            break
        if line:
            stanza.insert(0, line)
    chorus = known.get("chorus", [])
    is_chorus = is_chorus or (bool(stanza) and fold("\n".join(stanza)) == fold("\n".join(chorus)))
    return ["", *stanza] if is_chorus else []


def _apart(out: list[str]) -> list[str]:
    return [""] if out and out[-1] else []
