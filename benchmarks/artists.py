"""Train a model for each of twenty invented artists, two at a time: ``python -m benchmarks.artists``.

The artists have 12 to 60 songs each, made of the album's stanzas, mixed; the model is the tiny random one. Out come the
seconds of the whole, the table of all artists, and ``docs/artists.png``.
"""

import argparse
import csv
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.record import record, table
from lyric_lm.lyrics.reading import ALBUM

SIZES = (12, 20, 30, 45, 60)
N_ARTISTS = 20
TRAIN = ("model=tiny", "artist=each", "data.min_songs=10", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
PICTURE = Path(__file__).parent.parent / "docs" / "artists.png"


def write_songs(file: Path) -> None:
    """Write the songs of all artists as CSV."""
    songs = [song.read_text(encoding="utf-8") for song in sorted(ALBUM.glob("*.txt"))]
    stanzas = [stanza.split("\n") for song in songs for stanza in song.strip().split("\n\n") if stanza.count("\n") > 1]
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["artist", "title", "lyrics"])
        for number in range(N_ARTISTS):
            draw = random.Random(number)
            for song in range(SIZES[number % len(SIZES)]):
                mixed = ["\n".join(draw.sample(stanza, len(stanza))) for stanza in draw.sample(stanzas, 4)]
                writer.writerow([f"Artist {number:02}", f"Song {song}", "\n\n".join(mixed)])


def main() -> None:
    """Print the table, keep the picture."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_songs(home / "many.csv")
        command = [sys.executable, "-m", "lyric_lm.train", *TRAIN, "data.path=many.csv", "hydra.sweep.dir=sweep"]
        began = time.perf_counter()
        subprocess.run(command, cwd=home, check=True, stdout=subprocess.DEVNULL)
        seconds = round(time.perf_counter() - began, 1)
        with (home / "sweep" / "artists.csv").open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        shutil.copy(home / "sweep" / "artists.png", PICTURE)
    print(table(rows))
    print(f"\n{seconds} seconds")
    record("artists", rows, seconds=seconds)


if __name__ == "__main__":
    main()
