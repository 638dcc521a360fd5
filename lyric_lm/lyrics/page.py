"""Render the full account of a corpus as a page to read: Markdown, or one self-contained HTML file.

The plain data of ``report.as_data`` in, text out. The templates beside this file say what stands where; whatever
came from the songs' files is escaped, so that it shows as it is. Long lists are cut: all of them is in the data.
"""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from lyric_lm.lyrics.difference import MarkedLine, difference_lines, marked_lines, visible

MOST = 200  # entries of a list

_PUNCTUATION = re.compile(r"[\\`*_{}\[\]<>#|~$&!]")  # what may mean something to Markdown in the middle of a line
_LINE_START = re.compile(r"^(\d*)([-+=.)])")  # and at its beginning


def html_page(report: dict[str, Any]) -> str:
    """Return the account as one HTML page that needs nothing from anywhere else."""
    return _render("report.html.j2", report, autoescape=True)


def markdown_page(report: dict[str, Any]) -> str:
    """Return the account as Markdown."""
    return _render("report.md.j2", report, autoescape=False)


def escape_markdown(text: object) -> str:
    r"""Return text that Markdown shows as it is, on one line.

    >>> print(escape_markdown("*Sea* [live] a_b\n1. Tea"), escape_markdown("- Tea"), escape_markdown("2. Tea"))
    \*Sea\* \[live\] a\_b 1. Tea \- Tea 2\. Tea
    """
    line = _PUNCTUATION.sub(r"\\\g<0>", " ".join(str(text).split()))
    return _LINE_START.sub(r"\1\\\2", line)


def fenced_difference(before: str, after: str) -> str:
    r"""Return what changed as a Markdown code block that no text can break out of.

    >>> print(fenced_difference("Row on```\nRow home3Embed", "Row on```\nRow home"))
    ````diff
      Row on```
    - Row home3Embed
    ?         ^^^^^^
    + Row home
    ````
    """
    lines = difference_lines(before, after)
    longest = max(map(len, re.findall("`+", "\n".join(lines))), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}diff", *lines, fence])


def html_difference(before: str, after: str) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Return the lines of a change, each a sign and its parts, for the template to mark."""

    def shown(line: MarkedLine) -> tuple[str, list[tuple[str, bool]]]:
        return line.sign, [(visible(part), part.is_changed) for part in line.parts]

    return [shown(line) for line in marked_lines(before, after)]


def _render(template: str, report: dict[str, Any], autoescape: bool) -> str:
    environment = Environment(
        loader=PackageLoader("lyric_lm.lyrics", ""),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"md": escape_markdown, "words": lambda name: name.replace("_", " ")}
    return environment.get_template(template).render(
        **report, most=MOST, fenced_difference=fenced_difference, html_difference=html_difference
    )
