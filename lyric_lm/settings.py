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
_OPEN_GROUPS = ("trainer", "hydra")
_WORDS = {"data.batch_size": ("auto",)}  # that stand for a number
_MAY_BE_NULL = ("model.dropout", "optim.warmup_steps", "top_k", "top_p")  # numbers that may be left to others

OmegaConf.register_new_resolver("basename", lambda path: PurePath(str(path)).name or str(path), replace=True)


def plain(cfg: DictConfig) -> dict[str, Any]:
    """Resolve a config into dicts and lists.

    Raises:
        InputError: a key does not exist (in an experiment file Hydra would merge it silently), its value is
            of another kind, or an entry of callbacks or logger has no ``_target_`` (Lightning would take it
            silently).
        omegaconf.MissingMandatoryValue: a value is missing.
    """
    settings = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True))
    known = defaults()
    for group, entries in settings.items():
        if group in _OBJECT_GROUPS:
            for name, entry in (entries or {}).items():
                if entry is not None and "_target_" not in entry:
                    raise InputError(f"{group}.{name} has no _target_; name the class, or set {group}.{name}=null")
        elif isinstance(entries, dict):
            for name, value in entries.items():
                _check(f"{group}.{name}", value, known, is_open=group in _OPEN_GROUPS)
                if isinstance(value, dict) and isinstance(known.get(f"{group}.{name}"), dict):
                    for inner, inner_value in value.items():
                        _check(f"{group}.{name}.{inner}", inner_value, known)
        else:
            _check(group, entries, known)
    return settings


def _check(key: str, value: Any, known: dict[str, Any], is_open: bool = False) -> None:
    """Refuse a key that does not exist, and what is no number or switch where the default is one."""
    if key not in known:
        if is_open:
            return
        raise InputError(f"unknown key {key}{did_you_mean(key)}")
    default = known[key]
    if value is None and (is_open or key in _MAY_BE_NULL):
        return
    typed = "null" if value is None else value
    if isinstance(default, bool) and not isinstance(value, bool):
        raise InputError(f"{key}={typed} is not true or false")
    if isinstance(default, int | float) and not isinstance(value, int | float) and value not in _WORDS.get(key, ()):
        raise InputError(" or ".join([f"{key}={typed} is not a number", *_WORDS.get(key, ())]))


def defaults() -> dict[str, Any]:
    """Return every key that the configuration files set, dotted, with a value that it has there.

    >>> defaults()["trainer.gradient_clip_val"], "data.out" in defaults()
    (1.0, True)
    """
    found: dict[str, Any] = {}
    for file in sorted(CONF.rglob("*.yaml")):
        group = file.parent.name if file.parent != CONF else ""
        if group in ("experiment", "sweep", "artist", "hydra", "job_logging", "sweeper", "launcher"):
            continue
        text = file.read_text(encoding="utf-8")
        group = "" if text.startswith("# @package _global_") else group
        content = yaml.safe_load(text) or {}
        content.pop("defaults", None)
        found |= {group: None} | _dotted(content, f"{group}.") if group else _dotted(content)
    return found


def _dotted(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return every key of nested dicts, dotted, with its value.

    >>> _dotted({"a": {"b": 1}})
    {'a': {'b': 1}, 'a.b': 1}
    """
    found: dict[str, Any] = {}
    for name, value in content.items():
        found[prefix + name] = value
        if isinstance(value, dict):
            found |= _dotted(value, f"{prefix}{name}.")
    return found


def did_you_mean(key: str) -> str:
    """Return a suggestion to append to a message about an unknown key, or nothing.

    >>> did_you_mean("trainer.max_epoch")
    '; did you mean trainer.max_epochs?'
    """
    nearest = difflib.get_close_matches(key, sorted(defaults().keys() - {key}), n=1, cutoff=0.8)
    return f"; did you mean {nearest[0]}?" if nearest else ""
