"""Check, before any training, that this machine, this model and these songs go together.

Run: ``python -m lyric_lm.preflight model=gpt2 data.path=MY_SONGS``

Prints one line per check and writes them to ``out``. ``train`` does the same before its first step.
"""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from lyric_lm.command import HYDRA, run, told
from lyric_lm.lyrics.corpus import corpus_from
from lyric_lm.settings import plain


@hydra.main(**HYDRA, config_name="preflight")
@told
def main(cfg: DictConfig) -> None:
    settings = plain(cfg)
    out = Path(settings["out"]).expanduser()
    corpus = corpus_from(settings["data"], settings["seed"])
    from lyric_lm.checks.check import describe_check, heed
    from lyric_lm.checks.recipe import check_all
    from lyric_lm.data.datamodule import LyricsDataModule
    from lyric_lm.hardware import best_device
    from lyric_lm.model.loss import held_out_loss
    from lyric_lm.model.pretrained import context_length, load_model

    data = settings["data"]
    network, tokenizer = load_model(**settings["model"])
    songs = LyricsDataModule(
        corpus.splits, tokenizer, context_length(network), data["block_size"], data["batch_size"], settings["seed"]
    )
    loss = held_out_loss(network.to(best_device()), songs.batches("val"))
    checks = check_all(settings, network, corpus, songs, out.absolute().parent, loss)
    for check in checks:
        print(describe_check(check))
    heed(checks, out)


if __name__ == "__main__":
    run(main)
