"""Entries of a dump that are no songs, and other versions of songs that are there."""

from random import Random
from typing import NamedTuple

from tests.noise.songs import Clean


class NonSong(NamedTuple):
    """An entry that should go. ``by_title``: nothing but its title tells."""

    kind: str
    title: str
    text: str
    by_title: bool = False


_TRACKS = (
    "1. Two Chairs (3:12)\n2. The Neighbour (2:58)\n3. Blue to Saltby (4:01)\n4. One Tune (3:33)\n5. Up Anyway (2:47)"
)
_PROSE = (
    "These songs were written over two winters in the ferry office at Saltby, between the ten past nine and the last "
    "boat. I would like to thank my mother, who owned the only piano on the quay, and Abel, who carried it.\n\n"
    "All the tracks were recorded in one room with the windows open. If you listen closely to the third you will hear "
    "the harbour bus. The photographs are by Zoë Lindqvist, who waited four days for the fog to lift."
)
_TALK = (
    "Interviewer: When did you start writing?\nTilda Marrow: I was eight. My gran had a slate.\n"
    "Interviewer: And the new album?\nTilda Marrow: We recorded it in five days last spring, mostly at night.\n"
    "Interviewer: Will there be a tour?\nTilda Marrow: If the ferry runs."
)
_NAMES = (
    "Producer: Amos Varley\nMixing Engineer: Bette Prout\nMastering: J. R. Tanner\nDrums: Ned Varley\n"
    "Artwork: Zoë Lindqvist\nLabel: Orrin Records\nRecorded At: Ferry Office, Saltby"
)
_SKIT = (
    "[Phone rings]\n- Saltby ferry office.\n- Is that the ferry office?\n- It was when I said it.\n"
    "- What time's the nine o'clock?\n- Are you having me on, madam?\n[Hangs up]"
)

