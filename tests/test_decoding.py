"""Decoding by steps of our own gives transformers' logits, and every song its own, whoever is written beside it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen2Config,
)

from lyric_lm.decoding import choice, linear
from lyric_lm.decoding.choice import decoder_for
from lyric_lm.decoding.forward import ForwardDecoder
from lyric_lm.decoding.fused import FusedDecoder
from lyric_lm.decoding.linear import can_pack
from lyric_lm.decoding.plain import is_plain, plain_of
from lyric_lm.errors import InputError

N_TOKENS = 211  # no multiple of anything


def gpt2(**changes: Any) -> PreTrainedConfig:
    sizes = {"n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": 128}
    return GPT2Config(vocab_size=N_TOKENS, bos_token_id=0, eos_token_id=0, **{**sizes, **changes})


def llama(kind: type[PreTrainedConfig] = LlamaConfig, **changes: Any) -> PreTrainedConfig:
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 8}
    rest = {"max_position_embeddings": 128, "bos_token_id": 0, "eos_token_id": 0}
    return kind(vocab_size=N_TOKENS, **{**sizes, **rest, **changes})


PLAIN: dict[str, Callable[[], PreTrainedConfig]] = {
    "gpt2": gpt2,
    "gpt2, untied, one head": lambda: gpt2(
        tie_word_embeddings=False, n_head=1, activation_function="gelu_pytorch_tanh"
    ),
    "llama": llama,
    "llama, tied, queries in groups": lambda: llama(tie_word_embeddings=True, num_key_value_heads=2),
    "llama, one key for all, biases": lambda: llama(num_key_value_heads=1, attention_bias=True, mlp_bias=True),
    "llama, wide heads": lambda: llama(head_dim=12, num_key_value_heads=4, rope_theta=500.0),
}


def made(config: PreTrainedConfig) -> PreTrainedModel:
    """A random network whose logits, norms and biases say something."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = AutoModelForCausalLM.from_config(config).eval()
        for parameter in network.parameters():
            parameter.data += torch.randn_like(parameter) * 0.1
    return network


@pytest.fixture(params=PLAIN)
def network(request: pytest.FixtureRequest) -> PreTrainedModel:
    return made(PLAIN[request.param]())


def fused(network: PreTrainedModel, precision: str) -> FusedDecoder:
    plain = plain_of(network)
    assert plain is not None
    return FusedDecoder(plain, precision)


has_bfloat16 = pytest.mark.skipif(not choice._has_bfloat16(), reason="no bfloat16 in hardware")
ROUGH = [pytest.param("bfloat16", marks=has_bfloat16), "int8"]
IDS = torch.randint(1, N_TOKENS, (60,), generator=torch.Generator().manual_seed(5)).tolist()


@torch.no_grad()
def right(network: PreTrainedModel, ids: list[int]) -> Tensor:
    return network(torch.tensor([ids]), use_cache=False).logits[0]


def stepwise(decoder: Any, ids: list[int], n_prompt: int) -> Tensor:
    songs = decoder.songs(len(ids), most=1)
    return torch.cat([songs.begin([ids[:n_prompt]]), *(songs.go_on([0], [token]) for token in ids[n_prompt:])])


@pytest.mark.parametrize("n_prompt", [1, 2, 17])
def test_logits_are_those_of_transformers(network: PreTrainedModel, n_prompt: int) -> None:
    found = stepwise(fused(network, "float32"), IDS, n_prompt)
    torch.testing.assert_close(found, right(network, IDS)[n_prompt - 1 :], atol=2e-4, rtol=1e-5)


@pytest.mark.parametrize("precision", ROUGH)
def test_less_exact_logits_are_near(network: PreTrainedModel, precision: str) -> None:
    expected = right(network, IDS)[4:]
    found = stepwise(fused(network, precision), IDS, 5)
    assert float((found - expected).norm() / expected.norm()) < 0.05
    assert float((found - expected).abs().max()) > 1e-4  # it is another precision


