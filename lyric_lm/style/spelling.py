"""Syllables, vowels and endings of words as they are spelled, for words that no dictionary pronounces.

A word goes in; what is heard of its vowels comes out, in letters. English spelling is corrected for letters that are
silent; other languages are read as they are written, in Latin, Cyrillic, Greek or Hangul. Scripts that do not write
their vowels (Arabic), or do not write them as letters (Han, kana, Devanagari), have no vowels here.
"""

import re
import unicodedata

from lyric_lm.lyrics.folding import fold_word

# English. Letters that are not heard as vowels are written as capitals, "|" stands between two syllables.
_CONSONANT = re.compile(r"(?:^|(?<=[aeiou]))y(?=[aeiou])|(?<=q)u")  # yes, beyond; queen
_E = r"(?<=[^aeiouy])(?<![^aeiouylrwn]l)e"  # after a consonant; but the e of table is heard
_SUFFIXES = "ly|less|ful|ment|ness|some|man|men|body|time|thing"
_SILENT = re.compile(
    rf"{_E}$|(?<=[gq])ue$"  # stone, league
    rf"|(?<![sxzcg])(?<![cs]h){_E}(?=s$)"  # stones; but roses, matches
    rf"|(?<![td]){_E}(?=d$)"  # combed; but landed
    rf"|{_E}(?=(?:{_SUFFIXES})s?$)"  # lonely, something
    r"|(?<=ic)a(?=lly$)"  # magically
)
_SPLIT = re.compile(
    r"(?<=[^tcsxgl])i(?=[ao])|li(?=a)"  # piano, radio, Julia; but nation, special, Asia, region, million
    r"|(?<=[aeiouy])(?=ings?$)"  # being
    r"|(?<![tcsxg])i(?=um|us$|er|est)"  # stadium, radius, happier, happiest
    r"|(?<=[^gs])u(?=a)|(?<=[^glp])e(?=o)|e(?=a$)"  # actual, video, idea; but guard, George, leopard, people
)
_ENGLISH_VOWELS = re.compile("[aeiouy]+")

# Other languages. "^" stands before a vowel with an acute or grave accent.
_LATIN = "aeiouyæœøı"
_UNITS = re.compile(
    f"[{_LATIN}]+"  # a run of Latin vowels is one syllable
    "|[αεο]ι|[αεηο]υ|υι|[αεηιουω]"
    "|[аеиоуыэюяіїєәөүұѣ]"
    "|[\u1161-\u1175]"  # the vowels in Hangul
)
_CHARACTERS = re.compile("[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")  # kana, Han
_SMALL_KANA = re.compile("[ぁぃぅぇぉゃゅょゎァィゥェォャュョヮ]")  # they change the vowel of the kana before
_TWO_STRONG = ("es", "it")  # languages in which two of a, e, o side by side are two syllables


def english_syllables(word: str) -> int:
    """Guess the syllables of an English word from its letters, 1 or more; a digit counts as one.

    >>> [english_syllables(word) for word in ("Saltby", "kettles", "hummed", "roses", "lonely", "radio", "hmm", "21st")]
    [2, 2, 1, 2, 2, 3, 1, 2]
    """
    n_digits = sum(char.isdigit() for char in word)
    return max(1, len(english_vowels(word)) + n_digits)


def english_vowels(word: str) -> tuple[str, ...]:
    """Return the vowels that are heard in an English word, one for each syllable, as they are spelled.

    >>> english_vowels("moonlight"), english_vowels("gannet's"), english_vowels("hmm")
    (('oo', 'i'), ('a', 'e'), ())
    """
    return tuple(_ENGLISH_VOWELS.findall(_heard(word)))


def english_ending(word: str) -> str:
    """Return the letters of an English word from the last vowel that is heard; a silent e at the end stays.

    So that *bone* ends as *stone*, but not as *con*.

    >>> english_ending("stone"), english_ending("Saltby"), english_ending("hummed"), english_ending("hmm")
    ('one', 'y', 'ummed', '')
    """
    heard = _heard(word)
    starts = [match.start() for match in _ENGLISH_VOWELS.finditer(heard)]
    return heard[starts[-1] :].replace("|", "").lower() if starts else ""


