"""A moving average of a network's weights over the steps of training, beside the weights that are trained.

Weights that a high learning rate moves to and fro lie around a better place than any they pass through (Polyak and
Juditsky 1992, https://doi.org/10.1137/0330046). The average is nearer to the untrained weights than the last ones are,
which keeps a model that soon knows its few songs by heart nearer to its language (Wortsman et al. 2022,
https://arxiv.org/abs/2109.01903).
"""

import copy

import torch
from transformers import PreTrainedModel

_ALL, _EVERY = 64, 4  # after so many steps, only every fourth is looked at: to read all weights takes time


class MovingAverage:
    """Follow a network's trained weights: after each step, a share of what was and the rest of what is now.

    At first the share grows, as ``n / (n + 2)`` after n steps, up to ``decay``. Until then all weights of the run are
    in the average: those before the first step once, those after the n-th n + 1 times (polynomial-decay averaging,
    Shamir and Zhang 2013, http://proceedings.mlr.press/v28/shamir13.html). From the 65th step on, every fourth step's
    weights stand for those of the three before it too. ``network`` has the average; what is not trained is the other's
    own.

    Args:
        network: as it is before the first step.
        decay: in (0, 1); the average comes to be that of about ``1 / (1 - decay)`` steps.

    Attributes:
        n_steps: taken into account so far.
    """

    def __init__(self, network: PreTrainedModel, decay: float):
        self.decay = decay
        self.n_steps = 0
        shared = {id(p): p for p in network.parameters() if not p.requires_grad}
        self.network: PreTrainedModel = copy.deepcopy(network, shared).requires_grad_(False).eval()
        self._pairs = [
            (mine, theirs)
            for mine, theirs in zip(self.network.parameters(), network.parameters(), strict=True)
            if mine is not theirs
        ]

    @torch.no_grad()
    def update(self) -> None:
        """Take a step of the other network into account."""
        self.n_steps += 1
        n, n_new = self.n_steps, 1 if self.n_steps <= _ALL else _EVERY
        if n % n_new:
            return
        before = n - n_new
        kept = min(self.decay**n_new, (before + 1) * (before + 2) / ((n + 1) * (n + 2)))
        mine, theirs = ([pair[i] for pair in self._pairs] for i in range(2))
        torch._foreach_lerp_(mine, theirs, 1 - kept)