def test_int8_is_what_its_weights_say(network: PreTrainedModel) -> None:
    """The reference: weights rounded by hand to 255 steps a row, everything else as it was."""
    found = stepwise(fused(network, "int8"), IDS, 5)
    tied = network.config.tie_word_embeddings
    if tied:  # the rows that are looked up stay as they were
        network.lm_head.weight = nn.Parameter(network.lm_head.weight.detach().clone())
    for module in network.modules():
        if type(module).__name__ in ("Linear", "Conv1D"):
            weight = module.weight.data
            rows = weight.t() if type(module).__name__ == "Conv1D" else weight
            scale = (rows.abs().max(dim=1, keepdim=True).values / 127).bfloat16().float()
            rows.copy_((rows / scale).round().clamp(-127, 127) * scale)
    expected = right(network, IDS)[4:]
    assert float((found - expected).norm() / expected.norm()) < 0.02  # activations of bfloat16


@pytest.mark.parametrize("precision", ["float32", *ROUGH])
def test_songs_come_and_go_and_change_nothing_about_each_other(network: PreTrainedModel, precision: str) -> None:
    """Five songs in three rows, of several lengths and prompts; each is what it is alone, to the last bit."""
    decoder = fused(network, precision)
    n_prompts = [4, 4, 2, 4, 3]
    texts = [IDS[:4] + IDS[start : start + n] for start, n in ((10, 12), (20, 3), (30, 7), (40, 5), (9, 20))]
    songs = decoder.songs(40, most=3)
    waiting, rows = list(range(5)), []
    found: dict[int, list[Tensor]] = {number: [] for number in waiting}
    logits = torch.empty(0)
    while waiting or rows:
        n_new = min(songs.room, len(waiting))
        new, waiting = waiting[:n_new], waiting[n_new:]
        if new:
            first = songs.begin([texts[number][: n_prompts[number]] for number in new])
            logits = torch.cat([logits, first]) if rows else first
        rows += new
        assert len(rows) == len(logits) == min(3, len(rows) + len(waiting))
        for number, row in zip(rows, logits, strict=True):
            found[number].append(row)
        n_read = [n + len(logits) - 1 for n, logits in zip(n_prompts, found.values(), strict=True)]
        keep = [row for row, number in enumerate(rows) if n_read[number] < len(texts[number])]
        rows = [rows[row] for row in keep]
        logits = songs.go_on(keep, [texts[number][n_read[number]] for number in rows])
    for number, text in enumerate(texts):
        alone = stepwise(decoder, text, n_prompts[number])
        if can_pack() or precision == "int8":
            assert torch.equal(torch.stack(found[number]), alone)
        else:
            torch.testing.assert_close(torch.stack(found[number]), alone, atol=2e-4, rtol=1e-5)


def test_without_packed_products(network: PreTrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "can_pack", lambda: False)
    found = stepwise(fused(network, "float32"), IDS, 5)
    torch.testing.assert_close(found, right(network, IDS)[4:], atol=2e-4, rtol=1e-5)


def test_long_rows_are_summed_in_pieces() -> None:
    generator = torch.Generator().manual_seed(1)
    weight, bias = torch.randn(70, 1700, generator=generator), torch.randn(70, generator=generator)
    x = torch.randn(32, 1700, generator=generator)
    multiply = linear.make_linear(weight, bias, "float32")
    torch.testing.assert_close(multiply(x).double(), x.double() @ weight.double().T + bias, atol=2e-3, rtol=1e-4)
    if linear.can_pack():
        assert all(torch.equal(multiply(x[:n]), multiply(x)[:n]) for n in range(1, 32))


@pytest.mark.parametrize("precision", ROUGH)
def test_rows_are_asked_whether_they_keep_apart(precision: str) -> None:
    decoder = fused(made(llama()), precision)
    assert decoder.keeps_rows_apart()
    head = decoder.parts.head
    object.__setattr__(decoder.parts, "head", lambda x: head(x) * (1 + len(x) / 64))
    assert not decoder.keeps_rows_apart()


