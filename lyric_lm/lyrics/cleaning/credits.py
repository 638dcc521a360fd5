r"""Rules about what stands above and below a song: who wrote it, who owns it, where it was copied from, stubs."""

import re
import unicodedata

# "Key: value" lines, and "... by Name" lines, count only at the head and the foot of a text.
_KEYS = (
    r"writers?|writer\(s\)|(?:song)?written|songwriters?|songwriter\(s\)|composers?|composer\(s\)|composed|"
    r"composition|lyricists?|"
    r"words (?:and|&) music|music (?:and|&) (?:words|lyrics)|lyrics (?:and|&) music|producers?|producer\(s\)|"
    r"produced|"
    r"arrange(?:r|d|ment)s?|performed|performers?|singers?|vocals?|released?|release date|recorded|record label|"
    r"published|publishers?|"
    r"copyright|transcribed|transcription|translat(?:ed|or)|submitted|uploaded|posted|contributed|mixed|"
    r"mastered|engineers?|bpm|capo|"
    r"автор(?:ы)?(?: (?:слов|музыки|текста))?|слова(?: и музыка)?|музыка|текст(?: песни)?|исполнитель|исполняет|"
    r"альбом|композитор|продюсер|"
    r"letra(?: y música)?|música|letra e música|autor(?:es|a)?|compositor(?:es|a)?|intérprete|productor(?:es)?|álbum|"
    r"paroles(?: et musique)?|musique|auteurs?|compositeurs?|interprète|text und musik|musik und text|komponist|"
    r"texter|testo e musica|"
    r"autore|autori|söz(?: ve müzik|[-/]müzik)?|müzik|słowa|muzyka|słowa i muzyka|tekst og musik|"
    r"tekst en muziek|text och musik|"
    r"作词|作曲|编曲|作詞|編曲|词|曲|詞|词曲|詞曲|制作人|製作人|演唱|歌手|专辑|混音|录音|母带|監製|监制|作詞作曲|歌|作词作曲|작사|작곡|편곡|노래|작사/작곡"
)
# These are words of verse too: what follows must look like a name or a date.
_WEAK_KEYS = (
    r"lyrics?|words?|music|text|tune|melody|air|artists?|album|single|label|genres?|year|source|title|song|"
    r"track|language|duration|length|"
    r"key|tempo|tuning|typed|added|corrected|credits?|translation|worte|musik|testo|musica|tekst|sanat|sävel"
)
_JOINED = r"(?:\s*(?:[,&/+、]|and|und|et|y|и)\s*(?:KEYS))*(?:\s+(?:by|von|par|por))?\s*[:：]\s*(?P<value>\S.{0,200})$"
_KEY_VALUE = re.compile(rf"^\W*(?:{_KEYS}){_JOINED.replace('KEYS', f'{_KEYS}|{_WEAK_KEYS}')}", re.IGNORECASE)
_WEAK_KEY_VALUE = re.compile(rf"^\W*(?:{_WEAK_KEYS}){_JOINED.replace('KEYS', f'{_KEYS}|{_WEAK_KEYS}')}", re.IGNORECASE)
_DONE = (
    r"(?:written|composed|penned|lyrics|words|music|text|produced|arranged|performed|sung|recorded|mixed|"
    r"mastered|transcribed|"
    r"translated|submitted|uploaded|posted|typed|added|corrected|contributed|published|provided|song|tune|vocals|"
    r"letra|música|paroles|musique|text|musik|worte)"
)
_BY = re.compile(
    rf"^\W*(?:(?:(?:all|the|original) )?{_DONE}(?:\s*(?:,|&|/|\+|and|und|et|"
    rf"y)\s*)?(?:(?:co-?)?{_DONE}\s*)*)\s(?:by|von|par|por|de|of)\s+(?P<name>\S.{{0,120}})$",
    re.IGNORECASE,
)
_SMALL = {
    "a",
    "an",
    "and",
    "the",
    "of",
    "de",
    "la",
    "von",
    "van",
    "der",
    "den",
    "du",
    "y",
    "et",
    "und",
    "feat",
    "ft",
    "with",
    "for",
    "in",
    "at",
    "on",
    "from",
    "jr",
    "trad",
}
_PLACE = re.compile(
    r"^\W*(?:(?:taken )?from (?:the |his |her |their )?(?:\d{4} )?(?:album|ep|single|record|lp|musical|film|"
    r"soundtrack)\b|"
    r"(?:first )?(?:recorded|mixed|mastered|released|published|performed|written) (?:live )?(?:at|in|on)\b|"
    r"из альбома|с альбома|del álbum|do álbum|de l'album|vom album|dall'album)[\s:]+(?P<name>.+)$",
    re.IGNORECASE,
)
_TRADITIONAL = re.compile(
    r"^\W*(?:trad(?:\.|itional)\b(?:\W+(?:arr(?:\.|anged)?|air|song|words|folk|irish|english|scottish).*)?|"
    r"traditional|public domain)\W*$",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"^\W*(?:©|℗|\(c\)\s|copyright\s*(?:©|\(c\)|(?:by\s)?.{0,60}\d{4}|[:：])|lyrics\s*(?:©|\(c\))|"
    r"all rights reserved|used by permission|"
    r"international copyright secured|"
    r".{0,80}\ball rights reserved\b|.{0,80}\blyrics are (?:the )?(?:property|copyright))",
    re.IGNORECASE,
)
_OWNERS = re.compile(
    r"\b(?:music publishing|publishing (?:co|llc|ltd|inc|group)|songs? (?:inc|llc|ltd)|music (?:inc|llc|ltd|"
    r"corp)|sony/atv|\bBMI\b|\bASCAP\b|universal music|warner chappell)\b"
)
# These never belong to a song, wherever they stand.
_SITE = re.compile(
    r"^\W*(?:lyrics? (?:licensed|provided|powered|supplied|submitted|transcribed|brought to you|found|taken|"
    r"copied|courtesy|from|source|via)\b.{0,100}"
    r"(?:lyricfind|musixmatch|azlyrics|genius|lyrics|\.com|\.net|\.org|\bby\b).{0,80}"
    r"|(?:powered|licensed|provided) by (?:lyricfind|musixmatch|genius|azlyrics|metrolyrics).{0,40}|"
    r"source: ?(?:lyricfind|musixmatch|genius|azlyrics).{0,60}"
    r"|usage of azlyrics\.com.{0,200}|submit corrections?|(?:please )?(?:submit|send|correct) (?:corrections|"
    r"these lyrics)\b.{0,80}"
    r"|thanks to .{1,120}\b(?:for|correct|submit|add)\w*\b.{0,80}\blyrics\b.{0,40}|if you (?:find|see|"
    r"notice) .{0,40}\b(?:lyrics|mistake|error)s?\b.{0,100}"
    r"|find more lyrics (?:at|on)\b.{0,80}|more (?:free )?lyrics (?:at|on|from)\b.{0,80}|(?:full|"
    r"complete) lyrics (?:at|on|available)\b.{0,80}|get lyrics of\b.{0,100}"
    r"|view .{1,60} lyrics (?:at|on|by)\b.{0,60}|read (?:the )?more (?:lyrics|at|on)\b.{0,80}|"
    r"how to format lyrics:?.{0,20}|share (?:this )?lyrics|print lyrics|copy lyrics"
    r"|advertisements?|sponsored(?: links?)?|story continues below advertisement|sign up (?:for|"
    r"to)\b.{0,60}genius.{0,40}|about genius.{0,40}"
    r"|\(?adsbygoogle\b.{0,120}|.{0,40}googletag.{0,80}|set .{1,60} as (?:your )?ringtone.{0,20}|"
    r"send .{1,60} ringtone.{0,40})\W*$",
    re.IGNORECASE,
)  # fmt: skip
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w-]{2,}\.(?:com|net|org|info|ru|de|fr|co\.uk)(?:/\S*)?\b|\b\S+@\S+\.\w{2,}\b",
    re.IGNORECASE,
)
_EXCERPT = re.compile(
    r"^\W*(?:this lyrics? (?:is|are) not for commercial use.*|"
    r".{0,40}\bnot licensed to display the (?:full )?lyrics.*|.{0,40}\bunable to display the full lyrics.*"
    r"|\[?(?:lyrics )?(?:excerpt|truncated|preview only)\]?|(?:to )?(?:see|read|view|get) the (?:full|complete|"
    r"entire) lyrics\b.*|(?:full|complete) lyrics (?:available|only) (?:at|on|for|to)\b.*)$",
    re.IGNORECASE,
)
_LONGEST = 300  # characters; a longer line is no credit, and would take long to look through
_TRACKING = re.compile(r"^\W*\(?\d{9,}\)?\W*$")


