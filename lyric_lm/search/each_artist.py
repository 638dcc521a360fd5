"""A sweeper for Hydra that trains a model for each artist of many songs: ``python -m lyric_lm.train artist=each``.

The songs are read once and laid down by artist beside the runs; any of Hydra's launchers does the runs. A run that
fails is told in the table and ends nothing. The same command with ``hydra.sweep.dir=FOLDER`` goes on: with the songs as
they were, runs that are complete are passed over, and others taken up where they stopped.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from lyric_lm.command import quote
from lyric_lm.durable import write_text
from lyric_lm.errors import InputError
from lyric_lm.search.artist_table import Result, draw, listed, result_of, write_csv
from lyric_lm.search.launching import LaunchingSweeper

BEGUN = "artists.json"  # what the sweep was begun with
_OURS = ("artist", "data.path", "data.artist", "data.min_songs")  # what a job has no more of, or its own

log = logging.getLogger(__name__)


class ArtistSweeper(LaunchingSweeper):
    """Train for each artist, and for each combination of other settings that are given as a sweep.

    Args:
        max_batch_size: runs that are launched together.
        params: more to go through, in Hydra's sweep syntax by key; arguments on the command line come on top.
    """

    def __init__(self, max_batch_size: int, params: dict[str, Any] | None):
        super().__init__(params)
        self.max_batch_size = max_batch_size

    def sweep(self, arguments: list[str]) -> list[Result]:
        """Run them all, and leave ``artists.csv`` and ``artists.png``.

        Raises:
            InputError: no artist has enough songs, or an earlier start had other arguments.
            Interrupted: asked to stop.
        """
        data = self.config.data
        if data.artist is not None:
            raise InputError(f"data.artist={data.artist} and artist=each exclude each other; give one of them")
        folder = self.folder
        given = [override for override in self.parsed(arguments) if override.get_key_element() not in _OURS]
        (grid,) = BasicSweeper.split_arguments(given, None)
        files = self._songs(folder, {"arguments": sorted(arguments), "params": self.params})
        jobs, titles = [], []
        for artist, file in files.items():
            for number, combination in enumerate(grid):
                place = file.stem if len(grid) == 1 else f"{file.stem}/{number}"
                own = [f"data.path={quote(str(file))}", f"data.artist={quote(artist)}"]
                jobs.append([*combination, *own, "hydra.mode=MULTIRUN", f"hydra.sweep.subdir={quote(place)}"])
                titles.append((artist, folder / place))
        self.validate_batch_is_legal(jobs[:1])  # the others differ in nothing that could be wrong
        OmegaConf.save(self.config, folder / "multirun.yaml")
        returns: list[JobReturn] = []
        with self.can_go_on():
            while len(returns) < len(jobs):
                batch = jobs[len(returns) : len(returns) + self.max_batch_size]
                returns += self.launcher.launch(batch, initial_job_idx=len(returns))
        results = [
            result_of(artist, place, returned) for (artist, place), returned in zip(titles, returns, strict=True)
        ]
        write_csv(results, folder / "artists.csv")
        print(listed(results))
        shown = [folder / "artists.csv"]
        if any(result.summary for result in results):
            shown.append(draw(results, folder / "artists.png"))
        print(f"\ntable and picture: {', '.join(map(str, shown))}; models: {folder}/ARTIST/model")
        return results

    def _songs(self, folder: Path, begun_with: dict[str, Any]) -> dict[str, Path]:
        """Lay the songs down by artist, or find them where an earlier start did; return the file of each artist.

        Raises:
            InputError: no artist has enough songs, or the earlier start had other arguments.
        """
        begun = folder / BEGUN
        if begun.is_file():
            before = json.loads(begun.read_text(encoding="utf-8"))
            if {name: before[name] for name in begun_with} != begun_with:
                raise InputError(
                    f"{folder} was begun with {' '.join(before['arguments'])}; give the same arguments to go on with "
                    "it, or leave hydra.sweep.dir away to begin another"
                )
            return {artist: folder / "songs" / name for artist, name in before["files"].items()}
        from lyric_lm.lyrics.reading import read_by_artist  # half a second, and Hydra imports this for every command

        found, n_unnamed = read_by_artist(self.config.data.path)
        least = int(self.config.data.min_songs)
        enough = {artist: songs for artist, songs in found.items() if len(songs) >= least}
        if not enough:
            most = max(found.items(), key=lambda item: len(item[1]), default=None)
            why = f"the most has {most[0]}: {len(most[1])}" if most else "the songs must name their artists"
            raise InputError(f"none of {len(found)} artists has data.min_songs={least} songs; {why}")
        log.info(
            "%s artists have %s songs or more, %s have fewer%s",
            *(len(enough), least, len(found) - len(enough)),
            f"; {n_unnamed} songs name no artist" if n_unnamed else "",
        )
        files = {artist: folder / "songs" / f"{name}.jsonl" for artist, name in _file_names(list(enough)).items()}
        for artist, file in files.items():
            write_text(file, "".join(json.dumps(asdict(song), ensure_ascii=False) + "\n" for song in enough[artist]))
        names = {artist: file.name for artist, file in files.items()}
        write_text(begun, json.dumps({**begun_with, "files": names}, ensure_ascii=False, indent=2) + "\n")
        return files


def _file_names(artists: Sequence[str]) -> dict[str, str]:
    """Return a file name without ending for each artist, in order; no two are alike, not even where case counts little.

    >>> _file_names(["Robert Burns", "Élan / Vital", "..", "ROBERT-BURNS", "Songs"]).values()
    dict_values(['robert_burns', 'élan_vital', 'artist', 'robert_burns_2', 'songs_2'])
    """
    names: dict[str, str] = {}
    taken = {"songs"}  # the folder beside the runs
    for artist in artists:
        plain = "_".join(re.findall(r"\w+", artist.casefold()))[:60] or "artist"
        name = next(n for n in (plain, *(f"{plain}_{i}" for i in range(2, len(artists) + 2))) if n not in taken)
        taken.add(name)
        names[artist] = name
    return names