@has_bfloat16
def test_rows_that_no_tile_fits_do_not_keep_apart() -> None:
    assert not fused(made(gpt2(n_embd=48)), "bfloat16").keeps_rows_apart()


def test_less_exact_precisions_write_fewer_at_a_time() -> None:
    assert fused(made(gpt2()), "int8").songs(8, most=64).room == 4
    assert fused(made(gpt2()), "float32").songs(8, most=64).room == 32


# Which way is taken


def with_hook(network: PreTrainedModel) -> None:
    network.model.layers[1].mlp.register_forward_hook(lambda *_: None)


def with_its_own_forward(network: PreTrainedModel) -> None:
    network.model.layers[1].mlp.forward = lambda x: x


def with_another_product(network: PreTrainedModel) -> None:
    class Adapted(nn.Linear):
        pass

    old = network.model.layers[0].self_attn.v_proj
    network.model.layers[0].self_attn.v_proj = Adapted(old.in_features, old.out_features, bias=False)


def with_slow_attention(network: PreTrainedModel) -> None:
    network.set_attn_implementation("eager")


@pytest.mark.parametrize("change", [with_hook, with_its_own_forward, with_another_product, with_slow_attention])
def test_a_changed_network_goes_its_own_way(change: Callable[[PreTrainedModel], None]) -> None:
    network = made(llama())
    assert is_plain(network)
    change(network)
    assert isinstance(decoder_for(network), ForwardDecoder)


@pytest.mark.parametrize(
    "config",
    [
        gpt2(activation_function="relu"),
        gpt2(scale_attn_weights=False),
        gpt2(scale_attn_by_inverse_layer_idx=True),
        llama(hidden_act="gelu"),
        llama(rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}),
        llama(Qwen2Config, num_key_value_heads=2),
    ],
)
def test_other_kinds_go_their_own_way(config: PreTrainedConfig) -> None:
    network = made(config)
    decoder = decoder_for(network)
    assert isinstance(decoder, ForwardDecoder)
    assert decoder.precision == "float32"
    torch.testing.assert_close(stepwise(decoder, IDS, 9), right(network, IDS)[8:], atol=2e-4, rtol=1e-5)


def test_half_precision_weights_go_their_own_way() -> None:
    assert decoder_for(made(gpt2()).bfloat16()).precision == "bfloat16"
    assert not is_plain(made(gpt2()).bfloat16())


def test_the_precision_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    network = made(gpt2())
    assert decoder_for(network, "float32").precision == "float32"
    monkeypatch.setattr(choice, "_has_bfloat16", lambda: False)
    assert decoder_for(network).precision == "float32"
    assert decoder_for(network, quantize="int8").precision == "int8"


@has_bfloat16
def test_bfloat16_is_taken_where_rows_keep_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    network = made(gpt2())
    assert decoder_for(network).precision == "bfloat16"
    monkeypatch.setattr(FusedDecoder, "keeps_rows_apart", lambda self: False)
    assert decoder_for(network).precision == "float32"
    assert decoder_for(network, "bfloat16").precision == "bfloat16"  # asked for


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"precision": "fp16"}, "precision=fp16 is not known; allowed: auto, float32, bfloat16"),
        ({"quantize": "int4"}, "quantize=int4 is not known; allowed: int8, null"),
        ({"quantize": "int8", "precision": "float32"}, "quantize=int8 and precision=float32 exclude each other"),
        ({"quantize": "int8"}, "this is Qwen2ForCausalLM on cpu: leave quantize away"),
        ({"precision": "bfloat16"}, "this is Qwen2ForCausalLM on cpu: leave precision away"),
    ],
)
def test_refusals(given: dict[str, str], line: str) -> None:
    with pytest.raises(InputError, match=re.escape(line)):
        decoder_for(made(llama(Qwen2Config, num_key_value_heads=2)), **given)


def test_the_network_is_left_as_it_was(network: PreTrainedModel) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for precision in ("float32", "int8"):
        stepwise(fused(network, precision), IDS, 5)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network(torch.tensor([IDS])).logits.sum().backward()  # nothing of it became an inference tensor
