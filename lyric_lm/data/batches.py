"""Lay blocks out as tensors and serve them in batches, in an order that can be resumed anywhere."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from lyric_lm.data.packing import Part

IGNORE_INDEX = -100  # torch's cross-entropy leaves out labels of this value
MULTIPLE = 32  # of which a row has tokens: the matrix units' own, and oneDNN makes code for each number that it meets

Batch = dict[str, Any]  # tensors, and the lengths of the songs
Numbered = list[tuple[int, list[list[Part]]]]  # batches as numbers within an epoch and blocks


def collate(blocks: list[list[Part]], pad_id: int, n_tokens: int = 0, longest: int = 0) -> Batch:
    """Lay the parts of blocks out behind each other in one row of T tokens.

    Padding comes behind, in parts of its own that are not scored: as much as makes ``n_tokens``. Without parts, the
    row is a single token that is not scored.

    Args:
        n_tokens: T at least; 0: no padding.
        longest: with padding, no part is longer.

    Returns:
        ``input_ids`` (1, T) int64; ``labels`` (1, T) int64: the *next* token of the same song, or ``IGNORE_INDEX``;
        ``position_ids`` (1, T) int64, restarting with each song; ``song_lengths``: how many tokens each part has, as
        a list; ``song_starts`` (n_parts + 1,) int32: where each begins, and T; ``longest``: no part is longer;
        ``n_targets`` and ``n_bytes`` () int64: labels that are scored, and the UTF-8 bytes they stand for.
    """
    parts = [part for block in blocks for part in block] or [Part([pad_id], 0, 0, "")]
    n_parts = sum(len(part.ids) for part in parts)
    padding = [min(longest, n_tokens - start) for start in range(n_parts, n_tokens, longest)] if n_tokens else []
    lengths = [*(len(part.ids) for part in parts), *padding]
    ids = [torch.as_tensor(part.ids, dtype=torch.int64) for part in parts]
    end = torch.tensor([IGNORE_INDEX])
    labels = [
        piece
        for part, of_part in zip(parts, ids, strict=True)
        for piece in (end.expand(part.n_context - 1), of_part[part.n_context :], end)
    ]
    positions = [torch.arange(part.first_position, part.first_position + len(part.ids)) for part in parts]
    return {
        "input_ids": torch.cat([*ids, *(torch.full((n,), pad_id) for n in padding)])[None],
        "labels": torch.cat([*labels, *(end.expand(n) for n in padding)])[None],
        "position_ids": torch.cat([*positions, *(torch.arange(n) for n in padding)])[None],
        "song_lengths": lengths,
        "song_starts": torch.tensor([0, *lengths]).cumsum(0, dtype=torch.int32),
        "longest": longest if n_tokens else max(lengths),
        "n_targets": torch.tensor(sum(part.n_targets for part in parts)),
        "n_bytes": torch.tensor(sum(part.n_bytes for part in parts)),
    }


def on(device: torch.device, batch: Batch) -> Batch:
    """Return a batch on a device."""
    return {name: value.to(device) if isinstance(value, Tensor) else value for name, value in batch.items()}


def _pinned(batch: Batch) -> Batch:
    """Return a batch in memory that a GPU reads while the processor goes on."""
    return {name: value.pin_memory() if isinstance(value, Tensor) else value for name, value in batch.items()}


class BlockBatches:
    """An iterable of batches over blocks; one iteration is one epoch.

    With ``shuffle``, the order of blocks depends on ``seed`` and the epoch and not on ``batch_size``, so
    that a step over 8 blocks sees the same blocks as 4 batches of 2. ``state_dict`` holds the epoch and the
    place in it: a resumed run goes on with the batch after the last one that was trained on.

    The batch after the one being trained on is laid out meanwhile, in another thread.

    Of several processes, each takes every ``world_size``-th batch of that same order, beginning with the one of its
    ``rank``. They must take equally many, so one that finds none left at the end gets a token that is not scored.
    """

    def __init__(
        self,
        blocks: Sequence[list[Part]],
        batch_size: int,
        pad_id: int,
        seed: int = 0,
        shuffle: bool = False,
        rank: int = 0,
        world_size: int = 1,
    ):
        self.blocks, self.batch_size, self.pad_id = blocks, batch_size, pad_id
        self.seed, self.shuffle = seed, shuffle
        self.rank, self.world_size = rank, world_size
        self.filled_to = 0  # where set, every block counts so many tokens, and what is missing is padding
        self.epoch = 0
        self.n_trained = 0  # batches of this epoch whose steps were taken, as a checkpoint says
        self._resume: tuple[int, int] | None = None  # epoch, batches to skip in it

    def __len__(self) -> int:
        return -(-len(self.blocks) // self.blocks_at_once)

    @property
    def blocks_at_once(self) -> int:
        """The blocks of a batch, in all processes together."""
        return self.batch_size * self.world_size

    def order(self, epoch: int) -> list[int]:
        """Return the indices of the blocks in the order of an epoch."""
        if not self.shuffle:
            return list(range(len(self.blocks)))
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        return torch.randperm(len(self.blocks), generator=generator).tolist()

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration follows."""
        if epoch != self.epoch:
            self.epoch, self.n_trained = epoch, 0

    def __iter__(self) -> Iterator[Batch]:
        # Everything is decided at the first next(): Lightning calls iter() before set_epoch().
        order = self.order(self.epoch)
        skip = self._resume[1] if self._resume and self._resume[0] == self.epoch else 0
        self._resume = None
        with ThreadPoolExecutor(1) as thread:
            ready: Future[Batch] | None = None
            for number in range(skip, len(self)):
                coming = thread.submit(self._batch, order, number)
                if ready:
                    yield ready.result()
                ready = coming
            if ready:
                yield ready.result()

    def _batch(self, order: list[int], number: int) -> Batch:
        """Lay out a batch of this process."""
        start = (number * self.world_size + self.rank) * self.batch_size
        blocks = [self.blocks[i] for i in order[start : start + self.batch_size]]
        n_tokens, longest = self.batch_size * self.filled_to, self.filled_to
        if not n_tokens:
            lengths = [len(part.ids) for block in blocks for part in block]
            n_tokens, longest = -(-sum(lengths) // MULTIPLE) * MULTIPLE, max([*lengths, MULTIPLE])
        batch = collate(blocks, self.pad_id, n_tokens, longest)
        return _pinned(batch) if torch.cuda.is_available() else batch

    def window(self, first: int, last: int) -> Numbered:
        """Return what batches ``first`` to ``last`` of this epoch hold, in all processes: number and blocks.

        >>> blocks = [[Part([0, n, 0], 0, 1, f"song {n}")] for n in range(5)]
        >>> batches = BlockBatches(blocks, batch_size=1, pad_id=0, world_size=2)
        >>> [(number, [part.title for [part] in found]) for number, found in batches.window(1, 2)]
        [(1, ['song 2']), (1, ['song 3']), (2, ['song 4'])]
        """
        order, size = self.order(self.epoch), self.batch_size
        starts = range(first * self.world_size * size, min(len(order), (last + 1) * self.world_size * size), size)
        return [
            (start // (size * self.world_size), [self.blocks[i] for i in order[start : start + size]])
            for start in starts
        ]

    def state_dict(self) -> dict[str, Any]:
        """Return the place: the epoch, and how many of its batches were trained on."""
        return {"epoch": self.epoch, "n_trained": self.n_trained}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the next iteration of that epoch begin after the batches that were trained on."""
        self.epoch, self.n_trained = state["epoch"], state["n_trained"]
        self._resume = (state["epoch"], state["n_trained"])

    def as_many(self, n_batches: int, blocks_at_once: int) -> int:
        """Return how many batches hold the blocks that so many batches of another cut held, of an epoch's beginning.

        >>> blocks = [[Part([0, n, 0], 0, 1, "")] for n in range(9)]
        >>> batches = BlockBatches(blocks, batch_size=1, pad_id=0, world_size=2)
        >>> batches.as_many(2, blocks_at_once=4), batches.as_many(9, blocks_at_once=1)
        (4, 5)

        Args:
            n_batches: of the other cut.
            blocks_at_once: the blocks of one of its batches, in all processes together.
        """
        return -(-min(n_batches * blocks_at_once, len(self.blocks)) // self.blocks_at_once)
