"""Adapters: at first they change nothing, then only they learn; the exported model is plain and computes the same."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedModel

from lyric_lm.callbacks.export import export_model
from lyric_lm.checks.weights import check_loaded, check_values
from lyric_lm.data.batches import collate
from lyric_lm.data.packing import Part
from lyric_lm.errors import InputError
from lyric_lm.model.lora import add_adapters, merged, n_trained, prepare
from lyric_lm.model.loss import batch_sums
from lyric_lm.model.module import SongModule
from lyric_lm.model.tiny import make_tiny
from tests.conftest import Done
from tests.test_invariants import OPTIM

Call = Callable[..., Done]
IDS = torch.tensor([[0, 5, 9, 200, 31, 7]])


def gpt2() -> PreTrainedModel:
    return make_tiny()[0]


def llama() -> PreTrainedModel:
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(
        LlamaConfig(
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            vocab_size=257,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


KINDS = pytest.mark.parametrize("make", [gpt2, llama])


def trained(network: PreTrainedModel) -> PreTrainedModel:
    """Give the adapters some values, as if they had been trained."""
    torch.manual_seed(7)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.normal_(std=0.1)
    return network


@torch.no_grad()
def logits(network: PreTrainedModel) -> torch.Tensor:
    return network.eval()(IDS, use_cache=False).logits


@KINDS
def test_at_first_nothing_is_changed_and_then_only_adapters_learn(make: Callable[[], PreTrainedModel]) -> None:
    network = make()
    kind, before, plain = type(network), logits(network), {k: v.clone() for k, v in network.state_dict().items()}
    add_adapters(network, r=4, alpha=8, dropout=0.5)
    assert type(network) is kind
    assert torch.equal(logits(network), before)
    assert all(torch.equal(value, plain[name]) for name, value in merged(network).items())
    network.train()
    batch = collate([[Part([0, 5, 9, 200, 31, 0], 0, 5, "a")]], pad_id=0)
    torch.autograd.backward(batch_sums(network, batch).objective)
    have_gradient = {name for name, p in network.named_parameters() if p.grad is not None}
    assert have_gradient == {name for name, p in network.named_parameters() if p.requires_grad}
    assert all(".lora_" in name for name in have_gradient)


def test_the_layers_of_the_blocks_have_adapters_and_no_others() -> None:
    """By hand: r values for each input and each output of the four, or seven, layers of each of two blocks."""
    network = gpt2()
    add_adapters(network, r=4, alpha=8, dropout=0.0)
    assert n_trained(network) == 2 * 4 * sum(
        n_in + n_out for n_in, n_out in ((48, 144), (48, 48), (48, 192), (192, 48))
    )
    other = llama()
    add_adapters(other, r=2, alpha=8, dropout=0.0)
    attention = (32 + 32) + 2 * (32 + 16) + (32 + 32)
    assert n_trained(other) == 2 * 2 * (attention + 3 * (32 + 48))
    assert n_trained(gpt2()) == sum(p.numel() for p in gpt2().parameters())


@pytest.mark.parametrize(("r", "alpha"), [(4, 8), (8, 8), (3, 48)])
def test_an_adapted_layer_is_the_formula(r: int, alpha: int) -> None:
    """W x + alpha / r * B A x, of GPT-2's transposed layer and of an ordinary one."""
    x = torch.randn(5, 48, generator=torch.Generator().manual_seed(1))
    network = gpt2()
    add_adapters(network, r, alpha, dropout=0.0)
    layer = trained(network).transformer.h[1].mlp.c_fc
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    weight, bias = layer.base_layer.weight, layer.base_layer.bias
    torch.testing.assert_close(layer(x), x @ weight + bias + alpha / r * (x @ a.T) @ b.T, atol=1e-5, rtol=1e-5)
    other = llama()
    add_adapters(other, r, alpha, dropout=0.0)
    layer = trained(other).model.layers[0].self_attn.k_proj
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    expected = x[:, :32] @ layer.base_layer.weight.T + alpha / r * (x[:, :32] @ a.T) @ b.T
    torch.testing.assert_close(layer(x[:, :32]), expected, atol=1e-5, rtol=1e-5)


