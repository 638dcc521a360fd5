r"""Tell which texts are no songs: instrumentals, stubs, track lists, liner notes, interviews, translations.

A title alone decides only where it cannot be a song's ("Album (Liner Notes)"); one that can ("Interview", "Credits",
"Unreleased") needs a text that agrees. What goes in is a cleaned text; what comes out is a reason, or nothing.
"""

import re
from collections.abc import Set

from lyric_lm.lyrics.cleaning.labels import section_labels
from lyric_lm.lyrics.song import Song, fold, words
from lyric_lm.lyrics.titles import base_title

MIN_WORDS = 4  # shorter texts are titles and stubs, not songs

_INSTRUMENTAL = re.compile(
    r"\W*(?:"
    r"(?:this|the|it)(?: song| track| piece| tune)? (?:is|was|'s|’s) (?:an? |purely |entirely |completely |"
    r"just |only )*instrumental"
    r"(?: track| piece| song| tune| composition)?(?:\W+(?:(?:and|so|which) )?(?:(?:it|there|which) )?(?:has|"
    r"have|are|contains?) no "
    r"(?:lyrics|words|vocals))?"
    r"|(?:purely |fully )?instrumental(?: track| song| piece| version| only| music| break| interlude| section)*"
    r"|(?:this song has |there are |contains )?no (?:lyrics|vocals|words)(?:\W+(?:this is )?(?:an )?instrumental)?"
    r"|(?:esta|la|este|este tema|essa|cette|ce|questa|questo|dieses|dit|denna|denne|ta|ten|toto)? ?"
    r"(?:canción|pista|pieza|tema|música|faixa|chanson|morceau|titre|brano|canzone|pezzo|lied|stück|titel|"
    r"nummer|liedje|låt|låten|sang|"
    r"piosenka|utwór|skladba)? ?(?:es|è|est|é|ist|is|är|er|jest|je)? ?(?:un|una|une|um|uma|ein|een|en|et)? ?"
    r"(?:instrumental(?:e|es|na|ny|ne|ni|is|stück|spår|track)?|strumentale|instrumentaal|instrumentalny|"
    r"instrumentální|enstrümantal)"
    r"|(?:(?:эта|это|этот|данная) )?(?:(?:песня|композиция|трек|"
    r"мелодия) )?(?:[—–-] )?(?:это )?(?:инструментал(?:ьная|ьный|ьна|ьное)?|інструментал\w*)"
    r"(?: (?:композиция|композиція|трек|музыка|версия|мелодия|песня))?"
    r"|без слов|纯音乐[,，]?\s?请欣赏|(?:此歌曲为没有填词的)?纯音乐(?:[,，]\s?请您欣赏)?|"
    r"純音樂|インストゥルメンタル|インスト|연주곡"
    r")\W*",
    re.IGNORECASE,
)
_NOT_OUT = re.compile(
    r"lyrics (?:for this song )?(?:have|has|are) (?:yet to be (?:released|transcribed|added)|"
    r"not (?:yet )?(?:been )?(?:released|"
    r"available))|please check back once the song has been released|"
    r"(?:full )?lyrics (?:will be|to be|are to be|coming|come) (?:added|available|released|posted|transcribed|soon)|"
    r"(?:this song|song|track|it) (?:is|has) (?:unreleased|not (?:yet )?(?:been )?released(?: yet)?|"
    r"yet to be released)|lyrics (?:from|of) (?:the )?snippets?\b|"
    r"(?:there are )?no lyrics (?:available|yet|found|for this)|(?:we )?(?:do not|don't|don’t) have (?:the|"
    r"any) lyrics|lyrics (?:not available|unavailable|not found|missing|needed|coming soon|tba|tbd)|"
    r"(?:be the first to )(?:add|submit)|текст (?:песни )?(?:скоро|отсутствует|пока|появится)|"
    r"letra (?:no disponible|próximamente)|(?:not (?:licensed|authori[sz]ed|able|permitted|allowed)|unable|"
    r"not in a position) to (?:display|show|publish)|licensing restrictions|暂无歌词|歌詞はまだ",
    re.IGNORECASE,
)
# Titles that no song has.
_NEVER = {
    "track list": r"\b(?:tracklist(?:ing)?|track list(?:ing)?|track-?listing|setlist|set list)\b",
    "liner notes": r"\bliner notes?\b|\bsleeve notes\b|\bbooklet\b",
    "album art": r"\balbum art(?:work)?\b|\bcover art(?:work)?\b|\balbum cover\b|\bcredits (?:&|"
    "and) personnel\b|\bproduction credits\b|\balbum credits\b|\bpersonnel\b|\bdiscography\b",
    "interview": r"\binterview (?:with|by|on|at|from|for)\b|\bpress conference\b|\bpodcast\b|"
    "\bradio interview\b|\bfull interview\b|\bacceptance speech\b",
}
# Titles that a song may have too: in brackets or behind a dash they say what the text is.
_MARKED = {
    "track list": r"tracks",
    "liner notes": r"notes?",
    "credits": r"credits",
    "interview": r"interview|q ?& ?a|conversation|speech",
    "skit": r"skit",
    "album art": r"art(?:work)?|cover|photos?",
    "instrumental": r"instrumental|inst\.?|karaoke(?: version)?|backing track",
    "snippet": r"snippets?|preview|teaser|trailer",
}
_TRANSLATION = re.compile(
    r"\b(?:translat(?:ion|ed|ions)|romani[sz](?:ed|ation)|transliterat(?:ion|ed)|traducci[oó]n|traducida|"
    r"traduzida|tradu[cç][aã]o|traduction|traduit|traduzione|tradotto|übersetz(?:ung|t)|"
    r"vertaling|översättning|oversettelse|oversættelse|käännös|tłumaczenie|překlad|preklad|prijevod|prevod|"
    r"fordítás|traducere|çeviri(?:si)?|terjemahan|bản dịch|"
    r"перевод|переклад|превод|μετάφραση|ترجمة|ترجمه|תרגום|अनुवाद|翻訳|翻译|翻譯|번역|訳詞|"
    r"가사 번역|ローマ字|romaji|pinyin)",
    re.IGNORECASE,
)
_TRANSLATOR = re.compile(
    r"^genius .*(?:translations?|romani[sz]ations?|traducciones|traductions|übersetzungen|traduções|переводы|"
    r"çeviri|tłumaczenia|traduzioni)",
    re.IGNORECASE,
)
_TRACK = re.compile(
    r"(?:track )?#?\d{1,2}\s?[.):–—-]\s*\S|[A-D]\d[.:]?\s\S|\d{1,2}\s.{1,80}\s[–—-]?\s?\(?\d{1,2}:\d\d\)?$|"
    r".{1,80}\s[–—-]\s\d{1,2}:\d\d$",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"(?:[^:]{0,30}\b(?:produc|engineer|mix|master|record|bass|drum|guitar|piano|keyboard|vocal|string|violin|"
    r"cello|horn|photo|"
    r"art|design|label|publish|releas|writ|compos|lyric|music|arrang|manage|distribut|cover|studio|a&r|"
    r"thanks)[^:]{0,30}"
    r"|[^:]{0,30}(?:продюс|сведен|мастеринг|гитар|бас|ударн|вокал|слова|музык)[^:]{0,30}):\s",
    re.IGNORECASE,
)


