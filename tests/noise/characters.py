"""What happens to a text's letters, spaces and line ends on the way: copied, watermarked, decoded wrongly."""

import html
import re
import unicodedata
from random import Random

from tests.noise.lines import BREAK, Line, Lines, glue, joints, text_of
from tests.noise.songs import Clean

# Cyrillic and Greek letters that look like the Latin ones.
TWINS = dict(zip("aeopcyxiABEKMHOPCTX", "аеорсухіАВЕКМНОРСТХ", strict=True)) | {"v": "ν"}
UNSEEN = ("\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u200e", "\u202a", "\u202c", "\u2069", "\u180e")
ODD_SPACES = ("\u00a0", "\u2005", "\u205f", "\u2009", "\u202f", "\u2003", "\u2002", "\u200a", "  ", "\t", "\u00a0 ")


def _latin(text: str) -> bool:
    return not any(c.isalpha() and "LATIN" not in unicodedata.name(c) for c in text)


def apostrophes(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Curly and straight marks by turns, as a watermark; sometimes an accent in their place."""
    has_marks, has_quotes = song.lyrics.count("'") >= 2, song.lyrics.count('"') >= 4
    curly = rng.choice(("’", "’", "’", "´", "`"))
    n_marks = n_quotes = 0
    out = []
    for line in lines:
        text = ""
        for c in line.text if line.sung else "":
            if c == "'" and has_marks:
                n_marks += 1
                c = curly if n_marks % 2 else "'"
            elif c == '"' and has_quotes:
                n_quotes += 1  # a pair straight, a pair curly
                c = ('"', '"', "“", "”")[(n_quotes - 1) % 4]
            text += c
        out.append(Line(text, sung=True) if line.sung else line)
    return out


def homoglyphs(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Letters of another script inside Latin words; some letters of each word stay Latin."""

    def disguise(match: re.Match[str]) -> str:
        word = list(match[0])
        places = [i for i, c in enumerate(word) if c in TWINS]
        if rng.random() > 0.15 or not places:
            return match[0]
        for place in rng.sample(places, min(len(places), len(word) // 3)):
            word[place] = TWINS[word[place]]
        return "".join(word)

    return [Line(re.sub(r"[A-Za-z]{3,}", disguise, text), sung) if sung else Line(text) for text, sung in lines]


def unseen(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Characters that show nothing: inside Latin words, and around lines of other scripts where they mean nothing."""
    out = []
    for text, sung in lines:
        if sung and rng.random() < 0.3:
            spots = [m.end() for m in re.finditer(r"[A-Za-z](?=[A-Za-z ])", text)]
            if spots and _latin(text):
                spot, sign = rng.choice(spots), rng.choice(UNSEEN)
                text = text[:spot] + sign + text[spot:]
            else:
                text = rng.choice((text + "\u200b", "\ufeff" + text))
        out.append(Line(text, sung))
    return out


def spaces(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Spaces of other widths, doubled ones, and tabs."""
    out = []
    for text, sung in lines:
        spots = [i for i, c in enumerate(text) if c == " "]
        if sung and spots and rng.random() < 0.35:
            spot = rng.choice(spots)
            text = text[:spot] + rng.choice(ODD_SPACES) + text[spot + 1 :]
        out.append(Line(text, sung))
    return out


def edges(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Spaces and tabs before and after lines, and in empty ones."""
    before, after = rng.choice((("", "  "), ("", " "), ("\t", ""), ("    ", " "), ("", " \t"), ("\xa0", "\xa0")))
    return [glue(line, before, after) if line.sung or rng.random() < 0.3 else line for line in lines]


def decomposed(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Accents apart from their letters, as some systems write them."""
    return [Line(unicodedata.normalize("NFD", text), sung) if sung else Line(text) for text, sung in lines]


def mojibake(lines: Lines, song: Clean, rng: Random) -> Lines:
    """UTF-8 that was read as Windows-1252, once or twice; the five bytes that it lacks are kept as they are."""
    times = rng.choice((1, 1, 2))
    out = []
    for text, sung in lines:
        for _ in range(times):
            text = "".join(_windows_1252(byte) for byte in text.encode())
        out.append(Line(text, sung))
    return out


def _windows_1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def markup(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Left-overs of the page's HTML: entities, line breaks, paragraphs, tags and comments."""
    form = rng.choice(("entities", "twice", "br", "br only", "paragraphs", "tags"))
    if form == "tags":
        return _tags(lines, rng)
    escaped = [Line(html.escape(text).replace("&#x27;", rng.choice(("&#x27;", "&#39;"))), sung) for text, sung in lines]
    if form == "entities":
        return escaped
    if form == "twice":
        return [Line(text.replace("&", "&amp;"), sung) for text, sung in escaped]
    if form == "br":
        br = rng.choice(("<br>", "<br/>", "<br />", "<BR>"))
        return [glue(line, after=br) for line in escaped[:-1]] + escaped[-1:]
    if form == "br only":
        return [Line(rng.choice(("<br>", "<br/>")).join(text for text, _ in escaped), sung=True)]
    stanzas = text_of(escaped).split("\n\n")
    return [Line(f"<p>{stanza}</p>".replace("\n", "<br>\n"), sung=True) for stanza in stanzas]


def _tags(lines: Lines, rng: Random) -> Lines:
    out = []
    for line in lines:
        wrapped = rng.choice(
            (
                glue(line, "<i>", "</i>"),
                glue(line, "<b>", "</b>"),
                glue(line, '<a href="/1284/Tilda-marrow-two-chairs" class="ReferentFragment">', "</a>"),
                glue(line, '<span style="color:#333">', "</span>"),
                glue(line, after="<!-- ad: in-lyrics 2 -->"),
            )
        )
        out.append(wrapped if line.sung and rng.random() < 0.25 else line)
    if rng.random() < 0.5:
        place = rng.choice(joints(out))
        out.insert(place, Line("<!-- MxM banner -->"))
    if rng.random() < 0.5:
        return [Line('<div class="lyrics">'), *out, Line("</div>")]
    return out


def gaps(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Too many empty lines: between stanzas, around the song, or after every single line."""
    if rng.random() < 0.3:
        return [new for line in lines for new in ([line, BREAK] if line != BREAK else [BREAK] * 2)]
    out: Lines = [BREAK] * rng.randint(0, 3)
    for line in lines:
        out += [line] if line != BREAK else [BREAK] * rng.randint(2, 5)
    return out + [BREAK] * rng.randint(0, 3)


def line_ends(lines: Lines, song: Clean, rng: Random) -> Lines:
    r"""Line ends of other systems, and ``\n`` written as two characters; the export is then one long line."""
    end = rng.choice(("\r\n", "\r\n", "\r", "\u2028", "\\n"))
    return [Line(end.join(line.text for line in lines))]
