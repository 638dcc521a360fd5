"""The loss of songs is that of an independent evaluation, lm-evaluation-harness, frozen in ``tests/reference``."""

import json
from pathlib import Path

import pytest
import torch

from lyric_lm.data.batches import IGNORE_INDEX, collate
from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.lyrics.song import Song
from lyric_lm.model.loss import held_out_loss, logits_of, loss_sums
from lyric_lm.model.tiny import make_tiny

REFERENCE = json.loads((Path(__file__).parent / "reference" / "lm_eval_rolling.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_the_nats_of_each_song_are_those_of_lm_eval(batch_size: int) -> None:
    network, tokenizer = make_tiny()
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 2:
                weight *= 6
    network.eval()
    checksum = sum(float(weight.detach().double().abs().sum()) for weight in network.parameters())
    assert checksum == pytest.approx(REFERENCE["sum_of_weights"], rel=1e-6), "another model: make the reference anew"

    # The harness gives the model `window` tokens at a time; a block has one more, the last target.
    size = REFERENCE["window"] + 1
    texts = [Song(str(number), "", text, "") for number, text in enumerate(REFERENCE["texts"])]
    songs = LyricsDataModule({"train": texts, "val": []}, tokenizer, size, size, batch_size, seed=1)
    assert max(len(block) for block in songs.blocks["train"]) >= 2  # packed
    assert [part.title for part in songs.parts["train"]].count("10") == 2  # longer than the model: cut

    nats = [0.0] * len(texts)
    blocks = songs.blocks["train"]
    for start in range(0, len(blocks), batch_size):
        rows = blocks[start : start + batch_size]
        batch = collate(rows, songs.pad_id)
        with torch.no_grad():
            logits = logits_of(network, batch)
        begin = 0
        for part in (part for block in rows for part in block):
            end = begin + len(part.ids)
            of_part = torch.full_like(batch["labels"], IGNORE_INDEX)
            of_part[0, begin:end] = batch["labels"][0, begin:end]
            nats[int(part.title)] += loss_sums(logits, of_part).nats.item()
            begin = end
    assert nats == pytest.approx(REFERENCE["nats"], rel=1e-5)
    n_targets = songs.n_targets("train")
    assert held_out_loss(network, songs.batches("train")) == pytest.approx(sum(REFERENCE["nats"]) / n_targets, rel=1e-5)
