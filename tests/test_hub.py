"""Models come from a hub or from its cache; where neither has one, the one line says what can be done."""

import json
import re
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import huggingface_hub.constants
import pytest

from lyric_lm.hub import hub_is_reachable
from tests.conftest import Done, run_command
from tests.hub import Hub

NAMES = {"gpt2": "openai-community/gpt2", "distilgpt2": "distilbert/distilgpt2"}
PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def generate(cwd: Path, endpoint: str, *arguments: str, offline: bool = False) -> Done:
    """Let an untrained model write five tokens, in a process whose hub is at ``endpoint`` and whose cache is in cwd."""
    env = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cwd / "hf"), "HF_HUB_OFFLINE": str(int(offline))}
    env |= {"HF_HUB_CACHE": str(cwd / "hf" / "hub"), **dict.fromkeys(PROXIES, "")}
    return run_command("generate", "run=null", "max_new_tokens=5", *arguments, cwd=cwd, env=env)


def one_line(done: Done) -> str:
    """The only line on stderr, of a command that the user's input made fail."""
    assert done.code == 1, done.err
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.fixture(scope="session")
def nowhere() -> str:
    """An address where nothing answers."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


@pytest.mark.parametrize("model", list(NAMES))
def test_from_the_hub_and_then_from_its_cache(tmp_path: Path, hub_server: Hub, nowhere: str, model: str) -> None:
    hub_server.requests.clear()
    first = generate(tmp_path, hub_server.url, f"model={model}")
    assert first.code == 0, first.err
    assert first.err == ""
    assert first.out.strip()
    sent = hub_server.downloads()
    assert sent.count(f"{NAMES[model]}/model.safetensors") == 1
    assert {f"{NAMES[model]}/config.json", f"{NAMES[model]}/tokenizer.json"} <= set(sent)

    hub_server.requests.clear()
    again = generate(tmp_path, nowhere, f"model={model}", offline=model == "gpt2")  # told to be offline, or just is
    assert again == first
    assert hub_server.requests == []


def test_the_hub_of_the_tests_answers_like_the_hub(hub_server: Hub) -> None:
    """HEAD, errors, short names and listings, asked of it directly."""

    def ask(path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(urllib.request.Request(hub_server.url + path, method=method)) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), b""

    for name in ("gpt2", "openai-community/gpt2"):
        status, headers, body = ask(f"/{name}/resolve/main/config.json", "HEAD")
        assert (status, body) == (200, b"")
        content = ask(f"/{name}/resolve/main/config.json")[2]
        assert int(headers["Content-Length"]) == len(content)
        assert re.fullmatch('"[0-9a-f]{64}"', headers["ETag"])
        assert json.loads(content)["model_type"] == "gpt2"
    assert ask("/gpt2/resolve/main/none.json")[1]["X-Error-Code"] == "EntryNotFound"
    assert ask("/gpt2/resolve/other/config.json")[1]["X-Error-Code"] == "RevisionNotFound"
    assert ask("/api/models/gpt3")[1]["X-Error-Code"] == "RepoNotFound"
    assert {file["path"] for file in json.loads(ask("/api/models/distilgpt2/tree/main")[2])} == {
        *("config.json", "generation_config.json", "merges.txt", "model.safetensors"),
        *("tokenizer.json", "tokenizer_config.json", "vocab.json"),
    }


def test_unreachable_hub_and_nothing_in_the_cache(tmp_path: Path, nowhere: str) -> None:
    began = time.monotonic()
    line = one_line(generate(tmp_path, nowhere, "model=gpt2"))
    assert time.monotonic() - began < 20
    for part in ("openai-community/gpt2", nowhere, "model=smollm2", "model.pretrained=", str(tmp_path / "hf" / "hub")):
        assert part in line


def test_the_hub_does_not_have_it(tmp_path: Path, hub: str) -> None:
    line = one_line(generate(tmp_path, hub, "model=gpt2", "model.pretrained=nobody/nothing"))
    assert line.startswith("error: model=nothing: the hub did not give nobody/nothing: ")
    assert "check the name" in line


def test_whether_the_hub_is_reachable(monkeypatch: pytest.MonkeyPatch, nowhere: str) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", nowhere)
    assert not hub_is_reachable()
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert hub_is_reachable()  # behind a proxy, only the proxy knows
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert not hub_is_reachable()
