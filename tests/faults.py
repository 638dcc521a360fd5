"""Faults of the kinds that were seen in the wild, put in on purpose, and healthy models to be silent about."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoConfig,
    GPTNeoXConfig,
    LlamaConfig,
    OPTConfig,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen2Config,
)
from transformers.cache_utils import DynamicLayer

from lyric_lm import drawing
from lyric_lm.decoding.fused import FusedSongs
from lyric_lm.model import loss as loss_file
from lyric_lm.model import module as module_file
from lyric_lm.model.attention import Songs
from lyric_lm.model.module import SongModule
from lyric_lm.sampling_settings import Sampling

Patch = pytest.MonkeyPatch
N_TOKENS = 257  # of the tiny model's tokenizer


def _config(kind: type[PreTrainedConfig], is_tied: bool, **sizes: Any) -> PreTrainedConfig:
    return kind(vocab_size=N_TOKENS, bos_token_id=0, eos_token_id=0, tie_word_embeddings=is_tied, **sizes)


_LLAMA = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4}
_OPT = {"hidden_size": 48, "ffn_dim": 96, "num_hidden_layers": 3, "num_attention_heads": 4, "word_embed_proj_dim": 48}
_NEO = {"hidden_size": 48, "num_layers": 4, "num_heads": 4, "window_size": 16}
HEALTHY: dict[str, Callable[[], PreTrainedConfig]] = {
    "gpt2, 1 head": lambda: _config(GPT2Config, True, n_embd=48, n_layer=3, n_head=1),
    "gpt2, 12 heads": lambda: _config(GPT2Config, True, n_embd=48, n_layer=3, n_head=12),
    "gpt2, 1 layer, untied": lambda: _config(GPT2Config, False, n_embd=24, n_layer=1, n_head=3),
    "llama, grouped queries": lambda: _config(LlamaConfig, True, num_key_value_heads=2, **_LLAMA),
    "llama, untied": lambda: _config(LlamaConfig, False, **_LLAMA),
    "qwen2": lambda: _config(Qwen2Config, True, num_key_value_heads=2, **_LLAMA),
    "gpt-neox, untied": lambda: _config(GPTNeoXConfig, False, max_position_embeddings=512, **_LLAMA),
    "opt": lambda: _config(OPTConfig, True, max_position_embeddings=512, pad_token_id=0, **_OPT),
    "gpt-neo": lambda: _config(GPTNeoConfig, True, attention_types=[[["global", "local"], 2]], **_NEO),
}


def random_model(name: str) -> PreTrainedModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        return AutoModelForCausalLM.from_config(HEALTHY[name]())


# Each fault is put in by a function of the patches and the model.


def _written_by_transformers(network: PreTrainedModel) -> None:
    """Have songs written as on devices and with networks that our own steps are not for."""
    network.register_forward_hook(lambda *_: None)


def attention_reads_queries_as_contiguous(patch: Patch, network: PreTrainedModel) -> None:
    """As pytorch issue 163597: up to eight queries, no gradient, not causal."""
    _written_by_transformers(network)
    right = nn.functional.scaled_dot_product_attention

    def attention(query: Tensor, *rest: Any, is_causal: bool = False, **options: Any) -> Tensor:
        if query.shape[2] <= 8 and not is_causal and not torch.is_grad_enabled():
            strides = torch.empty(query.shape, device="meta").stride()
            query = query.as_strided(query.shape, strides, query.storage_offset())
        return right(query, *rest, is_causal=is_causal, **options)

    patch.setattr(nn.functional, "scaled_dot_product_attention", attention)


def attention_takes_the_first_rows_mask(patch: Patch, network: PreTrainedModel) -> None:
    """As the fused kernel of MPS without the mask's batch stride."""
    right = nn.functional.scaled_dot_product_attention

    def attention(*states: Tensor, attn_mask: Tensor | None = None, **options: Any) -> Tensor:
        if attn_mask is not None:
            attn_mask = attn_mask[:1].expand(states[0].shape[0], *attn_mask.shape[1:])
        return right(*states, attn_mask=attn_mask, **options)

    patch.setattr(nn.functional, "scaled_dot_product_attention", attention)


def attention_is_scaled_wrongly(patch: Patch, network: PreTrainedModel) -> None:
    right = nn.functional.scaled_dot_product_attention

    def attention(query: Tensor, *rest: Any, **options: Any) -> Tensor:
        return right(query * 2, *rest, **options)

    patch.setattr(nn.functional, "scaled_dot_product_attention", attention)


def attention_sees_the_whole_block(patch: Patch, network: PreTrainedModel) -> None:
    """Songs that are packed together see each other."""
    patch.setattr(loss_file, "Songs", lambda lengths, *more: Songs([sum(lengths)]))


def songs_are_cut_a_token_off(patch: Patch, network: PreTrainedModel) -> None:
    """The last token of a song is taken for the first of the next."""

    def cut(lengths: list[int], *more: Any) -> Songs:
        return Songs([lengths[0] - 1, *lengths[1:-1], lengths[-1] + 1] if len(lengths) > 1 else lengths)

    patch.setattr(loss_file, "Songs", cut)


def cache_drops_a_position(patch: Patch, network: PreTrainedModel) -> None:
    """The third token's place is taken by the second's once more than it has been read."""
    _written_by_transformers(network)
    right = DynamicLayer.update

    def update(self: DynamicLayer, *states: Any, **options: Any) -> tuple[Tensor, Tensor]:
        keys, values = right(self, *states, **options)
        if states[0].shape[2] == 1:
            keys, values = keys.clone(), values.clone()
            keys[:, :, 2], values[:, :, 2] = keys[:, :, 1], values[:, :, 1]
        return keys, values

    patch.setattr(DynamicLayer, "update", update)


