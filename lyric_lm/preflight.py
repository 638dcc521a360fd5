"""Check, before any training, that this machine computes rightly, and that it, the model and the songs go together.

Run: ``python -m lyric_lm.preflight model=gpt2 data.path=MY_SONGS``

Prints a table of the checks, a verdict last, and writes them to ``out``; exit status 1 where one failed. ``train``
makes the same checks before its first step, and ``generate`` those of writing, both in a shorter form.
"""

import logging
from pathlib import Path

import hydra
from omegaconf import DictConfig

from lyric_lm.command import HYDRA, run, told
from lyric_lm.lyrics.corpus import corpus_from
from lyric_lm.settings import plain

log = logging.getLogger(__name__)


@hydra.main(**HYDRA, config_name="preflight")
@told
def main(cfg: DictConfig) -> None:
    settings = plain(cfg)
    out = Path(settings["out"]).expanduser()
    corpus = corpus_from(settings["data"], settings["seed"])
    from lyric_lm.checks.batch_size import with_batch_size
    from lyric_lm.checks.check import describe_checks, refuse, write_checks
    from lyric_lm.checks.recipe import check_all
    from lyric_lm.data.datamodule import LyricsDataModule
    from lyric_lm.hardware import device_of
    from lyric_lm.model.lora import prepare
    from lyric_lm.model.loss import held_out_loss
    from lyric_lm.model.pretrained import context_length, load_model

    log.info("Model: %s", settings["model"]["name"])
    network, tokenizer = load_model(**settings["model"])
    settings = with_batch_size(settings, network)
    prepare(network, **settings["finetune"])
    data = settings["data"]
    songs = LyricsDataModule(
        corpus.splits, tokenizer, context_length(network), data["block_size"], data["batch_size"], settings["seed"]
    )
    log.info("Measuring the untrained model on %s held-out songs ...", len(corpus.splits["val"]))
    loss = held_out_loss(network.to(device_of(settings["trainer"]["accelerator"])), songs.batches("val"))
    log.info("Comparing the machine with itself ...\n")
    checks = check_all(
        *(settings, network, corpus, songs, out.absolute().parent), loss, tokenizer=tokenizer, is_full=True
    )
    print(describe_checks(checks))
    write_checks(checks, out)
    refuse(checks)


if __name__ == "__main__":
    run(main)