NON_SONGS = (
    NonSong("instrumental", "Herring March", "(Instrumental)"),
    NonSong("instrumental", "Herring March II", "[Instrumental]"),
    NonSong("instrumental", "Overture", "Instrumental"),
    NonSong("instrumental", "Gannet Air", "This song is an instrumental."),
    NonSong("instrumental", "Fog (Instrumental)", "*Instrumental*"),
    NonSong("instrumental", "Прилив", "(инструментал)"),
    NonSong("instrumental", "Marea", "[Instrumental]\n\nEsta canción es instrumental"),
    NonSong("instrumental", "Quay No. 4", "This is an instrumental track, it has no lyrics."),
    NonSong("instrumental", "Nebel", "(Instrumentalstück)"),
    NonSong("instrumental", "雾", "纯音乐，请欣赏"),
    NonSong("instrumental", "霧笛", "此歌曲为没有填词的纯音乐，请您欣赏"),
    NonSong(
        "not released",
        "The Next One",
        "Lyrics for this song have yet to be released. Please check back once the song has been released.",
    ),
    NonSong("not released", "The One After", "[Lyrics will be available upon release]"),
    NonSong("not released", "Spring Boat", "Lyrics for this song have yet to be transcribed."),
    NonSong("not available", "Salt", "Sorry, the lyrics for this song are not available."),
    NonSong(
        "not available",
        "Rope",
        "We are not in a position to display these lyrics due to licensing restrictions. Sorry for the inconvenience.",
    ),
    NonSong(
        "not available",
        "Tar",
        "Unfortunately, we are not licensed to display the full lyrics for this song at the moment. "
        "Hopefully we will be able to in the future.",
    ),
    NonSong("track list", "Harbour Songs [Tracklist]", _TRACKS),
    NonSong("track list", "Harbour Songs", _TRACKS),
    NonSong("track list", "Harbour Songs Track List", _TRACKS.replace(". ", ") ").replace("(", "- ").replace(")", "")),
    NonSong(
        "set list",
        "Live at Orrin Hall (Setlist)",
        "Two Chairs\nThe Neighbour\nBlue to Saltby\nOne Tune\n\nUp Anyway",
        True,
    ),
    NonSong("liner notes", "Harbour Songs (Liner Notes)", _PROSE, True),
    NonSong("interview", "Tilda Marrow on the Ferry [Interview]", _TALK),
    NonSong(
        "interview", "Ferry Office Interview 2019", _TALK.replace("Interviewer:", "Q:").replace("Tilda Marrow:", "A:")
    ),
    NonSong("skit", "The Ferry Office (Skit)", _SKIT, True),
    NonSong(
        "artwork",
        "Harbour Songs [Album Artwork]",
        "Front cover\nA kettle on a slipway\n\nBack cover\nThe same kettle, from behind",
        True,
    ),
    NonSong("booklet", "Harbour Songs (Booklet)", _PROSE.replace("two winters", "three winters"), True),
    NonSong("credits", "Harbour Songs [Credits]", _NAMES),
    NonSong("credits", "Credits of Harbour Songs", _NAMES.replace("Drums", "Bass")),
    NonSong("empty", "Nothing at All", ""),
    NonSong("empty", "Nothing Much", "  \n\n \t\n"),
    NonSong(
        "translation",
        "Hollering Home (Traducción al Español)",
        "Vuelve a casa (vuelve a casa)\nVuelve a casa (hey, hey)\nHay una luz en la escalera (oh, oh, oh)\n"
        "Y una cena en la bandeja\n\nSolo salí por mantequilla\nY ya vuelvo a ti",
        True,
    ),
    NonSong(
        "translation",
        "Tilda Marrow - Unreleased (Deutsche Übersetzung)",
        "Sie ließen mich in der Lade im hinteren Raum,\nUnveröffentlicht, unveröffentlicht,\n"
        "Mit Titel in Bleistift, der neunte im Juni,\nUnveröffentlicht, immerhin.",
        True,
    ),
    NonSong(
        "translation",
        "Чай на две чашки (English Translation)",
        "I put the tea on for two cups,\nOutside the wet snow fell,\nYou went away in my own shirt,\n"
        "And the hall is dark as well.\n\nOh the frost and oh the blizzard,\nWhere am I to look for you",
        True,
    ),
    NonSong(
        "translation",
        "Amber (Русский перевод)",
        "Скажи ювелиру, скажи пчеле,\nЧто лето застряло во мне,\n"
        "Всё то, что река не смогла утопить,\nПусть тихо застынет смола.",
        True,
    ),
    NonSong(
        "romanization",
        "Tilda Marrow - Чай на две чашки (Romanized)",
        "Ya postavil chay na dve chashki,\nZa oknom poshyol mokryy sneg,\nTy ushla v moyey rubashke,\n"
        "I v prikhozhey vyklyuchen svet.",
        True,
    ),
)


REMIXERS = ("DJ Turnip", "Orrin Sound System", "Saltby")


class Version(NamedTuple):
    """Another version of a song; ``is_part``: it is less complete, so that it cannot be the one that stays."""

    title: str
    lyrics: str
    is_part: bool


def versions(song: Clean, rng: Random) -> list[Version]:
    """Return one to three versions of a song, with small edits, a stanza less, or cries from the stage."""
    kinds = rng.sample(("live", "demo", "remaster", "remix", "acoustic"), rng.randint(1, 3))
    return [_version(song, kind, rng) for kind in kinds]


def _version(song: Clean, kind: str, rng: Random) -> Version:
    lines = song.lyrics.split("\n")
    sung = [i for i, line in enumerate(lines) if line]
    if kind == "live":
        for i in rng.sample(sung, 3):
            lines[i] += rng.choice((" (hey!)", " (oh, oh)", " (come on)"))
        return Version(
            f"{song.title} {rng.choice(('(Live at Orrin Hall)', '[Live]', '- Live 2019'))}", "\n".join(lines), False
        )
    if kind == "demo":
        shorter = song.stanzas[:-1]
        return Version(f"{song.title} (Demo)", "\n\n".join("\n".join(stanza) for stanza in shorter), True)
    if kind == "remix":
        for i in rng.sample(sung, 2):
            lines[i] = lines[i].replace(" the ", " that ", 1).replace(" and ", " or ", 1)
        return Version(f"{song.title} ({rng.choice(REMIXERS)} Remix)", "\n".join(lines), False)
    if kind == "remaster":
        return Version(f"{song.title} - 2011 Remaster", song.lyrics.replace(",\n", "\n").replace(".", ""), False)
    return Version(f"{song.title} (Acoustic)", song.lyrics.lower(), False)
