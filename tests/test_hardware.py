import subprocess
import sys

import numpy as np
import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's figure is the process's own")
def test_the_most_memory_in_use_is_the_process_own() -> None:
    large = np.ones(2**27)  # a gigabyte, in the process that starts the other
    code = "from lyric_lm.hardware import peak_memory_bytes; print(peak_memory_bytes())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 2**26 < int(done.stdout) < 2**30
    assert large.nbytes == 2**30
