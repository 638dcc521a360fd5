"""Find the songs of a text that has nothing but rules, form feeds or empty lines between them.

The same marks stand between the stanzas of one song, so what lies between them decides: titles above the parts,
parts as long as songs, a file's name that speaks of many. Where it is not clear, the text is one song: a reader
sees songs that were left together, and does not see a song that was cut in two.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from lyric_lm.lyrics.names import artist_and_title, letters, title_of
from lyric_lm.lyrics.song import fold

Part = tuple[str, str]  # a song's title, "" where none is known, and its text

MOST = 0.8  # of the parts must look like songs, or have titles; some songs are short
N_LEAST = 2  # titled parts
LONG = 100  # lines that are more than one song, if they also come in parts as long as songs
N_KINDS = 8  # of rules to try, the commonest first, and of gaps, the smallest first

_RULE = re.compile(r"[ \t]*([-=*#~_+])(?:[ \t]*\1){2,}[ \t]*")
_GAP = re.compile(r"\n(?:[ \t]*\n){2,}[ \t]*")
_STANZA_BREAKS = "*~"  # rules that stand inside songs more often than between them
_SECTION = re.compile(
    r"[\[({].*|.*:|\W*(?:pre-?)?(?:verse|chorus|bridge|intro|outro|refrain|hook|interlude|coda|solo|part|stanza|couplet"
    r"|strophe|estribillo|verso|coro|puente|refrão|ritornello|strofa|zwrotka|refren|куплет|припев|бридж)\b[\W\d]*(?:[ivx]+|one|two|three)?\W*",
    re.IGNORECASE,
)
_BY = re.compile(r"[ \t]*by:?[ \t]+\S.*", re.IGNORECASE)
_MANY = re.compile(  # names of files that hold many songs
    r"(?:.* )?(?:songs|albums?|corpus|collection|collected|complete|works|poems|dataset|discography|anthology|songbook"
    r"|texts|dump|all lyrics)|all|data|train|test|input|(?:lyrics|saved)\b.*",
    re.IGNORECASE,
)


def songs_by_structure(text: str, stem: str) -> list[Part]:
    r"""Cut a text into songs, with the titles that stand above them; nothing when it is one song.

    >>> songs_by_structure("Sea\n\nRow on,\nrow on.\n\n\nTea\n\nTea for two,\nand bread.", "ada")
    [('Sea', '\nRow on,\nrow on.'), ('Tea', '\nTea for two,\nand bread.')]
    >>> songs_by_structure("Row on,\nrow on.\n\n* * *\n\nRow home,\nrow home.", "sea")
    []
    """
    text = _single_spaced(text)
    first = letters(text.strip()[:200].partition("\n")[0])
    is_song_file = first in (letters(title_of(stem)), letters(artist_and_title(stem)[1]))
    n_least = N_LEAST + is_song_file  # the first line is the file's name: the title of one song
    lines = text.split("\n")
    rules = [line.strip() if _RULE.fullmatch(line) else "" for line in lines]
    for rule, _ in Counter(filter(None, rules)).most_common(N_KINDS):
        pieces = list(_pieces(lines, [found == rule for found in rules]))
        if parts := _boxed(pieces, n_least) or _underlined(pieces, n_least):
            return parts
        if parts := _songs(pieces, stem, n_least, is_sure=rule[0] not in _STANZA_BREAKS):
            return parts
    if "\f" in text and (parts := _songs(text.split("\f"), stem, n_least, is_sure=True)):
        return parts
    body = text.strip()
    gaps = list(_GAP.finditer(body))
    for size in sorted({gap[0].count("\n") for gap in gaps})[:N_KINDS]:
        edges = [0, *(edge for gap in gaps if gap[0].count("\n") >= size for edge in gap.span()), len(body)]
        pieces = [body[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
        if parts := _songs(pieces, stem, n_least, is_gap=True):
            return parts
    return []


def _single_spaced(text: str) -> str:
    r"""Take one line end out of each run, in a text where hardly any two lines stand together.

    >>> _single_spaced("Row on,\n\nrow on,\n\nrow on.\n\n\n\nRow home,\n\nrow home,\n\nrow home.")
    'Row on,\nrow on,\nrow on.\n\nRow home,\nrow home,\nrow home.'
    """
    filled = [bool(line.strip()) for line in text.split("\n")]
    n_together = sum(one and other for one, other in pairwise(filled))
    is_doubled = sum(filled) > 4 and n_together <= 0.1 * sum(filled)
    return re.sub(r"\n[ \t]*\n", "\n", text) if is_doubled else text


def n_lines(text: str) -> int:
    """Count the lines that are not empty.

    >>> n_lines("Row on\\n\\n \\nRow home\\n")
    2
    """
    return sum(bool(line.strip()) for line in text.split("\n"))


def are_titles(titles: list[str]) -> bool:
    """Say whether lines are titles of songs and not of their sections: hardly any twice, no "Chorus".

    >>> are_titles(["Sea", "Tea", "Bee"]), are_titles(["Verse 1", "Chorus"]), are_titles(["Sea", "Oh", "Oh", "Oh"])
    (True, False, False)
    """
    good = [title for title in titles if is_title(title)]
    return len({letters(title) for title in good}) >= MOST * len(titles) > 0


def is_title(line: str) -> bool:
    """Say whether a line that stands alone can be a song's title.

    >>> is_title("The Long Way Home"), is_title("[Verse 1]"), is_title("Chorus:"), is_title("Row on, row on,")
    (True, False, False, False)
    """
    line = line.strip()
    return len(line) <= 100 and bool(letters(line)) and line[-1] not in ",;" and not _SECTION.fullmatch(line)


def _pieces(lines: list[str], is_mark: list[bool]) -> Iterator[str]:
    start = 0
    for number, found in enumerate([*is_mark, True]):
        if found:
            yield "\n".join(lines[start:number])
            start = number + 1


def _boxed(pieces: list[str], n_least: int) -> list[Part]:
    """Read songs whose titles stand between two rules each."""
    titles, texts = pieces[1::2], pieces[2::2]
    is_boxed = n_lines(pieces[0]) < 2 and len(titles) == len(texts) and all(n_lines(title) == 1 for title in titles)
    if not is_boxed or len(titles) < n_least or not all(n_lines(text) > 1 for text in texts) or not are_titles(titles):
        return []
    return [(title.strip(), text) for title, text in zip(titles, texts, strict=True)]


def _underlined(pieces: list[str], n_least: int) -> list[Part]:
    """Read songs whose titles have a rule below them: the last line of each piece is the next one's title."""
    if n_lines(pieces[0]) != 1:
        return []
    titles, texts = [pieces[0].strip()], []
    for piece in pieces[1:-1]:
        above, _, title = piece.rstrip().rpartition("\n")
        lines = above.split("\n")
        if lines[-1].strip() and not _RULE.fullmatch(lines[-1]):
            return []
        titles.append(title.strip())
        texts.append("\n".join(lines[:-1]) if _RULE.fullmatch(lines[-1]) else above)
    texts.append(pieces[-1])
    if len(titles) < n_least or not are_titles(titles) or not all(n_lines(text) > 1 for text in texts):
        return []
    return list(zip(titles, texts, strict=True))


