"""Say in which language and which script a text is.

Text in, a code out: the ISO 639-1 code of its language, the name of its main script. Both are ``""`` where
nothing can be said: humming, a few words, a mixture of languages. Latin transcriptions of other scripts
(romaji, pinyin) are beyond it.
"""

import unicodedata
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

HEAD = 2000  # characters that are looked at; more change nothing and cost time
# Of 235 English songs (the demo album, Thomas Moore) a dozen words are enough for each to be told at this
# confidence, and no shorter piece, down to three words, is taken for another language at it.
MIN_CONFIDENCE = 0.6

# Varieties that are written so much alike that their shares are added up.
_VARIETIES = {
    "ary": "ar",
    "arz": "ar",
    "grc": "el",
    "hbo": "he",
    "nn": "no",
    "pcm": "en",
    "sdh": "ku",
    "uzs": "uz",
    "wuu": "zh",
    "yue": "zh",
}
_SCRIPT_NAMES = {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana"}


class Tongue(NamedTuple):
    """The language and the script of a text; see ``language`` and ``script``."""

    language: str
    script: str


def tongue(text: str) -> Tongue:
    """Return a text's language and script; telling the language takes a millisecond, so ask once."""
    return Tongue(language(text), script(text))


def language(text: str) -> str:
    r"""Return the ISO 639-1 code of a text's language, or nothing where it is too short or unsure.

    >>> language("Row on, my love, until the morning comes"), language("Nadie sabe adónde van los barcos de papel")
    ('en', 'es')
    >>> language("Белеет парус одинокий\nв тумане моря голубом"), language("La la la la"), language("")
    ('ru', '', '')
    """
    head = text[:HEAD]
    identifier = get_ready().result()
    best, share = identifier.classify(head)
    if share < MIN_CONFIDENCE or best in _VARIETIES:
        shares: Counter[str] = Counter()
        for code, part in identifier.rank(head):
            shares[_VARIETIES.get(code, code)] += part
        (best, share), *_ = shares.most_common(1)
    return best if share >= MIN_CONFIDENCE and len(best) == 2 else ""  # three letters: too rare to be believed


@cache
def get_ready() -> Future[Any]:
    """Begin to load what tells languages, which takes most of a second, in another thread."""
    return ThreadPoolExecutor(1).submit(_load)


def _load() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def script(text: str) -> str:
    """Return the script that most letters of a text are in, by its Unicode name; Japanese is called Kana.

    >>> [script(text) for text in ("Élan", "Парус", "λόγος", "床前明月光", "水の音", "바다", "ลม", "1, 2!")]
    ['Latin', 'Cyrillic', 'Greek', 'Han', 'Kana', 'Hangul', 'Thai', '']
    """
    counts: Counter[str] = Counter()
    for char, count in Counter(text).items():
        if name := letter_script(char):
            counts[name] += count
    if not counts:
        return ""
    if counts["Kana"] > 0.1 * counts["Han"]:  # Japanese is written in both; Chinese has no kana
        counts["Kana"] += counts.pop("Han", 0)
    return max(counts, key=lambda name: (counts[name], name))


@cache
def letter_script(char: str) -> str:
    """Return the script of one letter, or nothing for what is no letter of a script.

    >>> letter_script("e"), letter_script("е"), letter_script("ｅ"), letter_script("語"), letter_script("4")
    ('Latin', 'Cyrillic', 'Latin', 'Han', '')
    """
    if not char.isalpha():
        return ""
    first, *others = unicodedata.name(char, "NONE").split()
    if first in ("FULLWIDTH", "HALFWIDTH"):
        first, *others = others
    is_of_a_script = first in _SCRIPT_NAMES or {"LETTER", "SYLLABLE", "CHARACTER"} & set(others)
    return _SCRIPT_NAMES.get(first, first.title()) if is_of_a_script and first != "MODIFIER" else ""
