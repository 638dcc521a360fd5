"""The LightningDataModule: one artist's split songs in, packed batches out."""

from collections.abc import Mapping, Sequence
from typing import Any

import lightning as L
from transformers import PreTrainedTokenizerBase

from lyric_lm.data.batches import BlockBatches
from lyric_lm.data.encoding import line_end_ids, separator_id
from lyric_lm.data.layout import check_layout
from lyric_lm.data.packing import Part, cut_song, pack
from lyric_lm.data.store import StoredSongs, stored_songs
from lyric_lm.data.stored import StoredBlocks, StoredParts
from lyric_lm.lyrics.song import Song


class LyricsDataModule(L.LightningDataModule):
    """Encode and pack the songs of each split, and serve them in batches.

    Args:
        splits: the songs of ``train``, ``val`` and ``test``.
        tokenizer: the model's own.
        context_length: the most positions that the model knows.
        block_size: tokens per packed row, at most ``context_length``.
        batch_size: blocks per forward pass.
        seed: orders the training blocks.
        rank, world_size: which of how many processes this is; each takes its share of the batches.

    Raises:
        InputError: ``block_size`` or ``batch_size`` cannot work, or the tokens of many songs cannot be stored.
    """

    def __init__(
        self,
        splits: Mapping[str, Sequence[Song]],
        tokenizer: PreTrainedTokenizerBase,
        context_length: int,
        block_size: int,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ):
        super().__init__()
        check_layout(block_size, batch_size, context_length)
        self.batch_size, self.seed = batch_size, seed
        self.rank, self.world_size = rank, world_size
        self.pad_id = separator_id(tokenizer)
        self.parts: dict[str, Sequence[Part]] = {}
        self.blocks: dict[str, Sequence[list[Part]]] = {}
        self._n_targets: dict[str, int] = {}
        for name, songs in splits.items():
            encoded = stored_songs(songs, tokenizer)
            line_ends = line_end_ids(tokenizer, encoded)
            if isinstance(encoded, StoredSongs):
                stored = StoredParts(encoded, block_size, context_length, line_ends)
                self.parts[name], self.blocks[name] = stored, StoredBlocks(stored, block_size)
            else:
                parts = [part for song in encoded for part in cut_song(song, block_size, context_length, line_ends)]
                self.parts[name], self.blocks[name] = parts, pack(parts, block_size)
            self._n_targets[name] = sum(part.n_targets for part in self.parts[name])
        # Kept, not made anew: it knows the place in the epoch, which checkpoints hold.
        self.train_batches = BlockBatches(
            self.blocks["train"], batch_size, self.pad_id, seed, shuffle=True, rank=rank, world_size=world_size
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the training blocks; Lightning's own way loses it (it loads the loader too early)."""
        return self.train_batches.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a place in the training blocks."""
        self.train_batches.load_state_dict(state_dict)

    def n_targets(self, split: str) -> int:
        """Return how many tokens of a split are scored."""
        return self._n_targets[split]

    def batches(self, split: str) -> BlockBatches:
        """Return a split's batches in fixed order, all of them whatever the process."""
        return BlockBatches(self.blocks[split], self.batch_size, self.pad_id)

    def train_dataloader(self) -> BlockBatches:
        return self.train_batches

    def val_dataloader(self) -> BlockBatches:
        blocks, rank, world_size = self.blocks["val"], self.rank, self.world_size
        return BlockBatches(blocks, self.batch_size, self.pad_id, rank=rank, world_size=world_size)
