"""Does the draw keep to what may be drawn? Many tokens from one distribution, none of them of probability zero."""

import torch
from torch import Tensor

from lyric_lm import sampling
from lyric_lm.checks.check import FAIL, PASS, Check

TOP_K = 50  # as conf/generate.yaml


def check_sampling(logits: Tensor, n_draws: int) -> Check:
    """Draw with the code that writes songs, from logits (V,) on their device; what is allowed is counted apart.

    On MPS ``torch.multinomial`` returned tokens of probability zero once in 220 draws
    (https://github.com/pytorch/pytorch/issues/192577), in torch 2.0 on CPUs once in 630.
    """
    choice = sampling.Sampling(
        max_new_tokens=1, temperature=0.8, top_k=TOP_K, top_p=0.95, min_p=None, repetition_penalty=1.0
    )
    limit = f"none beyond the {TOP_K} likeliest"
    advice = "songs get words that the model rules out; install another version of torch, or use the CPU"
    if not bool(logits.isfinite().all()):
        return Check("sampling", FAIL, "logits that are not numbers", limit, advice)
    exact = logits.cpu().double()
    least = exact.sort(descending=True).values[:TOP_K][-1]
    scores = choice.filters()(torch.zeros((1, 1), dtype=torch.int64, device=logits.device), logits[None])[0].cpu()
    generator = torch.Generator().manual_seed(0)
    drawn = torch.tensor([sampling.pick(scores, generator, choice.temperature) for _ in range(n_draws)])
    n_wrong = int((exact[drawn] < least).sum())
    meaning = advice if n_wrong else ""
    return Check("sampling", FAIL if n_wrong else PASS, f"{n_wrong} of {n_draws} draws forbidden", limit, meaning)
