"""What to try next, and why: from the figures of one evaluation, most pressing first.

The content of ``metrics.json`` goes in; a few suggestions come out, each with the figure that it rests on and, where
one command does it, the command.
"""

import shlex
from typing import Any

import yaml

from lyric_lm.settings import CONF

FEW_SONGS = 50
FEW_HELD_OUT = 10
NOISY = 0.1  # share of songs
MOST_TOKENS = 1000  # of a song; GPT-2 reads no more
MOST = 5  # suggestions

Advice = dict[str, str | None]


def advice_of(metrics: dict[str, Any], trained: dict[str, Any] | None) -> list[Advice]:
    """Return what to try next.

    Args:
        metrics: the content of ``metrics.json``, the verdict included.
        trained: the settings that the run was trained with; None for an untrained model.
    """
    if trained is None:
        return [_advice("Train it on these songs", "python -m lyric_lm.train data.path=MY_SONGS", "it is untrained")]
    found = [
        *_of_noise(metrics),
        *_of_copies(metrics, trained),
        *_of_learning(metrics, trained),
        *_of_style(metrics, trained),
        *_of_songs(metrics, trained),
    ]
    return found[:MOST] or [
        _advice(
            "Write songs, with the guard on",
            _generate(metrics, "originality=6", "num_samples=10"),
            "nothing stands out; with originality=6 no song can hold more than six words in a row of a training song",
        )
    ]


def _of_noise(metrics: dict[str, Any]) -> list[Advice]:
    noise, settings = metrics["noise"], metrics["settings"]
    if noise is None or noise < NOISY or settings["temperature"] < 0.5 or _repetition(metrics["style"]):
        return []  # what goes round in circles counts as noise too, and wants the opposite
    return [
        _advice(
            "Draw less wildly",
            _generate(metrics, f"temperature={settings['temperature'] - 0.2:.1f}"),
            f"{100 * noise:.0f} % of the songs are not language; a lower temperature, top_k or top_p cuts off the tail",
        )
    ]


def _of_copies(metrics: dict[str, Any], trained: dict[str, Any]) -> list[Advice]:
    samples = metrics["originality"]["sets"]["samples"]
    if metrics["verdict"]["original"]["answer"] not in ("no", "partly"):
        return []
    guard = [
        _advice(
            "Switch the guard on",
            _generate(metrics, "originality=6"),
            f"the longest copied run has {samples['longest_run']} words; with originality=6 none has more than six",
        )
    ]
    if samples["longest_run"] <= 6:  # it is on, or would change nothing
        guard = []
    if metrics["verdict"]["original"]["answer"] == "partly":
        return guard
    epochs, rate = trained["trainer"]["max_epochs"], trained["optim"]["lr"]
    fewer = _advice(
        "Train for fewer epochs, or at a lower rate",
        _train(
            trained, f"optim.lr={rate / 2:g}", *([f"trainer.max_epochs={epochs // 2}"] if (epochs or 0) > 1 else [])
        ),
        f"{100 * samples['share_6']:.0f} % of its six-word sequences are those of its songs: it knows them by heart; "
        "more songs help as well",
    )
    return [*guard, fewer]


def _of_learning(metrics: dict[str, Any], trained: dict[str, Any]) -> list[Advice]:
    if metrics["verdict"]["learned"]["answer"] != "no":
        return []
    rate = trained["optim"]["lr"]
    return [
        _advice(
            "Look at the songs, then at the learning rate",
            _train(trained, "sweep=lr"),
            f"held-out songs cost it no less than the untrained model, at optim.lr={rate:g}; the sweep tries others",
        )
    ]


