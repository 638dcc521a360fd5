"""Reference C: nanoGPT's model and training loop, written anew from its architecture.

Of https://github.com/karpathy/nanoGPT. One stream of tokens, songs divided by ``<|endoftext|>`` only; random crops of
``block_size``; bf16 autocast where the hardware multiplies it; AdamW with betas 0.9 and 0.95, decay 0.1 on matrices,
fused; gradients clipped at 1.0. Kinder than the original in two points: the optimizer is fused on CPUs too, and the
last batch's loss is not read. Its own ``GPT`` (random weights) is for throughput, compiled where ``Recipe.compiles``
says so, loss included. For time to quality its loop trains the network that all others train: the weights of GPT-2,
which its model would load, come from a model hub; with one, ``--model gpt2`` gives them to every contender.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.references.songs import Songs, Watcher
from lyric_lm.hardware import multiplies_bf16

PADDED_VOCABULARY = 50304  # GPT-2's 50,257, rounded up to a multiple of 64


@dataclass(frozen=True)
class Recipe:
    """What a loop is told: rate (with ``decays``: warm-up, then a cosine to a tenth), shape of a batch, length."""

    learning_rate: float
    batch_size: int
    block_size: int
    accumulation: int
    steps: int | None  # None: as many as ``epochs`` passes over the stream have tokens for
    epochs: float
    decays: bool
    n_warmup: int = 10
    compiles: bool = False


# nanoGPT's config/finetune_shakespeare.py, with the block size of GPT-2.
SHIPPED = Recipe(3e-5, batch_size=1, block_size=1024, accumulation=32, steps=20, epochs=0, decays=False)
# On the demo album, twice the rate is worse: python -m benchmarks.references.tune.
TUNED = Recipe(1e-4, batch_size=1, block_size=512, accumulation=1, steps=None, epochs=3, decays=True)


class Attention(nn.Module):
    """Causal self-attention through torch's flash kernel."""

    def __init__(self, width: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        heads = (*x.shape[:2], self.n_heads, -1)
        query, key, value = (part.view(heads).transpose(1, 2) for part in self.query_key_value(x).chunk(3, dim=-1))
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)  # (B, heads, T, width / heads)
        return self.out(mixed.transpose(1, 2).reshape(x.shape))


class Block(nn.Module):
    """Attention and a four times wider layer, each added to what comes in."""

    def __init__(self, width: int, n_heads: int):
        super().__init__()
        self.norm_1 = nn.LayerNorm(width)
        self.attention = Attention(width, n_heads)
        self.norm_2 = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm_1(x))
        return x + self.narrow(F.gelu(self.wide(self.norm_2(x))))


class GPT(nn.Module):
    """GPT-2's architecture as nanoGPT has it: exact GELU, tied embeddings, a padded vocabulary."""

    def __init__(
        self,
        vocabulary: int = PADDED_VOCABULARY,
        block_size: int = 1024,
        width: int = 768,
        n_heads: int = 12,
        n_layers: int = 12,
    ):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(block_size, width)
        self.blocks = nn.ModuleList(Block(width, n_heads) for _ in range(n_layers))
        self.norm = nn.LayerNorm(width)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                is_residual = name.endswith(("attention.out.weight", "narrow.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * n_layers) if is_residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the next tokens of ``ids`` (B, T)."""
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.tokens.weight)


def stream(songs: list[list[int]]) -> Tensor:
    """Return all songs as one row of tokens, with one separator between two of them.

    >>> stream([[0, 5, 0], [0, 6, 7, 0]]).tolist()
    [0, 5, 0, 6, 7, 0]
    """
    return torch.tensor([token for ids in songs for token in ids[:-1]] + songs[-1][-1:])


def crop(tokens: Tensor, batch_size: int, block_size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return inputs and the tokens that follow them, both (B, T), from random places of a stream."""
    starts = torch.randint(len(tokens) - block_size, (batch_size,), generator=generator).tolist()
    rows = torch.stack([tokens[start : start + block_size + 1] for start in starts])  # (B, T + 1)
    return rows[:, :-1], rows[:, 1:]


def rate(step: int, n_steps: int, recipe: Recipe) -> float:
    """Return the learning rate of a step: linear warm-up, then a cosine to a tenth; or constant.

    >>> recipe = Recipe(1.0, 1, 512, 1, None, 3, decays=True, n_warmup=4)
    >>> [round(rate(step, 10, recipe), 3) for step in (0, 3, 4, 7, 10)]
    [0.2, 0.8, 1.0, 0.55, 0.1]
    """
    if not recipe.decays:
        return recipe.learning_rate
    if step < recipe.n_warmup:
        return recipe.learning_rate * (step + 1) / (recipe.n_warmup + 1)
    done = min(1.0, (step - recipe.n_warmup) / max(1, n_steps - recipe.n_warmup))
    return recipe.learning_rate * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * done)))


def fit(network: nn.Module, songs: Songs, watcher: Watcher, seed: int, recipe: Recipe = TUNED) -> None:
    """Train a ``GPT`` or a network of transformers with nanoGPT's loop."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    watcher.begin()
    network.train()
    logits_of: Callable[[Tensor], Tensor] = (
        network if isinstance(network, GPT) else lambda ids: network(input_ids=ids, use_cache=False).logits
    )

    def mean_loss(ids: Tensor, following: Tensor) -> Tensor:
        return F.cross_entropy(logits_of(ids).flatten(0, 1), following.flatten())

    loss_of = torch.compile(mean_loss) if recipe.compiles else mean_loss
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95), fused=True)
    tokens = stream(songs.train)
    tokens_per_step = recipe.batch_size * recipe.block_size * recipe.accumulation
    n_steps = recipe.steps or round(recipe.epochs * len(tokens) / tokens_per_step)
    device = parameters[0].device
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    for step in range(n_steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, n_steps, recipe)
        for batch in range(recipe.accumulation):
            ids, following = crop(tokens, recipe.batch_size, recipe.block_size, generator)
            if device.type == "cuda":
                ids, following = (x.pin_memory().to(device, non_blocking=True) for x in (ids, following))
            with torch.autocast(device.type, torch.bfloat16, enabled=multiplies_bf16(device.type)):
                loss = loss_of(ids, following)
            (loss / recipe.accumulation).backward()
            if batch < recipe.accumulation - 1 and watcher.after_batch(network, ids.numel(), is_step=False):
                return
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if watcher.after_batch(network, ids.numel(), is_step=True):
            return
