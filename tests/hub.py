"""A hub on the loopback address: as much of its HTTP interface as ``from_pretrained`` and ``load_dataset`` ask for.

It serves two GPT-2s under the names of the real ones, with the same files in them: small, and trained for some
seconds on the demo album, so that they know some English; a third has random weights, as one that was not loaded has.
And small datasets of songs.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import torch
from safetensors.torch import save_file
from tokenizers import ByteLevelBPETokenizer, Tokenizer
from transformers import GPT2Config, GPT2LMHeadModel

from lyric_lm.lyrics.reading import ALBUM

COMMIT = "607a30d783dfa663caf39e06633721c8d4cfcd7e"
CONTEXT = 1024
REPOSITORIES = {  # name: (folder, seed of the weights)
    "openai-community/gpt2": ("gpt2", 1),
    "gpt2": ("gpt2", 1),
    "distilbert/distilgpt2": ("distilgpt2", 2),
    "distilgpt2": ("distilgpt2", 2),
    "saltby/random": ("random", 3),
}
SONGS, SCRIPTED, GATED, PICTURES = (f"saltby/{name}" for name in ("songs", "huggingartist", "gated", "pictures"))


@dataclass
class Hub:
    """A running hub: its address, its repositories (name to folder), and the requests so far ("GET /path").

    As in the hub's addresses, a dataset's name is led by ``datasets/``.
    """

    url: str
    folders: dict[str, Path]
    requests: list[str] = field(default_factory=list)

    def downloads(self) -> list[str]:
        """The files that were asked for whole, as repository/file."""
        gets = (request.removeprefix("GET /") for request in self.requests if request.startswith("GET /"))
        return [re.sub("/resolve/[^/]+/", "/", get) for get in gets if "/resolve/" in get]


@contextmanager
def serve(folder: Path) -> Iterator[Hub]:
    """Write the repositories into an empty folder and serve them until the block ends."""
    folders = {name: folder / place for name, (place, _) in REPOSITORIES.items()}
    for place, seed in set(REPOSITORIES.values()):
        write_repository(folder / place, seed)
    folders |= {f"datasets/{name}": file for name, file in write_datasets(folder / "datasets").items()}
    hub = Hub("", folders)

    class Handler(_Handler):
        pass

    Handler.hub = hub
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()


def write_repository(folder: Path, seed: int) -> None:
    """Write a small GPT-2 with the files, and the names of weights, that the real repositories have."""
    folder.mkdir()
    n_tokens = write_tokenizer(folder)
    config = GPT2Config(
        vocab_size=n_tokens,
        n_positions=CONTEXT,
        n_embd=48,
        n_layer=2,
        n_head=4,
        bos_token_id=n_tokens - 1,
        eos_token_id=n_tokens - 1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = GPT2LMHeadModel(config)
        if folder.name != "random":
            teach(network, folder)
    prefix = "" if folder.name == "gpt2" else "transformer."  # the real ones differ in this
    weights = {
        prefix + name.removeprefix("transformer."): value.contiguous()
        for name, value in network.state_dict().items()
        if name != "lm_head.weight"  # tied
    }
    causal = torch.tril(torch.ones(1, 1, CONTEXT, CONTEXT))
    weights |= {f"{prefix}h.{layer}.attn.bias": causal.clone() for layer in range(2)}  # a buffer of old versions
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    settings = {
        **{"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1},
        **{"bos_token_id": n_tokens - 1, "embd_pdrop": 0.1, "eos_token_id": n_tokens - 1, "initializer_range": 0.02},
        **{"layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": CONTEXT, "n_embd": 48, "n_head": 4},
        **{"n_layer": 2, "n_positions": CONTEXT, "resid_pdrop": 0.1, "vocab_size": n_tokens},
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
    }
    _write_json(folder / "config.json", settings)
    _write_json(
        folder / "generation_config.json",
        {"_from_model_config": True, "bos_token_id": n_tokens - 1, "eos_token_id": n_tokens - 1},
    )


def teach(network: GPT2LMHeadModel, folder: Path) -> None:
    """Train a model a little on the demo album, so that its loss is far below that of guessing."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = torch.tensor(
        [i for file in sorted(ALBUM.glob("*.txt")) for i in tokenizer.encode(file.read_text("utf-8")).ids]
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for _ in range(80):
        starts = torch.randint(len(ids) - 64, (8,))
        rows = torch.stack([ids[start : start + 64] for start in starts])
        logits = network(input_ids=rows).logits[:, :-1]
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()).backward()
        optimizer.step()
        optimizer.zero_grad()