def excerpt_stubs(text: str) -> tuple[str, int]:
    r"""Drop the note of a site that shows only part of a song, with the dots before it: what is left is an excerpt.

    >>> excerpt_stubs("Row on\n...\n\n******* This Lyrics is NOT for Commercial use *******\n(1409617829201)")
    ('Row on\n', 1)
    """
    lines = text.split("\n")
    kept: list[str] = []
    count = 0
    for line in lines:
        if _EXCERPT.match(line.strip()):
            count += 1
            while kept and (not kept[-1].strip() or re.fullmatch(r"\W*(?:\.{3}|…)\W*", kept[-1].strip())):
                kept.pop()
            kept.append("")
        elif not (count and _TRACKING.match(line)):
            kept.append(line)
    return ("\n".join(kept), count) if count else (text, 0)


def credits(text: str) -> tuple[str, int]:
    r"""Drop credits above and below the song, rights notices, and lines of the site it was copied from.

    Head and foot only: "Written by hand" inside a song is the song's.

    >>> credits("Words and music: Ada Lark\n\nRow on\nWritten by the moon\nRow home\n\n(c) 2001 Lark Songs")
    ('Row on\nWritten by the moon\nRow home', 2)
    >>> credits("Row on\nLyrics licensed & provided by LyricFind\nRow home")
    ('Row on\nRow home', 1)
    """
    lines = text.split("\n")
    kept = [line for line in lines if not _is_site_line(line)]
    count = len(lines) - len(kept)
    for end in (0, -1):
        n_blank = 0
        while len(kept) > n_blank:
            line = kept[n_blank if end == 0 else -1 - n_blank].strip()
            if not line:
                n_blank += 1
            elif _is_credit(line, is_foot=end == -1):
                del kept[n_blank if end == 0 else -1 - n_blank]
                count += 1
                n_blank = 0
                while kept and not kept[end].strip():
                    del kept[end]
            else:
                break
    return ("\n".join(kept), count) if count else (text, 0)


