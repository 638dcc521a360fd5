"""Text files: a song each, timed or plain, or all songs in one."""

from pathlib import Path
from random import Random

from tests.noise import WANTED, Entry
from tests.noise.files import ENCODINGS, Sources, file_name, numbered, put_file


def lrc(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """A file for singing along for each song: tags, and lines with their times, equal ones on one line."""
    sources: Sources = {}
    for entry in entries:
        stem = file_name(entry, (name.removesuffix(".lrc") for name in sources))
        end = rng.choice(("\n", "\r\n"))
        tags = [f"[ti:{entry.shown}]", f"[ar:{entry.artist}]", "[al:Harbour Songs]", "[by:gull17]", "[length:03:12]"]
        offset = ["[offset:+250]"] if rng.random() < 0.5 else []
        text = end.join(rng.sample(tags, len(tags)) + offset + _timed(entry.raw, rng)) + end
        put_file(folder / f"{stem}.lrc", text, rng.choice(ENCODINGS))
        sources[f"{stem}.lrc"] = entry
    return sources


def _timed(raw: str, rng: Random) -> list[str]:
    lines = raw.split("\n")
    times = [700 + i * 410 + rng.randrange(100) for i in range(len(lines))]
    form = rng.choice(("[{m:02}:{s:02}.{c:02}]", "[{m:02}:{s:02}.{c:02}0]", "[{m:02}:{s:02}:{c:02}]"))
    stamps = [form.format(m=t // 6000, s=t // 100 % 60, c=t % 100) for t in times]
    way = rng.choice(("plain", "shared", "shuffled", "words"))
    if way == "shared":
        places: dict[str, list[int]] = {}
        for i, line in enumerate(lines):
            places.setdefault(line, []).append(i)
        return ["".join(stamps[i] for i in rng.sample(at, len(at))) + line for line, at in places.items()]
    if way == "words":
        return [stamp + _word_stamps(line, time) for stamp, line, time in zip(stamps, lines, times, strict=True)]
    timed = [stamp + line for stamp, line in zip(stamps, lines, strict=True)]
    return rng.sample(timed, len(timed)) if way == "shuffled" else timed


def _word_stamps(line: str, time: int) -> str:
    """The line with a time before each word, a fifth of a second apart."""
    words = line.split(" ") if line else []
    times = range(time, time + 20 * len(words), 20)
    stamps = [f"<{t // 6000:02}:{t // 100 % 60:02}.{t % 100:02}>" for t in times]
    return " ".join(stamp + word for stamp, word in zip(stamps, words, strict=True))


def tree(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """``Artist/Album/Song.txt``, some with the title on the first line, some with ``by`` below it."""
    sources: Sources = {}
    for entry in entries:
        artist = entry.artist if not entry.is_wanted else WANTED
        place = f"{artist}/{rng.choice(('Harbour Songs', 'Low Water'))}"
        stem = file_name(entry, (Path(name).stem for name in sources))
        head = rng.choice(("", f"{entry.title}\n\n", f"{entry.title}\nby {artist}\n\n", f"{entry.title}\n"))
        text = (head if entry.raw.strip() else "") + entry.raw
        put_file(folder / place / f"{stem}.txt", text, rng.choice(ENCODINGS))
        sources[f"{place}/{stem}.txt"] = entry
    return sources


def flat(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """One folder of text files, numbered or not."""
    sources: Sources = {}
    is_numbered = rng.random() < 0.5
    for n, entry in enumerate(entries, start=1):
        stem = file_name(entry, (Path(name).stem for name in sources))
        name = f"{n:02} - {stem}.txt" if is_numbered else f"{stem}.txt"
        put_file(folder / name, entry.raw, rng.choice(ENCODINGS))
        sources[name] = entry
    return sources


def big_end_of_text(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """One text for a model to learn from, songs between markers."""
    start = rng.choice(("", "<|startoftext|>"))
    parts = [f"{start}{entry.raw}<|endoftext|>\n" for entry in entries]
    put_file(folder / "train.txt", "".join(parts), rng.choice(ENCODINGS))
    return numbered("train.txt", entries)


def big_titled(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """One text in which each song stands below its title."""
    form = rng.choice(("=== {} ===", "# {}", "## {}", "Title: {}", "--- {} ---"))
    parts = [f"{form.format(entry.title)}\n\n{entry.raw}" for entry in entries]
    put_file(folder / "all songs.txt", "\n\n".join(parts) + "\n", rng.choice(ENCODINGS))
    return numbered("all songs.txt", entries)


def big_ruled(folder: Path, entries: list[Entry], rng: Random) -> Sources:
    """One text in which drawn lines part the songs; a song begins with its title."""
    rule = rng.choice(("----------", "==========", "**********", "\f"))
    parts = [f"{entry.title}\n\n{entry.raw}" for entry in entries]
    put_file(folder / "lyrics.txt", f"\n\n{rule}\n\n".join(parts) + "\n", rng.choice(ENCODINGS))
    return numbered("lyrics.txt", entries)