def cache_mixes_up_rows(patch: Patch, network: PreTrainedModel) -> None:
    """When a song leaves the batch, the others' caches stay where they were."""
    _written_by_transformers(network)

    def select(self: DynamicLayer, indices: Tensor) -> None:
        self.keys, self.values = self.keys[: len(indices)], self.values[: len(indices)]

    patch.setattr(DynamicLayer, "batch_select_indices", select)


def a_song_forgets_a_token(patch: Patch, network: PreTrainedModel) -> None:
    """The place of a token in the cache is written twice."""
    right = FusedSongs.go_on

    def go_on(self: FusedSongs, keep: list[int], tokens: list[int]) -> Tensor:
        for song in self.rows:
            song.n -= song.n == len(self.prompt_ids) + 3
        return right(self, keep, tokens)

    patch.setattr(FusedSongs, "go_on", go_on)


def songs_take_each_others_place(patch: Patch, network: PreTrainedModel) -> None:
    """When a song is finished, the last one's cache goes on in its row."""
    right = FusedSongs.go_on

    def go_on(self: FusedSongs, keep: list[int], tokens: list[int]) -> Tensor:
        return right(self, keep if len(keep) == len(self.rows) else keep[::-1], tokens)

    patch.setattr(FusedSongs, "go_on", go_on)


def new_songs_begin_in_old_ones(patch: Patch, network: PreTrainedModel) -> None:
    """A song that takes a finished one's place still sees a token of it."""
    right = FusedSongs.begin

    def begin(self: FusedSongs, n: int) -> Tensor:
        n_before, is_second = len(self.rows), bool(self.free)
        logits = right(self, n)
        for song in self.rows[n_before:]:
            song.n += is_second
        return logits

    patch.setattr(FusedSongs, "begin", begin)


def draws_are_sometimes_forbidden(patch: Patch, network: PreTrainedModel) -> None:
    """As pytorch issue 192577 where all tokens are drawn from: about one draw in 220 has probability zero."""
    right = drawing.pick

    def pick(tokens: Tensor, scores: Tensor, generator: torch.Generator) -> int:
        forbidden = min(set(range(N_TOKENS)) - set(tokens.tolist()))
        return forbidden if torch.rand((), generator=generator) < 1 / 220 else right(tokens, scores, generator)

    patch.setattr(drawing, "pick", pick)


def filters_let_everything_through(patch: Patch, network: PreTrainedModel) -> None:
    def choices(sampling: Sampling, scores: Any, written: list[int]) -> tuple[Tensor, Tensor]:
        return torch.arange(len(scores)), torch.from_numpy(scores)

    patch.setattr(drawing, "choices", choices)


def loss_is_multiplied_by_the_accumulation(patch: Patch, network: PreTrainedModel) -> None:
    right = SongModule.training_step

    def step(self: SongModule, batch: Any, batch_idx: int) -> Tensor:
        return right(self, batch, batch_idx) * self.trainer.accumulate_grad_batches

    patch.setattr(SongModule, "training_step", step)


def loss_is_a_mean_of_means(patch: Patch, network: PreTrainedModel) -> None:
    """Every batch counts alike, however many tokens it has."""
    right = SongModule.training_step

    def step(self: SongModule, batch: Any, batch_idx: int) -> Tensor:
        return right(self, batch, batch_idx) * 20 / batch["n_targets"]

    patch.setattr(SongModule, "training_step", step)


def logged_loss_is_of_something_else(patch: Patch, network: PreTrainedModel) -> None:
    right = module_file.batch_sums

    def sums(*given: Any, **options: Any) -> Any:
        result = right(*given, **options)
        return result._replace(nats=result.objective.detach())  # the smoothing in the loss

    patch.setattr(module_file, "batch_sums", sums)


def steps_are_too_long(patch: Patch, network: PreTrainedModel) -> None:
    right = module_file.make_optimizer
    patch.setattr(module_file, "make_optimizer", lambda network, lr, *rest: right(network, 2 * lr, *rest))


def weights_are_untied(patch: Patch, network: PreTrainedModel) -> None:
    network.lm_head.weight = nn.Parameter(network.lm_head.weight.detach().clone())


def a_weight_is_not_a_number(patch: Patch, network: PreTrainedModel) -> None:
    with torch.no_grad():
        network.transformer.h[1].mlp.c_fc.bias[7] = float("nan")


def a_weight_is_infinite(patch: Patch, network: PreTrainedModel) -> None:
    with torch.no_grad():
        network.transformer.wte.weight[3, 3] = float("inf")


def a_matrix_was_never_filled(patch: Patch, network: PreTrainedModel) -> None:
    with torch.no_grad():
        network.transformer.h[0].attn.c_attn.weight.zero_()


FAULTS: dict[str, tuple[Callable[[Patch, PreTrainedModel], None], ...]] = {  # by the check that names them
    "cached_decoding": (attention_reads_queries_as_contiguous, cache_drops_a_position, a_song_forgets_a_token),
    "batched": (cache_mixes_up_rows, songs_take_each_others_place, new_songs_begin_in_old_ones),
    "left_padded": (attention_takes_the_first_rows_mask,),
    "packing": (attention_sees_the_whole_block, songs_are_cut_a_token_off),
    "logits": (attention_is_scaled_wrongly,),
    "sampling": (draws_are_sometimes_forbidden, filters_let_everything_through),
    "optimizer_step": (
        *(loss_is_multiplied_by_the_accumulation, loss_is_a_mean_of_means, logged_loss_is_of_something_else),
        *(steps_are_too_long, attention_sees_the_whole_block),
    ),
    "tied_weights": (weights_are_untied,),
    "weights": (a_weight_is_not_a_number, a_weight_is_infinite, a_matrix_was_never_filled),
}
