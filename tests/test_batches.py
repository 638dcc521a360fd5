"""Batches against tensors written out by hand, and the order of an epoch."""

from collections.abc import Iterable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lyric_lm.data.batches import IGNORE_INDEX, Batch, BlockBatches, collate
from lyric_lm.data.packing import Part

PAD = 50


def test_two_blocks_by_hand() -> None:
    sea, tea = Part([0, 7, 8, 0], 0, 6, "Sea"), Part([0, 9, 0], 0, 3, "Tea")
    rest = Part([8, 5, 6, 0], 2, 5, "a long song's second part")
    batch = collate([[sea, tea], [rest]], PAD)
    x = IGNORE_INDEX
    assert batch["input_ids"].tolist() == [[0, 7, 8, 0, 0, 9, 0, 8, 5, 6, 0]]
    assert batch["labels"].tolist() == [[7, 8, 0, x, 9, 0, x, 5, 6, 0, x]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 0, 1, 2, 2, 3, 4, 5]]
    assert batch["song_lengths"] == [4, 3, 4]
    assert batch["song_starts"].tolist() == [0, 4, 7, 11]
    assert batch["n_targets"].item() == 3 + 2 + 3
    assert batch["n_bytes"].item() == 6 + 3 + 5
    assert batch["longest"] == 4
    kinds = {name: value.dtype for name, value in batch.items() if isinstance(value, torch.Tensor)}
    assert kinds.pop("song_starts") is torch.int32  # what the kernel for variable lengths takes
    assert set(kinds.values()) == {torch.int64}


def test_a_row_filled_up_by_hand() -> None:
    batch = collate([[Part([0, 7, 8, 0], 0, 6, "Sea")]], PAD, n_tokens=12, longest=5)
    x = IGNORE_INDEX
    assert batch["input_ids"].tolist() == [[0, 7, 8, 0, *[PAD] * 8]]
    assert batch["labels"].tolist() == [[7, 8, 0, x, *[x] * 8]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, 4, 0, 1, 2]]
    assert batch["song_lengths"] == [4, 5, 3]
    assert batch["song_starts"].tolist() == [0, 4, 9, 12]
    assert (batch["longest"], batch["n_targets"].item(), batch["n_bytes"].item()) == (5, 3, 6)


def test_all_rows_are_filled_to_one_length() -> None:
    batches = serve(5, 2, shuffle=False)
    batches.filled_to = 4
    assert [batch["input_ids"].shape for batch in batches] == [(1, 8)] * 3
    assert [batch["n_targets"].item() for batch in batches] == [4, 4, 2]


def test_rows_are_filled_to_a_multiple_of_32() -> None:
    """Of 3, 6 and 33 tokens; the padding is a part of its own, and nobody learns it."""
    blocks = [[Part([0, *range(1, n - 1), 0], 0, 1, "")] for n in (3, 6, 33)]
    batches = list(BlockBatches(blocks, 1, PAD))
    assert [batch["input_ids"].shape[1] for batch in batches] == [32, 32, 64]
    assert [batch["song_lengths"] for batch in batches] == [[3, 29], [6, 26], [33, 31]]
    assert [int((batch["labels"] != IGNORE_INDEX).sum()) for batch in batches] == [2, 5, 32]
    assert [batch["longest"] for batch in batches] == [32, 32, 33]


