"""A model overfitted on purpose, without training: it knows its texts by heart and goes on in them from any place.

It stands in for a network in ``write_songs``. Given the tokens so far, it finds their longest ending in its texts and
makes the tokens that follow there very likely, all others unlikely but possible. What it learns by heart may be several
printings of a song, so that a way that is barred leads into another printing of the same words.
"""

from collections import defaultdict
from types import SimpleNamespace

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from lyric_lm.data.encoding import END_OF_TEXT, opening_ids, separator_id
from lyric_lm.model.tiny import make_tiny


class Histories(list[list[int]]):
    """What was written in each row, in the place of a cache of keys and values."""

    def batch_select_indices(self, keep: torch.Tensor) -> None:
        self[:] = [self[i] for i in keep.tolist()]


class Memoriser:
    """A network that knows texts by heart; ``most`` is how many tokens of the ending are looked for."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, texts: list[str], sureness: float = 8.0, most: int = 6):
        self.training, self.device = False, torch.device("cpu")
        self.config = SimpleNamespace(max_position_embeddings=4096)
        self.n_tokens, self.sureness, self.most = len(tokenizer), sureness, most
        self.next: dict[tuple[int, ...], set[int]] = defaultdict(set)
        opening, separator = opening_ids(tokenizer), separator_id(tokenizer)
        for text in texts:
            ids = [*opening, *tokenizer(text, add_special_tokens=False)["input_ids"], separator]
            for end in range(len(opening), len(ids)):
                for start in range(max(0, end - most), end):
                    self.next[tuple(ids[start:end])].add(ids[end])

    def eval(self) -> "Memoriser":
        return self

    def train(self, mode: bool = True) -> "Memoriser":
        return self

    def __call__(self, input_ids: torch.Tensor, past_key_values: Histories | None, **_: object) -> SimpleNamespace:
        rows = input_ids.tolist()
        written = past_key_values if past_key_values is not None else Histories([[] for _ in rows])
        logits = torch.zeros(len(rows), 1, self.n_tokens)
        for number, (row, new) in enumerate(zip(written, rows, strict=True)):
            row += new
            for start in range(max(0, len(row) - self.most), len(row)):
                if known := self.next.get(tuple(row[start:])):
                    logits[number, 0, list(known)] = self.sureness + torch.log(torch.tensor(self.n_tokens))
                    break
        return SimpleNamespace(logits=logits, past_key_values=written)


def tokenizer_of(kind: str, texts: list[str]) -> PreTrainedTokenizerFast:
    """Make a tokenizer for texts: one of ``KINDS``."""
    special = {"special_tokens": [END_OF_TEXT, "[UNK]"], "show_progress": False}
    if kind == "bytes":
        tokenizer = Tokenizer(models.BPE(vocab={}, merges=[]))
        trainer = trainers.BpeTrainer(vocab_size=258, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **special)
        tokenizer.pre_tokenizer, tokenizer.decoder = (
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            decoders.ByteLevel(),
        )
    elif kind == "byte-level BPE":
        tokenizer = Tokenizer(models.BPE())
        trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **special)
        tokenizer.pre_tokenizer, tokenizer.decoder = (
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            decoders.ByteLevel(),
        )
    elif kind == "BPE over spaces":  # a token may be several words
        tokenizer = Tokenizer(models.BPE())
        trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **special)
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.decoder = decoders.ByteLevel()
    elif kind == "unigram":  # as SentencePiece: the space is part of the word, line ends are kept apart
        tokenizer = Tokenizer(models.Unigram())
        trainer = trainers.UnigramTrainer(vocab_size=700, unk_token="[UNK]", **special)
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
    else:  # WordPiece, lower-casing, which cleans up spaces when it decodes
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        trainer = trainers.WordPieceTrainer(vocab_size=700, **special)
        tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END_OF_TEXT, unk_token="[UNK]")


KINDS = ("bytes", "byte-level BPE", "BPE over spaces", "unigram", "WordPiece")


def overfitted(songs: list[str]) -> tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]:
    """Train the tiny model on a few short songs until it knows every byte of them."""
    network, tokenizer = make_tiny()
    opening, separator = opening_ids(tokenizer), separator_id(tokenizer)
    rows = [torch.tensor([*opening, *tokenizer(song)["input_ids"], separator]) for song in songs]
    labels = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-100)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=160)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for _ in range(160):
            logits = network(input_ids=labels.clamp(min=0)).logits[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    assert loss < 0.05  # nats per byte
    return network.eval(), tokenizer
