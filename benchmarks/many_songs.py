"""Train on more songs than memory holds: ``python -m benchmarks.many_songs [--largest]``.

Songs of 24 lines are made as in ``benchmarks.growth``, by as many artists as a twentieth of them, in one file of JSON
lines. ``python -m lyric_lm.train data=streamed`` then prepares them and trains the tiny model, whose tokens are bytes,
for 100 steps, twice: the second start finds what the first has laid down. Out come a table and ``docs/many_songs.png``:
processor time, and the most memory that a process held, for 3,000, 10,000 and 30,000 songs. ``--largest`` measures a
million alone (an hour and more, and 10 GB on the disk); its figures stay when the others are measured again.
``--limit`` (as root) puts a hard limit of ``LIMIT_GB`` on all processes of a run together, pages of files included, by
a control group: a run that needed more would be ended by the system. For Linux.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.growth import COPIES, made_up, word
from benchmarks.held import mapped_bytes, own_bytes, with_children
from benchmarks.record import RESULTS, record, table
from benchmarks.song_index import LINES
from lyric_lm.curves import GREY, save

PICTURE = Path(__file__).parent.parent / "docs" / "many_songs.png"
SIZES, LARGEST = (3_000, 10_000, 30_000), 1_000_000
N_LINES, STANZA, N_STEPS = 24, 8, 100
LIMIT_GB = 2


def write_songs(n_songs: int, file: Path) -> None:
    """Write songs as JSON lines; every twentieth is a copy of an earlier one."""
    rng = random.Random(1)
    originals: list[str] = []
    with file.open("w", encoding="utf-8") as stream:
        for number in range(n_songs):
            if number % COPIES == COPIES - 1:
                lyrics = rng.choice(originals)
            else:
                lines = [f"{line} {made_up(rng)}" for line in rng.choices(LINES, k=N_LINES)]
                lyrics = "\n\n".join("\n".join(lines[i : i + STANZA]) for i in range(0, N_LINES, STANZA))
                originals = [*originals, lyrics][:1_000]
            title = f"{made_up(rng)} {word(number % 400_000)} {made_up(rng)}".title()
            artist = f"{word(number % -(-n_songs // 20))}".title()
            stream.write(json.dumps({"artist": artist, "title": title, "lyrics": lyrics}) + "\n")


def limited() -> Path:
    """Return a new control group (version 1 or 2) whose processes may have ``LIMIT_GB`` together, files included."""
    is_first_version = Path("/sys/fs/cgroup/memory").is_dir()
    group = Path("/sys/fs/cgroup", "memory" if is_first_version else "", f"many_songs_{os.getpid()}")
    group.mkdir()
    name = "memory.limit_in_bytes" if is_first_version else "memory.max"
    (group / name).write_text(str(int(LIMIT_GB * 1e9)), encoding="utf-8")
    return group


def train(file: Path, run_dir: Path, cache: Path, group: Path | None) -> dict[str, Any]:
    """Train in a process of its own; return its seconds, and the most that it and each process below it held."""
    command = [sys.executable, "-W", "ignore", "-m", "lyric_lm.train", "data=streamed", f"data.path={file}"]
    command += ["model=tiny", f"trainer.max_steps={N_STEPS}", "trainer.max_epochs=1", f"hydra.run.dir={run_dir}"]
    if group:
        command = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs"), *command]
    began, used = time.perf_counter(), cpu_seconds()
    peaks = {"main": 0, "mapped": 0, "workers": 0}
    with (file.parent / "output.txt").open("wb") as output:
        environment = {**os.environ, "LYRIC_LM_CACHE": str(cache), "HF_DATASETS_CACHE": str(cache / "datasets")}
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        while process.poll() is None:
            look(process.pid, peaks)
            time.sleep(0.2)
    if process.returncode:
        sys.exit((file.parent / "output.txt").read_text(errors="replace")[-2000:])
    return {"seconds": time.perf_counter() - began, "cpu": cpu_seconds() - used, **peaks}


def cpu_seconds() -> float:
    """Return the processor time of all processes below this one that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def look(pid: int, peaks: dict[str, int]) -> None:
    """Take down what a process and those below it hold now: memory of their own, and pages of mapped files."""
    for process in with_children(pid):
        name = "main" if process == pid else "workers"
        peaks[name] = max(peaks[name], own_bytes(process))
    peaks["mapped"] = max(peaks["mapped"], mapped_bytes(pid))