def not_a_song(song: Song, found_as: str = "", titles: Set[str] = frozenset()) -> str:
    """Return why a cleaned text is not a song, or nothing.

    >>> not_a_song(Song("Dusk", "", "(Instrumental)", "")), not_a_song(Song("Sea", "", "Row on, row on, row home", ""))
    ('instrumental', '')
    >>> not_a_song(Song("Sea", "", "Row on", "")), not_a_song(Song("Sea", "", "", ""))
    ('2 words, too short to be a song', 'empty')
    >>> not_a_song(Song("Sea (Deutsche Übersetzung)", "", "Rudert weiter, rudert heim", ""), titles={"sea"})
    'translation of a song that is there'

    Args:
        song: the song; its lyrics are cleaned.
        found_as: its text before cleaning, where nothing is left of it.
        titles: the folded base titles of all songs found, to tell a translation of one of them.
    """
    text, title = section_labels(song.lyrics, "drop")[0], song.title
    folded = words(text)
    if not folded:
        text = (song.lyrics or found_as).strip("[](){}<>*_- \n\t")
        return (
            "instrumental"
            if _INSTRUMENTAL.fullmatch(text)
            else "empty"
            if not words(text)
            else "nothing but labels and credits"
        )
    if len(text) < 300 and _INSTRUMENTAL.fullmatch(text.strip()):
        return "instrumental"
    if len(folded) < 60 and (note := _NOT_OUT.search(text)) and len(note[0]) > 0.25 * len(" ".join(folded)):
        return "not released yet"
    if len(folded) < MIN_WORDS and not _is_dense(text):
        return f"{len(folded)} word{'s' if len(folded) > 1 else ''}, too short to be a song"
    if reason := _by_title(title, text):
        return reason
    if _TRANSLATOR.match(song.artist):
        return "translation"
    if _TRANSLATION.search(title) and not titles.isdisjoint({untranslated(title), untranslated(_last_part(title))}):
        return "translation of a song that is there"
    return _by_text(text)