def _heard(word: str) -> str:
    """Fold a word and mark its silent letters as capitals and the breaks within its vowels as ``|``.

    >>> _heard("stone"), _heard("quiets"), _heard("being")
    ('stonE', 'qUiets', 'be|ing')
    """
    letters = re.sub(r"([sxz]|[cs]h)['’]s$", r"\1es", word.lower())  # the church's roof
    letters = _CONSONANT.sub(lambda match: match[0].upper(), fold_word(letters))
    first = _ENGLISH_VOWELS.search(letters)
    if not first:
        return letters
    silent = _SILENT.sub(lambda match: match[0].upper() if match.start() >= first.end() else match[0], letters)
    return _SPLIT.sub(lambda match: match[0] + "|", silent)


def letter_syllables(word: str, language: str) -> int:
    """Count the syllables of a word in another language than English; 0 where its script does not tell.

    A Han character and a kana count as one each, which for kana is the number of morae.

    >>> [letter_syllables(word, "ru") for word in ("молоко", "моя", "в")], letter_syllables("días", "es")
    ([3, 2, 0], 2)
    >>> letter_syllables("きょう", "ja"), letter_syllables("明月", "zh"), letter_syllables("사랑", "ko")
    (2, 2, 2)
    """
    units = _UNITS.findall(_marked(word, language).replace("^", ""))
    return len(units) + len(_CHARACTERS.findall(_SMALL_KANA.sub("", word)))


def letter_vowels(word: str, language: str) -> tuple[str, ...]:
    """Return the vowel letters of a word in another language than English, without accents, doubled ones once.

    In Greek two letters that are one vowel stay together.

    >>> letter_vowels("corazón", "es"), letter_vowels("Maan", "fi"), letter_vowels("ουρανός", "el")
    (('o', 'a', 'o'), ('a',), ('ου', 'α', 'ο'))
    """
    vowels: list[str] = []
    for unit in _UNITS.findall(_marked(word, language).replace("^", "")):
        vowels += re.sub(r"(.)\1+", r"\1", unit) if unit[0] in _LATIN else [unit]
    return tuple(vowels)


def letter_ending(word: str, language: str) -> str:
    """Return the letters of a word from its last vowel; from the last two where it ends in one without an accent.

    Stress that is not written is not known: *рука* and *река* do not end alike here, though their last syllable is
    stressed.

    >>> [letter_ending(word, "es") for word in ("corazón", "canción", "rosa", "gloria", "está")]
    ['on', 'on', 'osa', 'ia', 'a']
    >>> [letter_ending(word, "ru") for word in ("огонь", "твой", "твоя", "ты")], letter_ending("花", "ja")
    (['онь', 'ой', 'оя', 'ы'], '')
    """
    marked = _marked(word, language).replace("|", "")
    units = list(_UNITS.finditer(marked))
    if not units:
        return ""
    last = units[-1]
    is_open = last.end() == len(marked) and len(last[0]) == 1 and marked[last.start() - 1 : last.start()] != "^"
    start = units[-2].start() if is_open and len(units) > 1 else last.start()
    return marked[start:].replace("^", "").lower()


def _marked(word: str, language: str) -> str:
    """Fold a word, й apart, and mark the breaks within its vowels as ``|``, accents as ``^``, consonants as capitals.

    >>> _marked("Días", "es"), _marked("canción", "es"), _marked("poeta", "es"), _marked("τσάι", "el")
    ('d|^i|as', 'canci^on', 'po|eta', 'τσα|ι')
    """
    letters = unicodedata.normalize("NFC", word).casefold()
    letters = "".join(char if char in "йў" else unicodedata.normalize("NFKD", char) for char in letters)
    letters = re.sub("([iu]\u0301|i\u0308|[ιυ]\u0308)", r"|\1|", letters)  # días, naïf: not in one syllable
    letters = re.sub("([αεηο]\u0301)(?=[ιυ])", r"\1|", letters)  # τσάι
    letters = re.sub(f"([{_LATIN}])[\u0300\u0301]", r"^\1", letters)
    letters = "".join(char if char in "|^йў" else fold_word(char) for char in letters)
    letters = re.sub(r"(?<=[aeiou])y|y(?=\^?[aeiou])|(?<=q)u", lambda match: match[0].upper(), letters)  # rey, yo, que
    return re.sub(r"(?<=[aeo])(?=\^?[aeo])", "|", letters) if language in _TWO_STRONG else letters
