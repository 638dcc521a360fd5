"""Is the Hugging Face hub there? One question, answered before anything is asked of it."""

import os
import socket
from urllib.parse import urlsplit

import huggingface_hub.constants


def hub_is_reachable() -> bool:
    """Say whether the hub answers, in a moment; the hub library itself would retry for half a minute."""
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        return False
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")):
        return True  # only the proxy can know
    address = urlsplit(huggingface_hub.constants.ENDPOINT)
    try:
        port = address.port or (80 if address.scheme == "http" else 443)
        socket.create_connection((address.hostname or "", port), timeout=5).close()
    except OSError:
        return False
    return True