def _is_site_line(line: str) -> bool:
    line = line.strip()
    if len(line) > _LONGEST:
        return False
    if _SITE.match(line):
        return True
    if address := _ADDRESS.search(line):
        rest = (line[: address.start()] + line[address.end() :]).split()
        return address[0].startswith(("http", "www")) or len(rest) <= 4 or "lyrics" in line.lower()
    return False


def _is_credit(line: str, is_foot: bool) -> bool:
    if len(line) > _LONGEST:
        return False
    if _KEY_VALUE.match(line) or _RIGHTS.match(line) or _TRADITIONAL.match(line):
        return True
    if (weak := _WEAK_KEY_VALUE.match(line)) and (is_names(weak["value"]) or re.match(r"[\d\W]+$", weak["value"])):
        return True
    if (place := _PLACE.match(line)) and (is_names(place["name"]) or re.search(r"\b(?:19|20)\d\d\b", line)):
        return True
    if (by := _BY.match(line)) and is_names(by["name"]):
        return True
    return is_foot and len(line.split()) <= 25 and bool(_OWNERS.search(line))


def is_names(text: str) -> bool:
    """Say whether a text lists names: every word that is not a small one begins with a capital.

    >>> is_names("Ada Lark and Bo van der Meer"), is_names("the moon"), is_names("moonlight")
    (True, False, False)
    """
    found = re.findall(r"[^\W\d_][^\s,&/()]*", unicodedata.normalize("NFC", text))
    weighty = [word for word in found if word.lower().rstrip(".") not in _SMALL]
    return bool(weighty) and len(found) <= 16 and all(not word[0].islower() for word in weighty)
