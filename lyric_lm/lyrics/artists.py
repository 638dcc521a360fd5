"""Tell whose a song is from the names that files give: which names are one artist's, and which artist is meant.

Names go in as files spell them, with "" for songs that say nothing; out comes the artist and which songs are
theirs. "Burns, Robert", "ROBERT_BURNS" and "Robert Burns feat. Ada" are one artist. Nothing is guessed from paths here.
"""

import difflib
import re
from collections import Counter, defaultdict

from lyric_lm.errors import InputError
from lyric_lm.lyrics.names import letters

N_LISTED = 10  # artists in a message

_NOBODY = {"", "unknown", "unknownartist", "na", "nan", "none", "null"}
_GUESTS = re.compile(r"\s*[(\[]?(?<!\w)(?:feat|ft|featuring)(?:\.|(?!\w)).*", re.IGNORECASE | re.DOTALL)
_JOINT = re.compile(r"\s*[(\[]?(?:[&+/;,]|(?<!\w)(?:and|with|w/|x|vs\.?|und|et|y)(?!\w))\s*", re.IGNORECASE)
_TURNED = re.compile(r"([^\W\d][^,&;/]*),\s*([^\W\d][^,&;/]*)")
_NOT_A_FIRST_NAME = re.compile(r"the\s.*|jr\.?|sr\.?|i{2,3}|(?:feat|ft)\b.*", re.IGNORECASE)


def key(name: str) -> str:
    """Return what the spellings of one name share; "" for names such as "Unknown Artist".

    >>> {key(name) for name in ("Robert Burns", "Burns, Robert", "robert  burns", "ROBERT_BURNS", "robert-burns")}
    {'robertburns'}
    >>> key("The Beatles") == key("Beatles, The"), key("Tyler, The Creator"), key("Élan"), key("!!!"), key("The The")
    (True, 'tylerthecreator', 'elan', '!!!', 'thethe')
    """
    name = " ".join(name.replace("_", " ").split())
    if (turned := _TURNED.fullmatch(name)) and not _NOT_A_FIRST_NAME.fullmatch(turned[2]):
        name = f"{turned[2]} {turned[1]}"
    folded = letters(re.sub(r"^the (?!the$)", "", name, flags=re.IGNORECASE)) or name.casefold()
    return "" if folded in _NOBODY else folded


def choose_artist(names: list[str], wanted: str | None) -> tuple[str, list[bool]]:
    """Choose one artist out of those that songs name.

    Args:
        names: the artist that each song names, or "".
        wanted: the artist to choose; None when there can be but one.

    Returns:
        The artist in the most common spelling ("" if no song names one and none is wanted), and for each song
        whether it is theirs. Songs that name nobody are.

    Raises:
        InputError: there are several artists and none is wanted, or the wanted one is not there.

    >>> choose_artist(["Robert Burns", "Burns, Robert", "Robert Burns & Ada", ""], None)
    ('Robert Burns', [True, True, True, True])
    >>> choose_artist(["Robert Burns feat. Ada", "Ada"], "ROBERT BURNS")
    ('Robert Burns', [True, False])
    """
    groups = _groups(names, key(wanted or ""))
    keys = [groups[name] for name in names]
    counts = Counter(filter(None, keys))
    if wanted is None:
        if len(counts) > 1:
            by_count = [name for name, _ in counts.most_common(N_LISTED)]
            raise InputError(
                f"{len(counts)} artists found: {_listing(by_count, names, keys, counts)}; "
                "choose one with data.artist=NAME"
            )
        chosen = next(iter(counts), "")
    else:
        chosen = key(wanted)
        if counts and chosen not in counts and all(keys):
            near = difflib.get_close_matches(chosen, counts, N_LISTED, cutoff=0.5)
            nearest = [*near, *(name for name, _ in counts.most_common(N_LISTED) if name not in near)][:N_LISTED]
            raise InputError(
                f"data.artist={wanted} is not among the artists found: {_listing(nearest, names, keys, counts)}; "
                "choose one of them"
            )
    spellings = [name for name, group in zip(names, keys, strict=True) if group == chosen] if chosen else []
    return _spelling(spellings, chosen) or wanted or "", [group in ("", chosen) for group in keys]


def all_artists(names: list[str]) -> dict[str, list[int]]:
    """Return each artist, in the most common spelling and alphabetical order, with the numbers of their songs.

    >>> all_artists(["Burns, Robert", "Ada", "Robert Burns", "", "Robert Burns feat. Ada"])
    {'Ada': [1], 'Robert Burns': [0, 2, 4]}
    """
    groups = _groups(names, "")
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        numbers[groups[name]].append(number)
    numbers.pop("", None)
    found = {_spelling([names[i] for i in theirs], group) or group: theirs for group, theirs in numbers.items()}
    return dict(sorted(found.items()))


def without_guests(name: str) -> str:
    """Return a name without "feat." and the guests.

    >>> without_guests("Robert Burns (feat. Ada)"), without_guests("Robert Burns ft. Ada"), without_guests("Feat")
    ('Robert Burns', 'Robert Burns', 'Feat')
    """
    return _GUESTS.sub("", name).strip() or name


def _groups(names: list[str], wanted: str) -> dict[str, str]:
    """Map each spelling to the key of its artist; "A & B" is A's when there is an A, else an artist of its own."""
    groups = {name: key(name) if key(name) == wanted else key(without_guests(name)) for name in dict.fromkeys(names)}
    known = {*groups.values(), wanted} - {""}
    for name, group in groups.items():
        plain = without_guests(name)
        if group != wanted:
            heads = [key(plain[: joint.start()]) for joint in _JOINT.finditer(plain) if joint.start()]
            groups[name] = next((head for head in reversed(heads) if head in known), group)
    return groups


def _listing(chosen: list[str], names: list[str], keys: list[str], counts: Counter[str]) -> str:
    """Write artists with how many songs each has."""
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    for name, group in zip(names, keys, strict=True):
        if group in chosen:
            spellings[group].append(name)
    listed = ", ".join(f"{_spelling(spellings[group], group)} ({counts[group]})" for group in chosen)
    return f"{listed}, …" if len(counts) > len(chosen) else listed


def _spelling(names: list[str], artist: str) -> str:
    """Return the most common spelling of an artist's key; of equally common ones not the one in capitals only."""
    counts = Counter(" ".join(without_guests(name).split()) for name in names)
    own = [name for name in counts if key(name) == artist]  # not "Robert Burns & Ada"
    return max(
        own, key=lambda name: (counts[name], name != name.upper() and name != name.lower(), "," not in name), default=""
    )