@KINDS
def test_the_exported_model_is_plain_and_computes_the_same(make: Callable[[], PreTrainedModel], tmp_path: Path) -> None:
    network = make()
    plain = {name: value.clone() for name, value in network.state_dict().items()}
    untrained = logits(network)
    add_adapters(network, r=4, alpha=8, dropout=0.0)
    expected = logits(trained(network))
    assert (expected - untrained).abs().max() > 0.1
    export_model(SongModule(network, "tiny", **OPTIM), make_tiny()[1], tmp_path / "model")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    assert type(again) is type(network)
    torch.testing.assert_close(logits(again), expected, atol=1e-5, rtol=1e-5)
    assert {name: value.shape for name, value in again.state_dict().items()} == {n: v.shape for n, v in plain.items()}
    assert not any("lora" in name or "base_layer" in name for name in load_file(tmp_path / "model/model.safetensors"))
    assert not (tmp_path / "model" / "adapter_config.json").exists()
    assert torch.equal(logits(network), expected)  # exporting has changed nothing
    assert torch.equal(network.get_input_embeddings().weight, again.get_input_embeddings().weight)


def test_in_bf16_adapters_compute_in_bf16() -> None:
    """No float32 copy of what goes in: the low-rank product is autocast's, as the layer's own."""
    network = gpt2()
    add_adapters(network, r=4, alpha=8, dropout=0.0)
    seen: list[torch.dtype] = []
    layer = network.transformer.h[0].mlp.c_proj
    layer.lora_A["default"].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].dtype))
    with torch.autocast("cpu", torch.bfloat16):
        network(IDS, use_cache=False)
    assert seen == [torch.bfloat16]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "prefix"}, "finetune.method=prefix is not one of full, lora"),
        ({"method": "lora", "r": 0, "alpha": 8, "dropout": 0.0}, "finetune.r=0 is not a whole number"),
        ({"method": "lora", "r": 4.5, "alpha": 8, "dropout": 0.0}, "finetune.r=4.5 is not a whole number"),
        ({"method": "lora", "r": 4, "alpha": 0, "dropout": 0.0}, "set finetune.alpha=8"),
        ({"method": "lora", "r": 4, "alpha": 8, "dropout": 1.0}, r"finetune.dropout=1.0 is not in \[0, 1\)"),
    ],
)
def test_what_cannot_work_is_said(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        prepare(gpt2(), **options)  # type: ignore[arg-type]


def test_new_adapters_are_no_damage() -> None:
    network = gpt2()
    add_adapters(network, r=4, alpha=8, dropout=0.0)  # B is 0 throughout
    assert check_values(network, from_scratch=False).status == "pass"
    assert check_loaded(network, from_scratch=False).figure.startswith("28 of 28 tensors")


def test_a_run_with_adapters(call: Call, songs_folder: Path, tmp_path: Path) -> None:
    """The command: its summary, its card, its plain model, and that it does not go on as another kind of run."""
    short = ("model=tiny", "finetune=lora", "trainer.precision=32-true", "trainer.max_epochs=1")
    rest = ("callbacks=bare", "logger=csv_only", f"data.path={songs_folder}", "hydra.run.dir=run")
    done = call("train", *short, *rest)
    assert done.code == 0, done.err
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["finetune"], summary["n_trained_parameters"]) == ("lora", 2 * 16 * 768)
    assert summary["best_val_loss"] < summary["baseline_val_loss"]
    card = (tmp_path / "run" / "model" / "README.md").read_text(encoding="utf-8")
    assert "| fine-tuning | lora, r 16, alpha 32, dropout 0; 24,576 parameters trained |" in card
    assert "| learning rate, schedule | 0.002, constant |" in card
    assert "| AdamW's betas | 0.5, 0.999 |" in card
    saved = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    n_states = sum(len(group["params"]) for group in saved["optimizer_states"][0]["param_groups"])
    assert n_states == 2 * 8  # A and B of four layers in two blocks
    refused = call("train", "resume=run", "trainer.max_epochs=2", "finetune=full")
    assert refused.code == 1
    assert "finetune=lora, not of finetune=full; resume it without finetune=" in refused.err