def write_tokenizer(folder: Path) -> int:
    """Learn a byte-level BPE from the demo album, write it as GPT-2's files, return its number of tokens."""
    trainer = ByteLevelBPETokenizer()
    songs = [file.read_text(encoding="utf-8") for file in sorted(ALBUM.glob("*.txt"))]
    trainer.train_from_iterator(songs, vocab_size=399, show_progress=False)
    trainer.save_model(str(folder))
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    vocabulary["<|endoftext|>"] = len(vocabulary)  # the last id, as in GPT-2
    _write_json(folder / "vocab.json", vocabulary)
    whole = ByteLevelBPETokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer: Tokenizer = whole._tokenizer
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(folder / "tokenizer_config.json", {"model_max_length": CONTEXT})
    return len(vocabulary)


def write_datasets(folder: Path) -> dict[str, Path]:
    """Write datasets as they are found: a card and data, a loading script of old, terms to accept, no songs at all."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(ALBUM.glob("*.txt"))[:6]]
    songs = [dict(zip(("title", "lyrics"), text.split("\n", 1), strict=True)) | {"artist": "Ada"} for text in texts]
    card = "---\nlanguage: en\n---\n# Songs\n\nA data set of songs.\n"
    rows = "".join(json.dumps(song) + "\n" for song in songs)
    contents = {
        f"{SONGS}/README.md": card,
        f"{SONGS}/data/train.jsonl": rows,
        f"{SCRIPTED}/huggingartist.py": "raise SystemExit('a dataset is read, not run')\n",
        f"{SCRIPTED}/datasets.json": json.dumps({"train": texts}),
        f"{SCRIPTED}/dataset_infos.json": json.dumps({"default": {"features": {"text": {}}, "splits": {}}}),
        f"{GATED}/train.jsonl": rows,
        f"{PICTURES}/README.md": card,
        f"{PICTURES}/cover.png": "no picture, and never asked for",
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return {name: folder / name for name in (SONGS, SCRIPTED, GATED, PICTURES)}


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")
        path = unquote(urlsplit(self.path).path).strip("/")
        if path.startswith(("api/models/", "api/datasets/")):
            self._answer_api(path.removeprefix("api/").removeprefix("models/"))
        elif "/resolve/" in path:
            name, _, place = path.partition("/resolve/")
            revision, _, file = place.partition("/")
            if name == f"datasets/{GATED}":
                self._refuse("GatedRepo", "Access to this dataset is restricted", status=403)
            elif folder := self._folder(name, revision):
                self._send_file(folder / file)
        else:
            self._refuse("RepoNotFound", "no such address")

    do_HEAD = do_GET  # noqa: N815

    def _answer_api(self, path: str) -> None:
        name, tree, place = path.partition("/tree/")
        revision, _, inner = place.partition("/")
        if not tree:
            name, _, revision = path.partition("/revision/")
        folder = self._folder(name, revision or "main")
        if folder is None:
            return
        place_in = folder / inner
        if not place_in.is_dir():
            self._refuse("EntryNotFound", f"{inner} does not exist")
        elif tree:
            is_deep = "recursive=true" in self.path.lower()
            self._send_json(
                [_entry(file, folder) for file in sorted(place_in.rglob("*") if is_deep else place_in.iterdir())]
            )
        else:
            files = sorted(file for file in folder.rglob("*") if file.is_file())
            self._send_json(
                {
                    **{"_id": "0", "id": name.removeprefix("datasets/"), "modelId": name, "sha": COMMIT},
                    **{"private": False, "gated": False, "disabled": False, "downloads": 0, "likes": 0},
                    **{"tags": ["gpt2"], "siblings": [{"rfilename": f.relative_to(folder).as_posix()} for f in files]},
                }
            )

    def _folder(self, name: str, revision: str) -> Path | None:
        """Return a repository's folder, or refuse."""
        if name not in self.hub.folders:
            self._refuse("RepoNotFound", "Repository not found")
            return None
        if revision not in ("main", COMMIT):
            self._refuse("RevisionNotFound", f"Invalid rev id: {revision}")
            return None
        return self.hub.folders[name]

    def _send_file(self, file: Path) -> None:
        if not file.is_file():
            self._refuse("EntryNotFound", "Entry not found")
            return
        self._send(200, file.read_bytes(), {"ETag": f'"{_etag(file)}"', "X-Repo-Commit": COMMIT})

    def _send_json(self, content: object) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _refuse(self, code: str, message: str, status: int = 404) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message}
        if code == "EntryNotFound":
            headers["X-Repo-Commit"] = COMMIT
        self._send(status, json.dumps({"error": message}).encode(), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the requests are kept."""


def _entry(file: Path, folder: Path) -> dict[str, object]:
    """Describe a file or a folder as a listing does."""
    path = file.relative_to(folder).as_posix()
    if file.is_dir():
        return {"type": "directory", "path": path, "size": 0, "oid": "0" * 40}
    return {"type": "file", "path": path, "size": file.stat().st_size, "oid": _etag(file)}


def _etag(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
