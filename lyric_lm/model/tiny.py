"""A random GPT-2 of about 100 k parameters over bytes: for tests, and for trying commands in seconds."""

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from lyric_lm.data.encoding import END_OF_TEXT


def make_tiny(dropout: float = 0.0, attention: str | None = None) -> tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]:
    """Return a two-layer GPT-2 with context length 1,024 and a tokenizer of 256 bytes and one separator."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {END_OF_TEXT: 0, **{symbol: number for number, symbol in enumerate(alphabet, start=1)}}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    config = GPT2Config(
        vocab_size=len(vocabulary),
        n_positions=1024,
        n_embd=48,
        n_layer=2,
        n_head=4,
        attn_pdrop=dropout,
        embd_pdrop=dropout,
        resid_pdrop=dropout,
        bos_token_id=0,
        eos_token_id=0,
        attn_implementation=attention,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = GPT2LMHeadModel(config)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END_OF_TEXT, eos_token=END_OF_TEXT, unk_token=END_OF_TEXT
    )
    return network, fast
