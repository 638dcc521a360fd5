"""What is meant by the arguments of ``train`` as they were typed: those of the run that goes on, whole paths for jobs.

Arguments go in and come out, before Hydra reads them.
"""

from pathlib import Path

import yaml

from lyric_lm.errors import InputError
from lyric_lm.runs import OUTPUTS, complete_summary, latest_run


def rewritten(arguments: list[str]) -> list[str]:
    """Return the arguments that are meant by those that were typed."""
    return resume_arguments(for_ray(absolute_sweep(arguments)))


def resume_arguments(arguments: list[str]) -> list[str]:
    """Return the arguments of a resumed run: those it was started with, then the new ones, in its folder.

    Raises:
        InputError: the run cannot be resumed, or is complete.
    """
    asked = [argument.partition("=")[2].strip("'\"") for argument in arguments if argument.startswith("resume=")]
    if not asked or asked[-1] in ("", "null"):
        return arguments
    folder = latest_run(OUTPUTS, ".hydra/overrides.yaml") if asked[-1] == "latest" else Path(asked[-1]).expanduser()
    saved = folder / ".hydra" / "overrides.yaml"
    if not saved.is_file():
        raise InputError(f"resume={asked[-1]} is not a run folder (no .hydra/overrides.yaml); give one, or latest")
    is_longer = any(argument.startswith("trainer.max_") for argument in arguments)
    if complete_summary(folder) is not None and not is_longer:
        raise InputError(f"resume={asked[-1]}: this run is complete; to train on, also give trainer.max_epochs=N")
    began_in = folder / ".hydra" / "hydra.yaml"
    old_cwd = yaml.safe_load(began_in.read_text(encoding="utf-8"))["hydra"]["runtime"]["cwd"]
    old = [
        seen_from(item, Path(old_cwd))
        for item in yaml.safe_load(saved.read_text(encoding="utf-8")) or []
        if not item.startswith(("resume=", "hydra.run.dir=", "sweep=", "artist="))  # of a sweep, this run alone
    ]
    new = [argument for argument in arguments if not argument.startswith("resume=")]
    return [*old, *new, f"resume={folder}", f"hydra.run.dir={folder}"]


def seen_from(argument: str, old_cwd: Path) -> str:
    """Return an argument as it was typed in another folder: a relative path of songs or weights is found there.

    >>> seen_from("data.path=songs", Path("/nowhere")), seen_from("optim.lr=1e-3", Path("/"))
    ('data.path=songs', 'optim.lr=1e-3')
    >>> seen_from("data.path='proc'", Path("/")) if Path("/proc").is_dir() else "data.path='/proc'"
    "data.path='/proc'"
    """
    key, _, value = argument.partition("=")
    path = value.strip("'\"")
    if key not in ("data.path", "model.pretrained") or old_cwd == Path.cwd() or not path or "\\" in path:
        return argument
    there = old_cwd / Path(path).expanduser()
    return f"{key}='{there}'" if there.exists() and "'" not in str(there) else argument


def absolute_sweep(arguments: list[str]) -> list[str]:
    """Return the arguments with a sweep's folder as a whole path: its jobs may run where another folder is the current.

    >>> absolute_sweep(["-m", "hydra.sweep.dir='/a b'", "hydra.sweep.dir=${b}"])
    ['-m', 'hydra.sweep.dir=/a b', 'hydra.sweep.dir=${b}']
    """
    key = "hydra.sweep.dir="
    typed = {argument: argument.removeprefix(key).strip("'\"") for argument in arguments if argument.startswith(key)}
    whole = {a: f"{key}{Path(folder).expanduser().absolute()}" for a, folder in typed.items() if "${" not in folder}
    return [whole.get(argument, argument) for argument in arguments]


def for_ray(arguments: list[str]) -> list[str]:
    """Return the arguments so that Ray can be told of a cluster that is there already.

    Hydra's launcher asks for memory for it, which Ray refuses: only a cluster that is started can be asked for that.

    >>> for_ray(["hydra/launcher=ray"]), for_ray(["model=tiny"])
    (['hydra/launcher=ray', '+hydra.launcher.ray.init.object_store_memory=null'], ['model=tiny'])
    """
    key = "hydra.launcher.ray.init.object_store_memory"
    if "hydra/launcher=ray" not in arguments or any(key in argument for argument in arguments):
        return arguments
    return [*arguments, f"+{key}=null"]
