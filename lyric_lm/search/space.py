"""What a search may choose: Hydra's sweep syntax (``choice``, ``range``, ``interval``) as Optuna's distributions.

A choice is kept as it is typed, so that a trial's value is an argument again: ``finetune=lora``, ``optim.lr=0.0003``.
"""

from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep

from lyric_lm.errors import InputError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def split(overrides: list[Override]) -> tuple[list[str], "dict[str, BaseDistribution]"]:
    """Return what is fixed, as arguments, and what is searched, by key; of a key that is given twice, the last counts.

    Raises:
        InputError: a sweep that cannot be searched.
    """
    last = {override.get_key_element(): override for override in overrides}
    fixed = [f"{key}={o.get_value_element_as_str()}" for key, o in last.items() if not o.is_sweep_override()]
    return fixed, {key: distribution(o) for key, o in last.items() if o.is_sweep_override()}


def distribution(override: Override) -> "BaseDistribution":
    """Return the distribution that a swept argument stands for.

    Raises:
        InputError: it is none that can be searched.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    value: Any = override.value()
    asked = str(override.input_line)
    is_log = "log" in getattr(value, "tags", ())
    try:
        if isinstance(value, ChoiceSweep):
            return CategoricalDistribution(list(dict.fromkeys(override.sweep_string_iterator())))
        if isinstance(value, IntervalSweep):
            if isinstance(value.start, int) and isinstance(value.end, int):
                return IntDistribution(value.start, value.end, log=is_log)
            return FloatDistribution(float(value.start), float(value.end), log=is_log)
        if isinstance(value, RangeSweep) and all(isinstance(x, int) for x in (value.start, value.stop, value.step)):
            return IntDistribution(value.start, value.stop - 1, log=is_log, step=value.step)
    except ValueError as error:
        raise InputError(f"{asked} cannot be searched: {error}") from error
    raise InputError(
        f"{asked} cannot be searched; allowed: choice(A,B), interval(LOW,HIGH), tag(log,interval(LOW,HIGH)), range(M,N)"
    )
