"""Does the draw keep to what may be drawn? Many tokens from one distribution, none of them of probability zero."""

import torch
from torch import Tensor

from lyric_lm import drawing
from lyric_lm.checks.check import FAIL, PASS, Check
from lyric_lm.sampling_settings import Sampling

TOP_K, TOP_P, TEMPERATURE = 50, 0.95, 0.8  # a usual choice, in which both cut something off


def check_sampling(logits: Tensor, n_draws: int) -> Check:
    """Draw with the code that writes songs, from logits (V,); what is allowed is worked out apart.

    On MPS ``torch.multinomial`` returned tokens of probability zero once in 220 draws
    (https://github.com/pytorch/pytorch/issues/192577), in torch 2.0 on CPUs once in 630.
    """
    limit = f"none beyond top_k={TOP_K}, top_p={TOP_P}"
    advice = "songs get words that were ruled out; install another version of torch, or use the CPU"
    if not bool(logits.isfinite().all()):
        return Check("sampling", FAIL, "logits that are not numbers", limit, advice)
    choice = Sampling(*(1, TEMPERATURE, TOP_K, TOP_P), min_p=None, repetition_penalty=1.0, originality=None)
    generator = torch.Generator().manual_seed(0)
    among = drawing.choices(choice, logits.cpu().numpy(), [])
    drawn = [drawing.pick(*among, generator) for _ in range(n_draws)]
    n_wrong = int((logits.cpu()[drawn] < least_allowed(logits)).sum())
    return Check(
        *("sampling", FAIL if n_wrong else PASS, f"{n_wrong} of {n_draws} draws forbidden"),
        *(limit, advice if n_wrong else ""),
    )


def least_allowed(logits: Tensor) -> float:
    """Return the least logit of those that may be drawn: of the likeliest, as many as make up the share of probability.

    >>> least_allowed(torch.tensor([0.0, 9.0, 9.5, -40.0])), least_allowed(torch.ones(100))
    (9.0, 1.0)
    """
    likeliest = logits.cpu().double().topk(min(TOP_K, len(logits))).values
    share = (likeliest / TEMPERATURE).softmax(dim=0)
    before = share.cumsum(dim=0) - share
    return float(likeliest[before < TOP_P + 1e-4][-1])  # a little more, for what was rounded
