"""What a lyrics site's page leaves around and between the lines: header, tail, adverts, recommendations."""

from random import Random

from tests.noise.lines import BREAK, Line, Lines, breaks, glue, joints, pick, put
from tests.noise.songs import Clean

LANGUAGES = (
    *("Español", "Italiano", "Türkçe", "Deutsch", "Português", "Français", "Русский (Russian)", "Polski", "العربية"),
    *("Українська", "Romanization", "English", "فارسی", "Nederlands", "Svenska", "日本語", "Ελληνικά", "हिन्दी"),
)
# Site-wide songs and singers, all invented: stylised in lower case, with signs, with guests.
POOL = (
    ("gull eyes", "the wet stairs"),
    ("Half a Candle (From the Vault)", "Orla Penhallow"),
    ("NOT YOUR SAUCER", "KETTLEHEAD & Brass"),
    ("Moth / Lamp", "Sleeper Train feat. DJ Turnip"),
    ("7 ring road", "Lil Barnacle"),
    ("Ведро", "Группа Причал"),
    ("What's Left of the Marmalade?", "Cousin Zed, Ama K & Rook"),
    ("u & me & the bus", "pale fennel"),
)
BLURBS = (
    "“{title}” is the third track of Harbour Songs. The artist wrote it on a ferry, in one sitting, and has said "
    "that the second verse came to her in a dream about bread… ",
    "The lead single from the album, {title} was recorded in Saltby in 2019 - it's about a ticket, a kettle and "
    "the end of a marriage. Critics called it 'wet'. ",
)


def header(lines: Lines, song: Clean, rng: Random) -> Lines:
    """The page's header, glued to the first line or on lines of its own."""
    n = rng.choice((1, 2, 12, 80, 263))
    count = f"{n} Contributor{'s' * (n > 1)}"
    names = rng.sample(LANGUAGES, rng.randint(1, 5))
    if rng.random() < 0.3:
        names.append(f"Tilda Marrow - {song.title} (Romanized)")
    name = f"{song.title} Lyrics"
    blurb = rng.choice(BLURBS).format(title=song.title) + "Read More\xa0"
    whole = {
        "count": f"{count}{name}",
        "translations": f"{count}Translations{''.join(names)}{name}",
        "blurb": f"{count}{name}{blurb}",
        "both": f"{count}Translations{''.join(names)}{name}{blurb}",
        "name": name,
    }[rng.choice(("count", "translations", "blurb", "both", "name"))]
    if rng.random() < 0.5:
        return [glue(lines[0], before=whole), *lines[1:]]
    if rng.random() < 0.5:
        return [Line(whole), *lines]
    return [Line(text) for text in (count, "Translations", *names, name)] + [BREAK, *lines]


def embed(lines: Lines, song: Clean, rng: Random) -> Lines:
    """The tail of the page's buttons, glued to the last word or on a line of its own."""
    count = "" if lines[-1].text[-1:].isdigit() else rng.choice(("", "3", "17", "217", "1.2K", "12.4K"))
    tail = rng.choice(("Embed", "Embed", "Embed", "EmbedShare URLCopyEmbedCopy", "EmbedShare Url:CopyEmbed:Copy"))
    if rng.random() < 0.7:
        return [*lines[:-1], glue(lines[-1], after=count + tail)]
    return [*lines, Line(count + tail)]


def also_like(lines: Lines, song: Clean, rng: Random) -> Lines:
    """``You might also like``: a line of its own, at the end of one, between two, or glued before a label.

    It never stands alone above six lines up to the stanza's end, which are what recommendations look like.
    """
    noise = "You might also like"
    for place in pick(joints(lines), rng, 2):
        before, after = lines[place - 1], lines[place]
        between = rng.choice(
            (
                [glue(before, after=noise), after],
                [Line(before.text + noise + after.text, sung=True)],
                [before, Line(noise), after] if _n_sung(lines, place) != 6 else [glue(before, after=noise), after],
            )
        )
        lines = put(lines, place - 1, place + 1, between)
    if breaks(lines):
        place = rng.choice(breaks(lines))
        below = [BREAK, Line(noise)] if _n_sung(lines, place + 1) != 6 else [Line(noise), BREAK]
        between = rng.choice(([Line(noise), BREAK], below, [Line(noise + "[Verse]")]))
        return put(lines, place, place + 1, between)
    labels = [i for i in range(2, len(lines)) if lines[i].text.startswith("[") and lines[i - 1] == BREAK]
    if labels:  # it takes the place of the empty line
        place = rng.choice(labels)
        return put(lines, place - 1, place + 1, [glue(lines[place], before=noise)])
    return lines


def _n_sung(lines: Lines, start: int) -> int:
    """Count the sung lines from a place up to the next that is not."""
    return next((i for i in range(start, len(lines)) if not lines[i].sung), len(lines)) - start


def tickets(lines: Lines, song: Clean, rng: Random) -> Lines:
    """The advert for concerts, on two lines or glued into one, with or without what follows it."""
    who = rng.choice(("Tilda Marrow", "Bob Quayle", "KETTLEHEAD & Brass", "the wet stairs"))
    price = rng.choice(("$46", "$102", "$9", "€35", "£28"))
    see, get = rng.choice(
        (
            (f"See {who} Live", f"Get tickets as low as {price}"),
            (f"See {who} Live", f"Get tickets as low as {price}"),
            ("See upcoming pop shows", "Get tickets for your favorite artists"),
        )
    )
    glued = see + get + rng.choice(("", "You might also like"))
    place = rng.choice(joints(lines))
    before, after = lines[place - 1], lines[place]
    between = rng.choice(
        (
            [before, Line(see), Line(get), after],
            [before, Line(glued), after],
            [glue(before, after=glued), after],
            # a figure would run on into the price
            [Line(before.text + glued + ("\n" * after.text[:1].isdigit()) + after.text, sung=True)],
        )
    )
    return put(lines, place - 1, place + 1, between)


def recommendations(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Three titles and artists of other songs below ``You might also like``, between stanzas.

    An empty line or a label follows: six lines of a pool that run on into sung ones, nobody could tell apart.
    """
    block = [Line("You might also like")]
    for title, artist in rng.sample(POOL, 3):
        block += [Line(title), Line(artist)]
    places = [i for i in range(1, len(lines) - 1) if lines[i] == BREAK and lines[i - 1].sung]
    if not places:  # labels alone part the stanzas
        place = next(i for i in range(1, len(lines)) if lines[i - 1].sung and not lines[i].sung)
        return put(lines, place, place, block)
    place = rng.choice(places)
    is_before_label = lines[place + 1].text.startswith("[")
    between = rng.choice(([*block, BREAK], [BREAK, *block, BREAK], block if is_before_label else [*block, BREAK]))
    return put(lines, place, place + 1, between)
