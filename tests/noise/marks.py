"""What people and machines write into a text beside the song: credits, adverts, rules, page numbers, time stamps."""

from random import Random

from tests.noise.lines import (
    BREAK,
    PEOPLE,
    Line,
    Lines,
    breaks,
    joints,
    pick,
    put,
    put_at_break,
    put_at_end,
    put_at_start,
)
from tests.noise.songs import Clean

HEAD_CREDITS = (
    "Words and music: {a}",
    "Words and music by {a}, {b}",
    "Written by: {a}, {b}",
    "Lyrics: {a}",
    "Music: {b}",
    "Слова: {a}",
    "Музыка: {b}",
    "Слова и музыка: {a}",
    "作词 : {a}",
    "作曲：{b}",
    "编曲 : {b}",
    "Letra: {a}",
    "Música: {b}",
    "Letra y música: {a}",
    "Text: {a}",
    "Musik: {b}",
    "Paroles et musique : {a}",
    "Producer: {b}",
    "Album: Harbour Songs (2019)",
)
FOOT_CREDITS = (
    *HEAD_CREDITS[:14],
    "Writer(s): {a}, {b}",
    "Songwriters: {a} / {b}",
    "Songwriter(s): {a}",
    "Lyrics licensed by LyricFind",
    "Lyrics powered by LyricFind",
    "Lyrics © Slipway Music Publishing",
    "© 2019 Slipway Music Publishing",
    "(c) 2004 Slipway Music Ltd. All rights reserved.",
    "℗ 2019 Orrin Records",
    "Copyright: Slipway Music, Orrin Songs Inc.",
    "Published by: Slipway Music Publishing",
    "Source: Musixmatch",
    "Source: LyricFind",
    "Lyrics submitted by {b}",
    "Transcribed by {b}",
    "Produced by {a} & {b}",
    "Recorded at Orrin Studios, Saltby, 2018",
    "From the album Harbour Songs",
)


def credits(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Who wrote, licensed and typed it, above the song or below."""
    a, b = rng.sample(PEOPLE, 2)
    put, pool = (put_at_start, HEAD_CREDITS) if rng.random() < 0.35 else (put_at_end, FOOT_CREDITS)
    chosen = rng.sample(pool, rng.randint(1, 3))
    return put(lines, [text.format(a=a, b=b) for text in chosen], rng)


ADVERTS = (
    "http://www.lyrics-example.com/songs/12841.html",
    "https://example.org/tilda-marrow/lyrics",
    "www.example.com",
    "Lyrics from: www.lyrics-example.com",
    "Find more lyrics at www.example.com",
    "More lyrics: http://example.com/t/tilda_marrow",
    "Submit Corrections",
    "Thanks to birdie for these lyrics",
    "[Thanks to gull17@example.com for correcting these lyrics]",
    "(Thanks to gull17 and tin_of_pears for correcting these lyrics)",
    "(adsbygoogle = window.adsbygoogle || []).push({});",
    "Listen on Spotify: https://open.example.com/track/0a1b2c",
    "Subscribe to the channel: https://video.example/c/marrow",
    "Download: https://example.com/get?id=12&ref=lyrics",
    "Read more: https://www.example.com/lyrics/two-chairs.html",
    "Visit www.example.org for more lyrics!",
)


def adverts(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Addresses of sites, thanks to their visitors, and a script's line."""
    text = rng.choice(ADVERTS)
    if rng.random() < 0.25 and breaks(lines):
        return put_at_break(lines, rng.choice(breaks(lines)), [text], rng)
    if rng.random() < 0.2:
        return put_at_start(lines, [text], rng)
    return put_at_end(lines, [text], rng)


RULES = ("-----", "--------------------", "=====", "* * *", "***", "~~~~~~", "_______", "- - - - -", "••••••", "#####")


def rules(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Drawn lines between stanzas, above and below."""
    rule = rng.choice(RULES)
    for place in pick(breaks(lines), rng, 2):
        lines = put_at_break(lines, place, [rule], rng)
    if rng.random() < 0.4:
        lines = put_at_end(lines, [rule], rng)
    return lines if rng.random() < 0.7 else put_at_start(lines, [rule], rng)


def pages(lines: Lines, song: Clean, rng: Random) -> Lines:
    """Page numbers of a songbook that a machine has read: between stanzas in any form, inside one in clear forms."""
    number = rng.randint(12, 180)
    form = rng.choice(("- {} -", "— {} —", "Page {}", "[p. {}]", "p. {}", "[{}]", "Page {} of 212"))
    places = [*pick(breaks(lines), rng, 2), *(rng.sample(joints(lines), 1) if rng.random() < 0.4 else ())]
    for n, place in enumerate(sorted(places, reverse=True)):  # last page first
        if lines[place] == BREAK:
            text = rng.choice((form, "{}")).format(number - n)
            lines = put(lines, place, place + 1, [BREAK, Line(text), BREAK])
        else:
            lines = put(lines, place, place, [Line(form.format(number - n))])
    return lines


def stamps(lines: Lines, song: Clean, rng: Random) -> Lines:
    """The time at which each line is sung, before it; in one form the time of each word too."""
    form = rng.choice(("[{m:02}:{s:02}.{c:02}]", "[{m:02}:{s:02}.{c:03}] ", "[{m}:{s:02}] ", "({m}:{s:02}) ", "words"))
    out: Lines = []
    at = 7.0
    for line in lines:
        if not line.sung:
            out.append(line)
            continue
        words = line.text.split(" ")
        clock = [_clock(at + 0.4 * i) for i in range(len(words))]
        at += 0.4 * len(words) + rng.random() * 3
        m, s, c = clock[0]
        if form == "words":
            spaced = " ".join(f"<{m:02}:{s:02}.{c:02}>{word}" for (m, s, c), word in zip(clock, words, strict=True))
            out.append(Line(f"[{m:02}:{s:02}.{c:02}]{spaced}", sung=True))
        else:
            out.append(Line(form.format(m=m, s=s, c=c) + line.text, sung=True))
    return out


def _clock(seconds: float) -> tuple[int, int, int]:
    hundredths = round(seconds * 100)
    return hundredths // 6000, hundredths // 100 % 60, hundredths % 100


def excerpt(lines: Lines, song: Clean, rng: Random) -> Lines:
    """The end that a licensed site puts on a song of which it shows a part; the song given is that part."""
    stub = ["...", "", "******* This Lyrics is NOT for Commercial use *******"]
    number = [f"({rng.randint(10**12, 10**13 - 1)})"] if rng.random() < 0.5 else []
    return lines + [Line(text) for text in stub + number]
