import torch
from transformers import GPT2Config, GPT2LMHeadModel

from lyric_lm.model.fast import speed_up


def test_the_same_logits_with_fewer_operations() -> None:
    torch.manual_seed(0)
    network = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=4)).eval()
    ids = torch.randint(0, 50, (1, 20))
    before = {name for name, _ in network.named_parameters()}
    expected = network(ids).logits
    speed_up(network)
    assert torch.allclose(network(ids).logits, expected, atol=1e-6)
    assert {name for name, _ in network.named_parameters()} == before
    assert not any("NewGELU" in type(module).__name__ for module in network.modules())
