r"""Take out of a song's text what is not the song, one named rule at a time, and keep account of each.

A rule is a function ``text -> (text, count)`` in ``RULES``, in the order in which they run; ``data.clean`` switches
them. Rules leave words, apostrophes, ad-libs in round brackets, refrains and stanza breaks alone; cleaning clean text
returns it unchanged, and cleaning twice is cleaning once.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from lyric_lm.lyrics.cleaning import labels
from lyric_lm.lyrics.cleaning.characters import (
    apostrophes,
    homoglyphs,
    invisible_characters,
    line_ends,
    odd_spaces,
    unicode_form,
)
from lyric_lm.lyrics.cleaning.credits import credits, excerpt_stubs
from lyric_lm.lyrics.cleaning.furniture import double_spacing, page_numbers, separators, time_stamps
from lyric_lm.lyrics.cleaning.labels import SECTION_LABELS
from lyric_lm.lyrics.cleaning.markup import markup
from lyric_lm.lyrics.cleaning.mojibake import mojibake
from lyric_lm.lyrics.cleaning.page import also_like, embed_tail, page_header, ticket_adverts
from lyric_lm.lyrics.cleaning.recommendations import recommendations
from lyric_lm.lyrics.cleaning.repeats import repeat_markers

__all__ = ["RULES", "SECTION_LABELS", "Cleaned", "Rule", "Step", "clean"]

Rule = Callable[[str], tuple[str, int]]

RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        mojibake,
        line_ends,
        odd_spaces,
        markup,
        invisible_characters,
        unicode_form,
        double_spacing,
        time_stamps,
        page_header,
        ticket_adverts,
        recommendations,
        also_like,
        embed_tail,
        excerpt_stubs,
        credits,
        homoglyphs,
        apostrophes,
        page_numbers,
        separators,
        repeat_markers,
        labels.section_labels,
    )
}
ALWAYS = ("line_ends", "unicode_form")  # what a song's text is made of; see Song
_MOST_ROUNDS = 20


@dataclass(frozen=True)
class Step:
    """What one rule did to a text."""

    rule: str
    before: str
    after: str


@dataclass(frozen=True)
class Cleaned:
    """A cleaned text, how often each rule found something, and the steps that led there."""

    text: str
    counts: Counter[str]
    steps: list[Step]


def clean(
    text: str,
    section_labels: str = "drop",
    title: str = "",
    rules: Collection[str] = tuple(RULES),
    apostrophe: str = "'",
    recommended: Collection[str] = (),
) -> Cleaned:
    r"""Clean one song's text.

    >>> clean("[Verse 1]\nDon’t go (no, no)\n\n\n\n[Chorus]\nStay&hellip;\n3Embed").text
    'Don’t go (no, no)\n\nStay…'
    >>> clean("[Chorus: Ada]\nStay", "plain").text, clean("(CHORUS)\nStay", "keep").text
    ('Chorus:\nStay', '[Chorus]\nStay')

    Args:
        text: the song as it was found.
        section_labels: ``drop`` them, ``keep`` them as "[Chorus]", or write them ``plain`` as "Chorus:".
        title: the song's title, which page headers repeat.
        rules: the names of the rules to run; line ends and the Unicode form are always made the same.
        apostrophe: the form to use where a song mixes straight and curly apostrophes.
        recommended: pairs of title and artist known to be recommendations, see ``recommendations.recommended``.

    Raises:
        ValueError: ``section_labels`` or a rule's name is not known.
    """
    if section_labels not in SECTION_LABELS:
        raise ValueError(f"data.section_labels={section_labels} is not one of {', '.join(SECTION_LABELS)}")
    if unknown := set(rules) - set(RULES):
        raise ValueError(f"data.clean.{min(unknown)} is not a rule; the rules are {', '.join(RULES)}")
    bound: dict[str, Rule] = RULES | {
        "apostrophes": partial(apostrophes, form=apostrophe),
        "page_header": partial(page_header, title=title),
        "recommendations": partial(recommendations, known=recommended),
        "section_labels": partial(labels.section_labels, how=section_labels),
    }
    chosen = {name: rule for name, rule in bound.items() if name in rules or name in ALWAYS}
    cleaned, is_settled = _in_rounds(text, chosen)
    if is_settled:
        return cleaned
    # What a marker is written out as is taken out by another rule, so that the marker is found again. The others go
    # first, then; and where they still undo each other's work, the markers stay as they are.
    first, _ = _in_rounds(text, {name: rule for name, rule in chosen.items() if name != "repeat_markers"})
    then, is_settled = _in_rounds(first.text, chosen)
    return Cleaned(then.text, first.counts + then.counts, first.steps + then.steps) if is_settled else first


def _in_rounds(text: str, rules: dict[str, Rule]) -> tuple[Cleaned, bool]:
    """Run the rules until none finds anything; also say whether it came to that, or they undo each other's work."""
    counts: Counter[str] = Counter()
    steps: list[Step] = []
    for _ in range(_MOST_ROUNDS):  # what one rule takes out can lay bare work for another, as in &amp;lt;br&amp;gt;
        start, n_steps = text, len(steps)
        text = _without_gaps(text)
        for name, rule in rules.items():
            after, count = rule(text)
            if after != text:
                counts[name] += max(count, 1)
                steps.append(Step(name, text, after))
                text = after
        text = _layout(text)
        if text == start:
            return Cleaned(text, counts, steps), len(steps) == n_steps
    return Cleaned(text, counts, steps), False


def _without_gaps(text: str) -> str:
    """Trim lines and shorten long runs of empty ones, through which the rules would have to look again and again."""
    return re.sub(r"\n{8,}", "\n" * 7, "\n".join(line.strip(" \t") for line in text.split("\n")))


def _layout(text: str) -> str:
    r"""Trim lines, leave one empty line between stanzas and none around the song.

    >>> _layout("\n  Row on \n\n\n\nRow  home\n")
    'Row on\n\nRow  home'
    """
    text = "\n".join(line.strip(" ") for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
