"""What ``--help`` says: what a command is for, its settings with what they mean, and what groups may be chosen.

All of it stands in the command's docstring and in the configuration files. Hydra's own help has neither, and takes
seconds to list the groups.
"""

import re
import textwrap

from lyric_lm.settings import CONF

# "  - model: gpt2   # a comment" in a list of defaults
_CHOICE = re.compile(r"  - (?P<group>[\w/]+): (?P<option>\w+)\s*(?P<comment>#.*)?")
# The comment above a file, up to where it says how to call it ("Command: ...").
_FIRST_COMMENT = re.compile(r"(?:# @package .*\n)?# (.*(?:\n# (?!\w+:).*)*)")
_NOT_SHOWN = ("hydra",)  # where runs go and how they are logged: docs, not settings of the job

_LAST = """\
All settings as they come out, without doing anything: --cfg job
Many runs, with commas between values: -m            Hydra's own flags: --hydra-help"""


def help_text(name: str, docstring: str) -> str:
    """Return the help of the command ``python -m lyric_lm.NAME``.

    Args:
        name: of the command and of its configuration file.
        docstring: of its module.
    """
    choices, own = _parts(name)
    sections = [docstring.strip().replace("``", "")]
    own = "\n".join(line for line in own.split("\n") if line not in {f"{group}: null" for group in choices})
    if own:
        sections.append(f"Settings, KEY=VALUE:\n\n{_indented(own)}")
    for group, (option, comment) in choices.items():
        options = _options(group)
        if option == "null":
            sections.append(f"{group}: nothing, or one of these  {comment}".rstrip() + f"\n\n{_indented(options)}")
            continue
        content = _parts(f"{group}/{option}")[1]
        settings = f"\n\nSettings of {group}={option}, {group}.KEY=VALUE:\n\n{_indented(content)}" if content else ""
        sections.append(f"{group}: {option}, or another of these\n\n{_indented(options)}{settings}")
    return "\n\n".join([*sections, _LAST])


def _parts(name: str) -> tuple[dict[str, tuple[str, str]], str]:
    """Return a file's choices of groups (group: option, comment) and its own settings, without what comes before."""
    text = (CONF / f"{name}.yaml").read_text(encoding="utf-8")
    head, _, rest = text.partition("defaults:\n") if "defaults:\n" in text else ("", "", text)
    lines = rest.split("\n")
    n_choices = next((i for i, line in enumerate(lines) if not line.startswith("  - ")), len(lines)) if head else 0
    found = [match for line in lines[:n_choices] if (match := _CHOICE.fullmatch(line))]
    choices = {match["group"]: (match["option"], match["comment"] or "") for match in found}
    settings = "\n".join(lines[n_choices:]).strip()
    if not head:  # the comments above are told with the option
        settings = re.sub(r"\A(#.*\n)+", "", settings).strip()
    return {group: choice for group, choice in choices.items() if group not in _NOT_SHOWN}, settings.removesuffix("{}")


def _options(group: str) -> str:
    """Return a group's options, each with what the comment above its file says first."""
    files = sorted((CONF / group).glob("*.yaml"))
    width = max(len(f"{group}={file.stem}") for file in files) + 3
    lines = []
    for file in files:
        told = _FIRST_COMMENT.match(file.read_text(encoding="utf-8"))
        comment = " ".join(told[1].replace("\n#", " ").split()).removeprefix("What for: ") if told else ""
        lines += textwrap.wrap(f"{group}={file.stem}".ljust(width) + comment, 118, subsequent_indent=" " * width)
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.split("\n"))
