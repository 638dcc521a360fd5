"""What only an NVIDIA GPU does: its kernels, against the same in torch's words, and whole runs there."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedModel

from lyric_lm.data.batches import BlockBatches, on
from lyric_lm.data.packing import Part
from lyric_lm.model.attention import Songs, has_kernel, songs_attention
from lyric_lm.model.head_loss import pass_on, whole_to_gradient
from lyric_lm.model.loss import batch_sums
from tests.conftest import SHORT_SAMPLES, TINY, Done
from tests.test_attention import with_mask

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
    *(pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("UserWarning", "DeprecationWarning")),  # torch's own
]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("n_words", [13, 9_000, 50_257])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_loss_kernel(smoothing: float, n_words: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    logits = 4 * torch.randn(65, -(-n_words // 64) * 64, device="cuda").to(dtype)
    targets = torch.randint(0, n_words, (65,), device="cuda")
    targets[7] = -100
    exact = logits[:, :n_words].double().requires_grad_()
    nats = cross_entropy(exact, targets, reduction="sum")
    objective = cross_entropy(exact, targets, reduction="sum", label_smoothing=smoothing)
    (right,) = torch.autograd.grad(objective, exact)
    for function in (pass_on("cuda")[0], whole_to_gradient):
        assert torch.allclose(function(logits.clone(), targets, n_words, smoothing, False)[1].double(), nats, rtol=1e-6)
        changed = logits.clone()
        sums = function(changed, targets, n_words, smoothing, True).double()
        torch.testing.assert_close(sums, torch.stack([objective, nats]).detach(), rtol=1e-6, atol=0)
        off = (changed[:, :n_words].double() - right).norm() / right.norm()
        assert float(off) < (1e-6 if dtype is torch.float32 else 3e-3)
        assert not changed[:, n_words:].any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize(("n_heads", "n_groups"), [(4, 4), (6, 2)])
def test_attention_of_songs(dtype: torch.dtype, n_heads: int, n_groups: int) -> None:
    assert has_kernel(64)
    lengths = [5, 300, 1, 77]
    torch.manual_seed(0)
    made = [torch.randn(1, sum(lengths), n, 64, device="cuda") for n in (n_heads, n_groups, n_groups)]
    exact = [x.transpose(1, 2).requires_grad_() for x in made]
    rounded = [x.detach().to(dtype).requires_grad_() for x in exact]
    starts = torch.tensor([0, *lengths], device="cuda").cumsum(0, dtype=torch.int32)
    layer = torch.nn.Module()
    layer.num_key_value_groups = n_heads // n_groups
    found, _ = songs_attention(layer, *rounded, None, songs=Songs(lengths, starts, longest=1024))
    expected = with_mask(*exact, lengths, 64**-0.5)
    upstream = torch.randn_like(expected)
    right = torch.autograd.grad(expected, exact, upstream)
    grads = torch.autograd.grad(found, rounded, upstream.to(dtype))
    for ours, exactly in zip((found.detach(), *grads), (expected.detach(), *right), strict=True):
        off = (ours.float() - exactly).norm() / exactly.norm()
        assert float(off) < (0.02 if dtype is torch.bfloat16 else 1e-3)


def networks() -> list[PreTrainedModel]:
    llama = {"hidden_size": 96, "intermediate_size": 256, "num_attention_heads": 6, "num_key_value_heads": 2}
    off = {"attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0}
    configs: list[Any] = [
        GPT2Config(vocab_size=300, n_positions=64, n_embd=96, n_layer=3, n_head=6, **off),
        LlamaConfig(vocab_size=300, num_hidden_layers=3, max_position_embeddings=64, **llama),
    ]
    return [AutoModelForCausalLM.from_config(config, dtype="float32") for config in configs]


def batches(filled_to: int) -> list[dict[str, Any]]:
    """Rows of songs of several lengths, as they are or filled up."""
    generator = torch.Generator().manual_seed(5)
    lengths = [torch.randint(3, 20, (1 + n % 5 % 3,), generator=generator).tolist() for n in range(12)]
    blocks = [[Part(torch.randint(0, 300, (n,), generator=generator).tolist(), 0, 1, "") for n in ns] for ns in lengths]
    served = BlockBatches(blocks, 3, pad_id=0)
    served.filled_to = filled_to
    return [on(torch.device("cuda"), batch) for batch in served]


def gradients(network: PreTrainedModel, batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """The objective of a batch in bf16, and all gradients behind each other."""
    network.zero_grad()
    with torch.autocast("cuda", torch.bfloat16):
        objective = batch_sums(network, batch, 0.1).objective
    torch.autograd.backward(objective)
    return objective.detach(), torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


@pytest.mark.parametrize("which", [0, 1], ids=["gpt2", "llama"])
def test_compiled_blocks_on_filled_rows_do_the_same(which: int) -> None:
    from lyric_lm.model.compiling import as_written, compile_network, compiled

    torch.manual_seed(0)
    network = networks()[which].train()
    as_they_are, filled = batches(0), batches(64)
    network.to("cuda")
    plain = [gradients(network, batch) for batch in as_they_are]
    network.to("cpu")
    assert compile_network(network, "cuda", "bf16-mixed")
    network.to("cuda")
    n_graphs = []
    with as_written():
        for batch, (objective, right) in zip(filled, plain, strict=True):
            torch._dynamo.maybe_mark_dynamic(batch["song_starts"], 0)
            with compiled():
                found, grads = gradients(network, batch)
            n_graphs.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
            torch.testing.assert_close(found, objective, rtol=1e-3, atol=0)
            assert float((grads - right).norm() / right.norm()) < 0.03  # two ways to round to bf16
    assert len({len(batch["song_lengths"]) for batch in filled}) > 1
    assert len(set(n_graphs)) == 1  # whatever the songs


def losses(run: Path) -> list[float]:
    with (run / "metrics.csv").open(encoding="utf-8") as stream:
        return [float(row["train/loss"]) for row in csv.DictReader(stream) if row["train/loss"]]


def test_a_run_on_the_gpu_is_that_of_the_cpu_and_goes_on(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    common = (f"data.path={songs_folder}", *TINY, *SHORT_SAMPLES, "optim.lr=1e-4", "callbacks.early_stopping=null")
    for where in ("cuda", "cpu"):
        done = call("train", *common, "trainer.max_epochs=1", f"trainer.accelerator={where}", f"hydra.run.dir={where}")
        assert done.code == 0, done.err
    assert losses(tmp_path / "cuda") == pytest.approx(losses(tmp_path / "cpu"), rel=1e-3)
    done = call("train", "resume=cuda", *common, "trainer.max_epochs=2", "trainer.accelerator=cuda")
    assert done.code == 0, done.err
    summary = json.loads((tmp_path / "cuda" / "summary.json").read_text(encoding="utf-8"))
    assert summary["device"] == torch.cuda.get_device_name()
    assert len(losses(tmp_path / "cuda")) == 2 * len(losses(tmp_path / "cpu"))


def test_a_compiled_run_in_half_precision_goes_on(
    call: Callable[..., Done], songs_folder: Path, tmp_path: Path
) -> None:
    common = (f"data.path={songs_folder}", "model=tiny", *SHORT_SAMPLES, "optim.lr=1e-4", "data.batch_size=2")
    common = (*common, "callbacks.early_stopping=null", "trainer.precision=bf16-mixed")
    done = call("train", *common, "trainer.max_epochs=1", "trainer.compile=true", "hydra.run.dir=compiled")
    assert done.code == 0, done.err
    done = call("train", "resume=compiled", *common, "trainer.max_epochs=2", "trainer.compile=auto")
    assert done.code == 0, done.err
    done = call("train", *common, "trainer.max_epochs=2", "trainer.compile=false", "hydra.run.dir=written")
    assert done.code == 0, done.err
    assert losses(tmp_path / "compiled") == pytest.approx(losses(tmp_path / "written"), rel=0.01)
