"""Songs, model and yardstick that all suspects share; needs torch and transformers only, so it runs beside any release.

One in twelve songs is held out. The yardstick of a text is its nats per token under the untouched model: language costs
it 2 to 4, guessing evenly among V tokens costs ln V (10.8 for GPT-2 and SmolLM2).
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

PROMPT = "girl, you make me feel"
RESULTS = Path(__file__).parent / "results"
SAFE = {"temperature": 0.8, "top_k": 50, "top_p": 0.95}
UNTRUNCATED = {"temperature": 1.0, "top_k": 0, "top_p": 1.0}


def parser(about: str | None) -> argparse.ArgumentParser:
    """Return the arguments that every script takes."""
    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--model", required=True, help="a folder in save_pretrained form, or a hub id such as gpt2")
    found.add_argument("--songs", required=True, type=Path, help="a folder with one .txt a song")
    return found


def load(name: str) -> tuple[Any, Any]:
    """Return the model in 32 bits, in evaluation mode, and its tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return AutoModelForCausalLM.from_pretrained(name).float().eval(), AutoTokenizer.from_pretrained(name)


def read_songs(folder: Path, limit: int | None = None) -> tuple[list[str], list[str]]:
    """Return the songs to train on and those held out, without the line with the title."""
    texts = [file.read_text(encoding="utf-8").partition("\n")[2].strip() for file in sorted(folder.glob("*.txt"))]
    held_out = texts[::12]
    return [text for i, text in enumerate(texts) if i % 12][:limit], held_out


def blocks(tokenizer: Any, texts: list[str], length: int = 128) -> Tensor:
    """Join the songs by the end-of-text token and cut them into rows (n, length)."""
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    ids = [i for text in texts for i in [end, *tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]]]
    n = len(ids) // length
    return torch.tensor(ids[: n * length]).view(n, length)


@torch.no_grad()
def loss_of(model: Any, rows: Tensor) -> float:
    """Return plain cross-entropy, nats per target token, of rows (n, T)."""
    nats = 0.0
    for batch in rows.split(4):
        logits = model(input_ids=batch, use_cache=False).logits[:, :-1]  # (B, T - 1, V)
        nats += cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="sum").item()
    return nats / rows[:, 1:].numel()


def write(model: Any, tokenizer: Any, n_tokens: int = 40, seed: int = 1, prompt: str = PROMPT, **how: Any) -> str:
    """Let transformers' own ``generate`` go on from the prompt; return what it added."""
    ids = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)["input_ids"]
    torch.manual_seed(seed)
    choice = {"do_sample": True, **SAFE, **how}
    ended = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    with torch.no_grad():
        new = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=n_tokens, pad_token_id=ended, **choice
        )
    return tokenizer.decode(new[0, ids.shape[1] :], skip_special_tokens=True)


@torch.no_grad()
def strangeness(model: Any, tokenizer: Any, text: str, prompt: str = PROMPT) -> float:
    """Return the nats per token of a text after the prompt under a healthy model."""
    before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    ids = before + tokenizer(text, add_special_tokens=False)["input_ids"]
    logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, len(before) - 1 : -1]  # (T, V)
    return cross_entropy(logits, torch.tensor(ids[len(before) :])).item()


def keep(name: str, results: dict[str, Any]) -> None:
    """Put results into ``results/NAME.json``, beside what other runs have put there under other keys."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    already = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    file.write_text(json.dumps({**already, **results}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
