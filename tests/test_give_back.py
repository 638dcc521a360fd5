"""Memory that the allocator keeps is given back when it has grown, and only then."""

import platform
import subprocess
import sys

import pytest

CODE = """
import psutil, torch
from lyric_lm.callbacks.memory import GiveBack
from lyric_lm.hardware import keep_freed_memory

def held():
    return psutil.Process().memory_info().rss

keep_freed_memory()
torch.ones(2)
callback = GiveBack()
callback.on_train_start(None, None)
callback.on_train_batch_end()
before = held()
{grow}
free = held() - before
callback.on_train_batch_end()
print(free, held() - before)
"""
# What is left in between keeps the allocator from returning the rest by itself.
GROW = """
large, small = [], []
for _ in range(40):
    large.append(torch.ones({size} * 250))
    small.append(torch.ones(100))
del large
"""


def run(size: int) -> tuple[int, int]:
    """Free 40 times so many kilobytes; return what the process held more than before, then, and after the callback."""
    code = CODE.format(grow=GROW.format(size=size))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    free, left = map(int, done.stdout.split())
    return free, left


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators keep nothing back")
def test_what_is_free_is_given_back_once_it_has_grown() -> None:
    free, left = run(size=10_000)
    assert free > 350e6
    assert left < 50e6


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators keep nothing back")
def test_a_little_is_kept_for_the_next_step() -> None:
    free, left = run(size=500)  # less than a tenth; much less may have been free before
    assert left == pytest.approx(free, abs=2e6)
    assert free > 5e6