BLOCKS = st.lists(
    st.lists(
        st.builds(
            Part, st.lists(st.integers(0, 49), min_size=2, max_size=6), st.integers(0, 9), st.just(1), st.just("")
        ),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=4,
)


@given(BLOCKS)
@settings(max_examples=40, deadline=None)
def test_labels_are_the_next_token_of_the_same_song(blocks: list[list[Part]]) -> None:
    batch = collate(blocks, PAD)
    pairs = [pair for block in blocks for part in block for pair in zip(part.ids, part.ids[1:], strict=False)]
    labels, ids = batch["labels"][0].tolist(), batch["input_ids"][0].tolist()
    assert [(i, label) for i, label in zip(ids, labels, strict=True) if label != IGNORE_INDEX] == pairs
    assert batch["n_targets"].item() == (batch["labels"] != IGNORE_INDEX).sum().item()


def serve(n_blocks: int, batch_size: int, seed: int = 0, shuffle: bool = True) -> BlockBatches:
    """Batches over blocks of one part each, whose second token tells the block's number."""
    return BlockBatches([[Part([0, n, 0], 0, 1, str(n))] for n in range(n_blocks)], batch_size, PAD, seed, shuffle)


def numbers(batches: Iterable[Batch]) -> list[list[int]]:
    return [batch["labels"][batch["labels"] != IGNORE_INDEX][::2].tolist() for batch in batches]


@given(n=st.integers(1, 30), batch_size=st.integers(1, 9), seed=st.integers(0, 2**31), epoch=st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_the_order_does_not_depend_on_the_batch_size(n: int, batch_size: int, seed: int, epoch: int) -> None:
    one, many = serve(n, 1, seed), serve(n, batch_size, seed)
    one.set_epoch(epoch)
    many.set_epoch(epoch)
    batches = numbers(many)
    order = [number for batch in batches for number in batch]
    assert order == [number for batch in numbers(one) for number in batch]
    assert sorted(order) == list(range(n))
    assert len(batches) == len(many)
    assert all(len(batch) == batch_size for batch in batches[:-1])


@given(n=st.integers(1, 30), batch_size=st.integers(1, 4), world_size=st.integers(1, 4), epoch=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_processes_share_the_batches_of_one(n: int, batch_size: int, world_size: int, epoch: int) -> None:
    blocks = [[Part([0, number, 0], 0, 1, str(number))] for number in range(n)]
    one = BlockBatches(blocks, batch_size, PAD, seed=3, shuffle=True)
    many = [BlockBatches(blocks, batch_size, PAD, 3, True, rank, world_size) for rank in range(world_size)]
    for batches in (one, *many):
        batches.set_epoch(epoch)
    taken = [list(batches) for batches in many]
    assert {len(share) for share in taken} == {len(batches) for batches in many} == {-(-len(one) // world_size)}
    in_turn = [batch for turn in zip(*taken, strict=True) for batch in turn]  # rank 0, rank 1, ..., rank 0, ...
    for expected, found in zip(one, in_turn, strict=False):
        assert torch.equal(found["input_ids"], expected["input_ids"])
    for padding in in_turn[len(one) :]:  # takes part, and scores nothing
        assert padding["input_ids"].shape == (1, 1)
        assert padding["n_targets"] == padding["n_bytes"] == (padding["labels"] != IGNORE_INDEX).sum() == 0


def test_each_epoch_and_seed_has_its_own_order() -> None:
    orders = {tuple(serve(12, 1, seed).order(epoch)) for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100
    assert serve(12, 5, 3).order(4) == serve(12, 2, 3).order(4)


def test_without_shuffle_the_order_is_that_of_the_blocks() -> None:
    batches = serve(5, 2, seed=7, shuffle=False)
    for epoch in range(3):
        batches.set_epoch(epoch)
        assert numbers(batches) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("n_trained", [0, 1, 2, 3, 4])
def test_resuming_skips_exactly_what_was_trained_on(n_trained: int) -> None:
    straight = serve(11, 3, seed=5)
    straight.set_epoch(2)
    whole = numbers(straight)
    straight.n_trained = n_trained
    state = straight.state_dict()
    straight.set_epoch(3)
    next_epoch = numbers(straight)

    resumed = serve(11, 3, seed=5)
    resumed.load_state_dict(state)
    iterator = iter(resumed)  # made before the epoch is known, as Lightning does
    resumed.set_epoch(2)
    assert numbers(iterator) == whole[n_trained:]
    assert len(whole) == 4
    assert numbers(resumed) == whole  # the skip is for once
    resumed.set_epoch(3)
    assert numbers(resumed) == next_epoch


def test_a_state_of_an_epoch_that_ended_skips_nothing_of_the_next() -> None:
    straight = serve(6, 2, seed=5)
    straight.set_epoch(1)
    resumed = serve(6, 2, seed=5)
    resumed.load_state_dict({"epoch": 0, "n_trained": 3})
    resumed.set_epoch(1)
    assert numbers(resumed) == numbers(straight)
    assert resumed.state_dict() == {"epoch": 1, "n_trained": 0}