def measure(n_songs: int, is_limited: bool) -> dict[str, Any]:
    """Make songs, and train on them twice."""
    group = limited() if is_limited else None
    with tempfile.TemporaryDirectory() as folder:
        file, cache = Path(folder) / "songs.jsonl", Path(folder) / "cache"
        write_songs(n_songs, file)
        first = train(file, Path(folder) / "first", cache, group)
        again = train(file, Path(folder) / "again", cache, group)
        summary = json.loads((Path(folder) / "first" / "summary.json").read_text(encoding="utf-8"))
        on_disk = sum(found.stat().st_size for found in cache.rglob("*") if found.is_file())
        lyrics = file.stat().st_size
    if group:
        group.rmdir()
    return {
        "songs": n_songs,
        "kept": summary["n_songs"],
        "steps": summary["steps"],
        "tokens": summary["n_train_tokens"],
        "seconds": round(first["seconds"]),
        "cpu seconds": round(first["cpu"]),
        "cpu seconds again": round(again["cpu"]),
        "peak GB": round(max(first["main"], again["main"]) / 1e9, 2),
        "peak GB of a worker": round(first["workers"] / 1e9, 2),
        "mapped GB": round(first["mapped"] / 1e9, 2),
        "file GB": round(lyrics / 1e9, 3),
        "on disk GB": round(on_disk / 1e9, 2),
        "limit GB": LIMIT_GB if group else "",
    }


def draw(rows: list[dict[str, Any]]) -> Figure:
    """Draw seconds and memory over the number of songs."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    sizes = [row["songs"] for row in rows]
    starts = (("cpu seconds", "first start", "#2b6cb0"), ("cpu seconds again", "next start", "#c05621"))
    for key, label, colour in starts:
        left.plot(sizes, [row[key] for row in rows], "o-", ms=4, color=colour, label=label)
    guide = [rows[-1]["cpu seconds"] * size / sizes[-1] for size in sizes]
    left.plot(sizes, guide, "--", color=GREY, lw=1, label="linear (slope 1)")
    left.set(xscale="log", yscale="log", xlabel="songs", ylabel="seconds of processor time")
    left.set_title(f"Prepared and trained for {N_STEPS} steps", loc="left", fontsize=12)
    for key, label, colour in (
        ("peak GB", "the training process", "#2b6cb0"),
        ("peak GB of a worker", "a cleaning process", "#2f855a"),
    ):
        right.plot(sizes, [row[key] for row in rows], "o-", ms=4, color=colour, label=label)
    right.plot(sizes, [row["file GB"] for row in rows], "s--", ms=4, color=GREY, label="the file of songs")
    right.set(xscale="log", xlabel="songs", ylabel="GB", ylim=(0, 1.1 * LIMIT_GB))
    right.set_title("Memory of its own, at most", loc="left", fontsize=12)
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def main() -> None:
    """Measure the sizes asked for, print the table, keep the figures and draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", action="store_true", help="a million songs alone")
    parser.add_argument("--limit", action="store_true", help=f"may not have more than {LIMIT_GB} GB; wants root")
    chosen = parser.parse_args()
    measured = [measure(n, chosen.limit) for n in ((LARGEST,) if chosen.largest else SIZES)]
    before = RESULTS / "many_songs.json"
    kept = json.loads(before.read_text(encoding="utf-8"))["rows"] if before.is_file() else []
    by_size = {row["songs"]: row for row in (*kept, *measured)}
    rows = [by_size[size] for size in sorted(by_size)]
    print(table(rows))
    record("many_songs", rows)
    save(draw(rows), PICTURE)


if __name__ == "__main__":
    main()
