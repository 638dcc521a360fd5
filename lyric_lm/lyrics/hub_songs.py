"""Fetch the files of a dataset on the hub, as they are; what is in them is read like any other folder of songs.

The id of a dataset goes in, the folder in the hub's cache that holds its data files comes out. Nothing of a dataset
is ever run: the scripts that older ones bring, huggingartists' among them, are not needed to read their data.
"""

import logging
from pathlib import Path

import huggingface_hub
import huggingface_hub.constants
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import logging as hub_logging

from lyric_lm.errors import InputError
from lyric_lm.hub import hub_is_reachable

# The endings that our readers know; audio, pictures and scripts stay where they are.
_ENDINGS = "csv tsv tab psv json jsonl ndjson parquet arrow feather txt text lrc srt vtt lyrics"
_PATTERNS = [f"*.{ending}" for ending in _ENDINGS.split()]
_NOT_SONGS = ["dataset_info*.json", "*/dataset_info*.json", "*state.json", "requirements*.txt", "*LICENSE*"]
# Where the hub keeps what it made of a dataset that comes in another form.
_CONVERTED = "refs/convert/parquet"

_WAYS_OUT = (
    "give data.path=/a/folder with songs, or download it once where there is a connection "
    "(hf download --repo-type dataset NAME) and copy the cache"
)


def fetch(repo_id: str) -> Path:
    """Download a dataset's data files, as far as they are not in the cache, and return their folder.

    The files are links into the cache: they are to be read and never written to.

    Raises:
        InputError: there is no such dataset, no way to it, or nothing in it that can hold songs.
    """
    is_offline = not hub_is_reachable()
    hub_logging.set_verbosity_error()  # what it would say, we say
    for library in ("httpx", "httpx2"):  # the hub library's; it would tell every request
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        folder = _snapshot(repo_id, None, is_offline)
        if not _has_files(folder) and not is_offline:
            folder = _snapshot(repo_id, _CONVERTED, is_offline)
    except RevisionNotFoundError:
        pass
    except (OSError, HFValidationError) as error:
        raise InputError(_why_not_fetched(repo_id, is_offline, error)) from error
    if not _has_files(folder):
        raise InputError(
            f"data.path={repo_id}: the dataset has no files that can hold songs; "
            f"known are {', '.join(_PATTERNS[:9])} and the like"
        )
    return folder


def _snapshot(repo_id: str, revision: str | None, is_offline: bool) -> Path:
    return Path(
        huggingface_hub.snapshot_download(
            repo_id,
            repo_type="dataset",
            revision=revision,
            allow_patterns=_PATTERNS,
            ignore_patterns=_NOT_SONGS,
            local_files_only=is_offline,
        )
    )


def _has_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


def _why_not_fetched(repo_id: str, is_offline: bool, error: Exception) -> str:
    place = f"data.path={repo_id} is no file or folder; as a dataset:"
    if is_offline:
        return (
            f"{place} cannot reach {huggingface_hub.constants.ENDPOINT} and {repo_id} is not in the local cache "
            f"({huggingface_hub.constants.HF_HUB_CACHE}); {_WAYS_OUT}"
        )
    if isinstance(error, GatedRepoError):
        return (
            f"{place} the hub gives {repo_id} only to those who accepted its terms; accept them on "
            f"{huggingface_hub.constants.ENDPOINT}/datasets/{repo_id}, log in (hf auth login), and run this again"
        )
    first_line = str(error).strip().partition("\n")[0]
    if isinstance(error, RepositoryNotFoundError):
        first_line = "there is none of this name, or it is private (hf auth login)"
    return f"{place} the hub did not give {repo_id}: {first_line.rstrip('.')}; check the name, or {_WAYS_OUT}"