def _last_part(title: str) -> str:
    """Return a title without the artist's name before it: "Ada Lark - Sea Song (Romanized)"."""
    return re.split(r"\s[-–—]\s", title, maxsplit=1)[-1]


def untranslated(title: str) -> str:
    """Return the folded base title without the words that say it is a translation.

    >>> untranslated("Sea Song (English Translation)"), untranslated("Ada Lark - Sea Song (Traducción al Español)")
    ('sea song', 'ada lark sea song')
    """
    bare = re.sub(r"[(\[（【][^()\[\]（）【】]*[)\]）】]", lambda m: "" if _TRANSLATION.search(m[0]) else m[0], title)
    parts = re.split(r"\s[-–—|]\s", bare)
    bare = " ".join(part for part in parts if not _TRANSLATION.search(part)) or bare
    return fold(base_title(bare))


def _by_title(title: str, text: str) -> str:
    for reason, pattern in _NEVER.items():
        if (found := re.search(pattern, title, re.IGNORECASE)) and not (
            fold(found[0]) == fold(title) and _is_verse(text)
        ):
            return reason
    for reason, pattern in _MARKED.items():
        marked = re.search(rf"[(\[](?:[^()\[\]]* )?(?:{pattern})[)\]]|\s[-–—:|]\s*(?:{pattern})$", title, re.IGNORECASE)
        if marked and (reason in ("skit", "track list", "liner notes", "album art") or not _is_verse(text)):
            return reason
        if re.fullmatch(rf"(?:the |album )?(?:{pattern})", title.strip(), re.IGNORECASE) and not _is_verse(text):
            return reason
    return ""


def _by_text(text: str) -> str:
    """Judge by the text alone, and only where it is plain."""
    lines = [line for line in text.split("\n") if line.strip()]
    n_numbered = sum(bool(_TRACK.match(line)) for line in lines)
    if len(lines) >= 3 and n_numbered >= 0.7 * len(lines):
        return "track list"
    n_roles = sum(bool(_ROLE.match(line)) for line in lines)
    if len(lines) >= 4 and n_roles >= 0.7 * len(lines):
        return "credits"
    n_speakers = len(
        re.findall(
            r"^(?:interviewer|host|q|question|journalist|reporter|moderator|presenter|genius|mc)\s*[:.]\s",
            text,
            re.IGNORECASE | re.MULTILINE,
        )
    )
    if n_speakers >= 2 and not _is_verse(text):
        return "interview"
    n_words = len(words(text))
    if n_words / len(lines) > 35 and n_words > 80:
        return "prose, not verse"
    return ""


def _is_verse(text: str) -> bool:
    """Say whether a text is laid out as verse: several short lines, not numbered, not prose, no speakers."""
    lines = [line for line in text.split("\n") if line.strip()]
    n_long = sum(len(line) > 100 for line in lines)
    n_labelled = sum(bool(re.match(r"[^\W_][^:.!?]{0,40}:\s|\d{1,2}[.)]\s", line)) for line in lines)
    return len(lines) >= 4 and n_long <= 0.1 * len(lines) and n_labelled < 0.4 * len(lines)


def _is_dense(text: str) -> bool:
    """Say whether a text is in a script without spaces, where few "words" are many."""
    return sum("\u2e80" <= c <= "\u9fff" or "\u0e00" <= c <= "\u0eff" or "\u1780" <= c <= "\u17ff" for c in text) >= 8
