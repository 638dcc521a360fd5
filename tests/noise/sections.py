"""Labels of a song's sections, and markers for what is sung again: what transcribers write to save writing."""

from random import Random

from tests.noise.lines import BREAK, Line, Lines, breaks, glue, pick, put
from tests.noise.songs import Clean

# How sites of each language call a verse ({n}: its number), a chorus and a bridge.
SECTIONS = (
    *[("Verse {n}", "Chorus", "Bridge")] * 4,
    ("Verse", "Refrain", "Outro"),
    ("VERSE {n}", "HOOK", "PRE-CHORUS"),
    ("Куплет {n}", "Припев", "Бридж"),
    ("Куплет {n}", "Приспів", "Перехід"),
    ("Verso {n}", "Coro", "Puente"),
    ("Estrofa {n}", "Estribillo", "Puente"),
    ("Verso {n}", "Refrão", "Ponte"),
    ("Couplet {n}", "Refrain", "Pont"),
    ("Strophe {n}", "Refrain", "Brücke"),
    ("Strofa {n}", "Ritornello", "Ponte"),
    ("Zwrotka {n}", "Refren", "Mostek"),
    ("Vers {n}", "Refräng", "Brygga"),
    ("Verse {n}", "Nakarat", "Köprü"),
    ("Sloka {n}", "Refrén", "Mezihra"),
    ("Κουπλέ {n}", "Ρεφρέν", "Γέφυρα"),
    ("主歌 {n}", "副歌", "桥段"),
    ("ヴァース{n}", "コーラス", "ブリッジ"),
    ("المقطع {n}", "اللازمة", "جسر"),
    ("בית {n}", "פזמון", "גשר"),
)
SINGERS = (": Tilda Marrow", ": Tilda Marrow & Amos Varley", " - Bette Prout", " – Amos Varley", ": *Both*, Zoë")
SOLOS = (
    "[Instrumental Break]",
    "[Guitar Solo]",
    "(Guitar solo)",
    "*instrumental*",
    "[Проигрыш]",
    "[Solo: Amos Varley]",
)
ALONE = ("{}:", "({})", "{}", "{{{}}}", "({}:)", "*{}*")  # labels without square brackets


def labels(lines: Lines, song: Clean, rng: Random) -> Lines:
    """A label in square brackets on every stanza, in one language, some with singers, glued or unbalanced."""
    verse, chorus, bridge = rng.choice(SECTIONS)
    out: Lines = []
    n = 0
    for i, line in enumerate(lines):
        if _starts_stanza(lines, i):
            is_refrain = _is_refrain(lines, i, song)
            n += not is_refrain
            name = chorus if is_refrain else rng.choice((verse, verse, verse, bridge)).format(n=n)
            label = f"[{name}{rng.choice(SINGERS) if rng.random() < 0.3 else ''}]"
            form = rng.random()
            if form < 0.05:
                out += [Line(label[:-1]), line]
            elif form < 0.10:
                out += [Line(label[1:]), line]
            elif form < 0.20:
                out += [glue(line, before=label)]
            else:
                if form < 0.35 and out:
                    out.pop()  # the label alone parts the stanzas
                out += [Line(label), line]
            continue
        out.append(line)
    left = [i for i, line in enumerate(out) if line == BREAK]
    if rng.random() < 0.3 and left:
        out = put(out, left[-1], left[-1] + 1, [BREAK, Line(rng.choice(SOLOS)), BREAK])
    return out


def bare_labels(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Labels without square brackets, above stanzas that are written out: ``Chorus:``, ``(Verse 1)``, ``CHORUS``."""
    verse, chorus, bridge = rng.choice(SECTIONS[:16])
    form = rng.choice(ALONE)
    out: Lines = []
    n = 0
    for i, line in enumerate(lines):
        if _starts_stanza(lines, i):
            is_refrain = _is_refrain(lines, i, song)
            n += not is_refrain
            name = chorus if is_refrain else rng.choice((verse, verse, bridge)).format(n=n)
            out.append(Line(form.format(name if form != "{}" else name.upper())))
        out.append(line)
    return out


def repeats(lines: Lines, song: Clean, rng: Random) -> Lines:
    """The chorus written once under its label, then only named; lines sung in a row written once with ``x2``."""
    return _collapse_lines(_collapse_stanzas(lines, song, rng), rng)


def _starts_stanza(lines: Lines, i: int) -> bool:
    return lines[i].sung and (i == 0 or lines[i - 1] == BREAK)


def _is_refrain(lines: Lines, i: int, song: Clean) -> bool:
    """Say whether the stanza that begins at ``i`` is sung more than once; its letters may have been changed."""
    stanza = song.stanzas[lines[:i].count(BREAK)]
    return song.stanzas.count(stanza) > 1


def _collapse_stanzas(lines: Lines, song: Clean, rng: Random) -> Lines:
    stanzas = song.stanzas
    refrain = next((stanza for stanza in stanzas if stanzas.count(stanza) > 1), None)
    if refrain is None:
        return lines
    is_square = rng.random() < 0.5
    label, markers, times = (
        ("[Chorus]", ("[Chorus]", "[Repeat Chorus]", "[Chorus repeat]"), "[Chorus x{}]")
        if is_square
        else (
            rng.choice(("Chorus:", "CHORUS", "(Chorus)")),
            ("Chorus", "(Chorus)", "Repeat Chorus", "CHORUS", "(Repeat chorus)", "Chorus."),
            rng.choice(("(Chorus x{})", "Chorus x{}", "Repeat chorus {}x", "CHORUS (x{})", "(Chorus) x{}")),
        )
    )
    out: Lines = []
    is_known = False
    i = 0
    while i < len(stanzas):
        n = 1
        if stanzas[i] == refrain and is_known:
            while stanzas[i + n : i + n + 1] == [refrain]:
                n += 1
            out.append(Line(rng.choice(markers) if n == 1 else times.format(n)))
        else:
            if stanzas[i] == refrain:
                out.append(Line(label))
                is_known = True
            elif is_square:
                out.append(Line(f"[Verse {i + 1}]"))
            out += [Line(text, sung=True) for text in stanzas[i]]
        out.append(BREAK)
        i += n
    return out[:-1]


def _collapse_lines(lines: Lines, rng: Random) -> Lines:
    form = rng.choice(("(x{n})", "({n}x)", "x{n}", "[x{n}]", "x {n}", "{{x{n}}}", "(x {n})", "[{n}x]"))
    out: Lines = []
    i = 0
    while i < len(lines):
        n = 1
        while lines[i].sung and lines[i + n : i + n + 1] == [lines[i]]:
            n += 1
        marker = rng.choice(("(bis)", form)) if n == 2 else form
        out.append(Line(f"{lines[i].text} {marker.format(n=n)}", sung=True) if n > 1 else lines[i])
        i += n
    return out


def unknown_repeats(lines: Lines, song: Clean, rng: Random) -> Lines:
    """A marker for a chorus that is written nowhere: nothing can be put in its place."""
    if len(song.stanzas) != len({tuple(stanza) for stanza in song.stanzas}):
        return lines  # one could tell which stanza is meant
    marker = rng.choice(("(Chorus x2)", "Repeat Chorus", "[Chorus x2]", "(Repeat chorus)", "Chorus (2x)", "Chorus x3"))
    for place in pick(breaks(lines), rng, 2):
        lines = put(lines, place, place + 1, [BREAK, Line(marker), BREAK])
    return lines