def _of_style(metrics: dict[str, Any], trained: dict[str, Any]) -> list[Advice]:
    style, settings = metrics["style"], metrics["settings"]
    found = []
    repeats = _repetition(style)
    ended = style["ended"]["samples"]
    if ended is not None and ended < 0.8 and 2 * settings["max_new_tokens"] <= MOST_TOKENS and not repeats:
        found.append(
            _advice(
                "Let the songs come to their ends",
                _generate(metrics, f"max_new_tokens={2 * settings['max_new_tokens']}"),
                f"only {100 * ended:.0f} % end before max_new_tokens={settings['max_new_tokens']}",
            )
        )
    if repeats:
        found.append(
            _advice(
                "Raise the temperature, or penalise repetition",
                _generate(metrics, f"temperature={settings['temperature'] + 0.2:.1f}", "repetition_penalty=1.1"),
                f"half of its songs repeat {100 * repeats[0]:.0f} % of their four-word sequences or more; the artist's "
                f"{100 * repeats[1]:.0f} %",
            )
        )
    if metrics["verdict"]["in_style"]["answer"] == "no":
        found.append(
            _advice(
                "Train longer, or take a larger model",
                _train(trained, "experiment=style"),
                f"a classifier tells its songs from the artist's with AUC {style['told_apart']['samples']['auc']:.2f}, "
                "and it is not on the way to the style",
            )
        )
    elif metrics["verdict"]["in_style"]["answer"] == "partly":
        name = max(
            style["features"], key=lambda feature: (style["features"][feature]["distance"]["samples"] or 0.0, feature)
        )
        feature = style["features"][name]
        medians = _medians(style, name)
        if medians:
            found.append(
                _advice(
                    "Listen for what gives it away",
                    None,
                    f"of what was measured, it is farthest from the artist in: {feature['what']} (median "
                    f"{medians[0]:.3g}, the artist's {medians[1]:.3g})",
                )
            )
    return found


def _of_songs(metrics: dict[str, Any], trained: dict[str, Any]) -> list[Advice]:
    found = []
    if metrics["n_train_songs"] < FEW_SONGS:
        found.append(
            _advice("Add songs", None, f"{metrics['n_train_songs']} are few: a model learns a style from 50 and more")
        )
    share = f"data.{metrics['split']}_fraction"
    if metrics["n_held_out_songs"] < FEW_HELD_OUT and trained["data"][share.removeprefix("data.")] < 0.2:
        found.append(
            _advice(
                "Hold out more songs",
                _train(trained, f"{share}=0.2"),
                f"{metrics['n_held_out_songs']} held-out songs leave every figure here with a wide interval",
            )
        )
    if metrics["split"] == "val":
        found.append(
            _advice(
                "For figures to be defended, set songs aside for the last test",
                _train(trained, "data.test_fraction=0.1"),
                "these held-out songs also chose the best epoch, which flatters the loss a little",
            )
        )
    return found


def _repetition(style: dict[str, Any]) -> tuple[float, float] | None:
    """Return how much the samples and the artist repeat, where it is much more."""
    repeats = _medians(style, "repeated_4_grams")
    return repeats if repeats and repeats[0] > max(2 * repeats[1], repeats[1] + 0.1) else None


def _medians(style: dict[str, Any], feature: str) -> tuple[float, float] | None:
    """Return the medians of the samples and of the held-out songs, where both are there."""
    sets = style["features"][feature]["sets"]
    samples, held_out = sets["samples"]["median"], sets["held_out"]["median"]
    return None if samples is None or held_out is None else (samples, held_out)


def _train(trained: dict[str, Any], *changes: str) -> str:
    """Return the command that trains the same model on the same songs with something changed."""
    model, data = trained["model"], trained["data"]
    group = model["name"].replace("-", "_")
    file = CONF / "model" / f"{group}.yaml"  # a folder may be called like one of them
    is_known = file.is_file() and yaml.safe_load(file.read_text(encoding="utf-8"))["pretrained"] == model["pretrained"]
    given = [f"model={group}" if is_known else f"model.pretrained={model['pretrained']}"]
    given += [f"data.{key}={data[key]}" for key in ("path", "artist") if data[key] is not None]
    return shlex.join(["python", "-m", "lyric_lm.train", *given, *changes])


def _generate(metrics: dict[str, Any], *changes: str) -> str:
    """Return the command that writes songs with the evaluated model and something changed."""
    return shlex.join(["python", "-m", "lyric_lm.generate", f"run={metrics['run']}", *changes])


def _advice(do: str, command: str | None, why: str) -> Advice:
    return {"do": do, "command": command, "why": why}
