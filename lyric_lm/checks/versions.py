"""Versions and devices that are known to compute wrongly, refused by name, and how what is known is gone around."""

import platform

import torch
from transformers import PreTrainedModel

from lyric_lm.checks.check import FAIL, PASS, WARN, Check


def check_versions(network: PreTrainedModel, device: str) -> list[Check]:
    """Say whether torch is fit for the device, which attention is used there, and where tokens are drawn.

    Half precision on MPS is refused by ``hardware.resolve_precision``.
    """
    return [check_torch(device), check_attention(network.config._attn_implementation, device), check_draws(device)]


def check_torch(device: str) -> Check:
    """torch 2.8 on MPS computes attention and linear layers wrongly (pytorch issues 163597 and 162730)."""
    version = torch.__version__
    is_bad = device == "mps" and version.startswith("2.8.")
    meaning = "gives wrong results on MPS (pytorch issues 163597, 162730): install torch 2.9 or newer" if is_bad else ""
    figure = f"{version} on {device}, Python {platform.python_version()}"
    return Check("torch", FAIL if is_bad else PASS, figure, "not 2.8 on MPS", meaning)


def check_attention(attention: str, device: str) -> Check:
    """The fused attention of MPS has had one fault after another; the plain one has not, and is taken by default.

    Rows of a batch read with the first row's mask, rows read wrongly (pytorch issue 181133), reads beyond the end from
    1,024 tokens on (174861, until torch 2.11), NaN beside padding (167515).

    >>> [check_attention(*at).status for at in (("sdpa", "cpu"), ("eager", "mps"), ("sdpa", "mps"))]
    ['pass', 'pass', 'warn']
    """
    is_risky = device == "mps" and attention != "eager"
    meaning = "MPS reads long or padded rows wrongly in some versions (pytorch issues 181133, 174861, 167515): "
    return Check(
        *("attention", WARN if is_risky else PASS, f"{attention} on {device}", "eager on MPS"),
        f"{meaning}set model.attention=eager" if is_risky else "",
    )


def check_draws(device: str) -> Check:
    """Tokens are drawn on the CPU, whatever the device: MPS draws impossible ones (pytorch issue 192577)."""
    return Check("draws", PASS, f"on the CPU, the model on {device}", "not on MPS", "")
