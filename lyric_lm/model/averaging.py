"""A moving average of a network's weights over the steps of training, beside the weights that are trained.

Weights that a high learning rate moves to and fro lie around a better place than any they pass through (Polyak and
Juditsky 1992, https://doi.org/10.1137/0330046). The average begins at the weights before the first step, and what it
keeps of them keeps a model that soon knows its few songs by heart nearer to its language (Wortsman et al. 2022,
https://arxiv.org/abs/2109.01903).
"""

import copy

import torch
from transformers import PreTrainedModel


class MovingAverage:
    """Follow a network's trained weights: after each step, ``decay`` of what was and the rest of what is now.

    ``network`` has the average; what is not trained is the other's own.

    Args:
        network: as it is before the first step.
        decay: in (0, 1); the average is that of about ``1 / (1 - decay)`` steps.
    """

    def __init__(self, network: PreTrainedModel, decay: float):
        self.decay = decay
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
        mine, theirs = ([pair[i] for pair in self._pairs] for i in range(2))
        torch._foreach_lerp_(mine, theirs, 1 - self.decay)
