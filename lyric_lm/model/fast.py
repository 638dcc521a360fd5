"""Say the same to the machine in a quicker way: layers that torch has in one piece take the place of composed ones."""

from torch import nn
from transformers import PreTrainedModel
from transformers.activations import NewGELUActivation


def speed_up(network: PreTrainedModel) -> None:
    """Replace GPT-2's activation, which is written as eight operations, by torch's own of the same formula.

    How much of a step that is, ``benchmarks.step`` tells. Nothing that is saved changes.
    """
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, NewGELUActivation):
                setattr(module, name, nn.GELU(approximate="tanh"))