def _songs(pieces: list[str], stem: str, n_least: int, is_sure: bool = False, is_gap: bool = False) -> list[Part]:
    """Return the pieces as songs if they are; ``is_sure`` says that their mark hardly ever stands inside a song."""
    pieces = [piece.strip("\n") for piece in pieces if piece.strip()]
    if len(pieces) < 2:
        return []
    parts = with_titles(pieces)
    if any(title for title, _ in parts) and len(parts) >= n_least:
        return [] if _have_a_chorus(pieces) else _with_loose_ends(parts)
    if n_least > N_LEAST:
        return []
    sizes = [(n_lines(piece), len(re.findall(r"\n[ \t]*\n", piece)) + 1) for piece in pieces]
    if _MANY.fullmatch(title_of(stem)) or _MANY.fullmatch(stem.replace("_", " ")):
        n_whole = sum(lines > 1 if is_sure else lines >= 6 or stanzas > 1 for lines, stanzas in sizes)
    else:
        n_whole = sum(lines >= 10 or stanzas > 2 for lines, stanzas in sizes)
        n_whole = n_whole if sum(lines for lines, _ in sizes) >= LONG and (is_sure or is_gap) else 0
    return parts if n_whole >= MOST * len(pieces) and not _have_a_chorus(pieces) else []


def with_titles(pieces: list[str]) -> list[Part]:
    r"""Part songs from the titles above them, if most have one.

    >>> with_titles(["Sea\n\nRow on,\nrow on.", "\nTea\n\nTea for two,\nand bread.\n"])
    [('Sea', '\nRow on,\nrow on.'), ('Tea', '\nTea for two,\nand bread.')]
    """
    pieces = [piece.strip("\n") for piece in pieces if piece.strip()]
    titles = [title for title, _ in map(_titled, pieces) if title]
    if len(titles) >= max(2, MOST * len(pieces)) and are_titles(titles):
        return [_titled(piece, is_sure=True) for piece in pieces]
    return [("", piece) for piece in pieces]


def _titled(piece: str, is_sure: bool = False) -> Part:
    """Part a piece from the title above it: a line alone, or with a "by" line, or the only one in capitals.

    Where it is sure that songs have titles, one may also stand above hardly anything, and hold what few titles do.
    """
    lines = piece.split("\n")
    title, below = lines[0], lines[1:]
    is_song = is_sure or (n_lines("\n".join(below)) > 1 and not re.search(r"[:：]\s|：|://", title))
    if not is_title(title) or not is_song:
        return "", piece
    below = [*below, "", ""]
    is_alone = not below[0].strip() or bool(_BY.fullmatch(below[0]) and not below[1].strip())
    is_loud = title.isupper() and below[0].strip() != "" and not any(line.isupper() for line in below[:4])
    return (title.strip(), "\n".join(below[:-2])) if is_alone or is_loud else ("", piece)


def _with_loose_ends(parts: list[Part]) -> list[Part]:
    """Put untitled pieces back to the song above them; those above the first title are the file's heading if short."""
    whole: list[list[str]] = []
    titles: list[str] = []
    for title, piece in parts:
        if title or not titles:
            titles.append(title)
            whole.append([piece])
        else:
            whole[-1].append(piece)
    songs = [(title, "\n\n".join(pieces)) for title, pieces in zip(titles, whole, strict=True)]
    return songs[1:] if not songs[0][0] and n_lines(songs[0][1]) < 5 else songs


def _have_a_chorus(pieces: list[str]) -> bool:
    """Say whether most neighbours have two lines in common, as the parts of one song do and songs do not."""
    lines = [{fold(line) for line in piece.split("\n") if len(line.split()) > 2} for piece in pieces]
    n_alike = sum(len(one & other) > 1 for one, other in pairwise(lines))
    return 2 * n_alike > len(pieces) - 1
