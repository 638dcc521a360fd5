"""The configuration as plain data, checked: no missing value, no key that nothing reads.

Where the configuration files are, which keys they know, and how a composed config becomes dicts and lists.
"""

import difflib
from pathlib import Path, PurePath
from typing import Any, cast

import yaml
from omegaconf import DictConfig, OmegaConf

from lyric_lm.errors import InputError

_PACKAGE = Path(__file__).parent
# In a wheel the configuration lies inside the package, in a checkout beside it.
CONF = _PACKAGE / "conf" if (_PACKAGE / "conf").is_dir() else _PACKAGE.parent / "conf"

# Groups whose entries are objects that name their class; the trainer's keys are checked by Lightning.
_OBJECT_GROUPS = ("callbacks", "logger")
_OPEN_GROUPS = (*_OBJECT_GROUPS, "trainer", "hydra")

OmegaConf.register_new_resolver("basename", lambda path: PurePath(str(path)).name or str(path), replace=True)


def plain(cfg: DictConfig) -> dict[str, Any]:
    """Resolve a config into dicts and lists.

    Raises:
        InputError: a key does not exist (in an experiment file Hydra would merge it silently), or an entry
            of callbacks or logger has no ``_target_`` (Lightning would take it silently).
        omegaconf.MissingMandatoryValue: a value is missing.
    """
    settings = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True))
    known = known_keys()
    for group, entries in settings.items():
        if group in _OBJECT_GROUPS:
            for name, entry in (entries or {}).items():
                if entry is not None and "_target_" not in entry:
                    raise InputError(f"{group}.{name} has no _target_; name the class, or set {group}.{name}=null")
        elif isinstance(entries, dict) and group not in _OPEN_GROUPS:
            for name in entries:
                if f"{group}.{name}" not in known:
                    raise InputError(f"unknown key {group}.{name}{did_you_mean(f'{group}.{name}')}")
        elif group not in known:
            raise InputError(f"unknown key {group}{did_you_mean(str(group))}")
    return settings


def known_keys() -> set[str]:
    """Return every key that the configuration files set: ``seed``, ``optim``, ``optim.lr`` …

    >>> {"seed", "optim", "optim.lr", "data.out"} <= known_keys()
    True
    """
    keys: set[str] = set()
    for file in sorted(CONF.rglob("*.yaml")):
        group = file.parent.name if file.parent != CONF else ""
        if group in ("experiment", "sweep", "hydra"):
            continue
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        if group:
            keys |= {group, *(f"{group}.{name}" for name in content)}
        else:
            keys |= {name for name in content if name != "defaults"}
            keys |= {f"{name}.{inner}" for name, value in content.items() if isinstance(value, dict) for inner in value}
    return keys


def did_you_mean(key: str) -> str:
    """Return a suggestion to append to a message about an unknown key, or nothing.

    >>> did_you_mean("trainer.max_epoch")
    '; did you mean trainer.max_epochs?'
    """
    nearest = difflib.get_close_matches(key, sorted(known_keys()), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""
