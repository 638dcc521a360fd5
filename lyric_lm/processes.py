"""Train in several processes of one machine: start the others, and end together whatever happens.

The first process is the command itself (rank 0). The others are started by it with what they need as plain objects,
so no argument is read twice; they write nothing and say nothing.
"""

import logging
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import socket
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import torch

from lyric_lm.errors import InputError, Interrupted, NotFinite
from lyric_lm.hardware import best_device

_SECONDS_TO_END = 60.0  # for the other processes, once the first one is done


def n_processes(trainer: dict[str, Any]) -> int:
    """Return how many processes the ``trainer`` settings ask for.

    >>> n_processes({"devices": 2, "num_nodes": 1, "strategy": "auto", "accelerator": "cpu"})
    2

    Raises:
        InputError: it is not shown that training is exact that way.
    """
    devices, accelerator = trainer["devices"], trainer["accelerator"]
    if trainer["num_nodes"] != 1:
        raise InputError(f"trainer.num_nodes={trainer['num_nodes']}: training runs on one machine; set it to 1")
    if trainer["strategy"] not in ("auto", "ddp"):
        raise InputError(f"trainer.strategy={trainer['strategy']} is not known to be exact; allowed: auto, ddp")
    if devices in (1, "1", [0]):
        return 1
    if not str(devices).isdigit() or int(devices) < 1:
        raise InputError(f"trainer.devices={devices} is not a number of processes; set trainer.devices=1 or more")
    if accelerator != "cpu" and (accelerator != "auto" or best_device() != "cpu"):
        raise InputError(
            f"trainer.devices={devices}: several processes are shown to be exact on CPUs only; set trainer.devices=1, "
            "or trainer.accelerator=cpu"
        )
    return int(devices)


@contextmanager
def others(world_size: int, task: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """Run ``task(*arguments, rank, is_ready)`` in ``world_size - 1`` further processes while the body runs as rank 0.

    The body begins when every task has called ``is_ready()``. What a task raises is raised here, unless the body has
    failed by itself; when the body fails, the tasks are ended.
    """
    if world_size == 1:
        yield
        return
    context = multiprocessing.get_context("spawn")
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port()), "LOCAL_RANK": "0"}
    before = {name: os.environ.get(name) for name in meeting}
    os.environ |= meeting
    processes, reports = [], []
    try:
        for rank in range(1, world_size):
            os.environ["LOCAL_RANK"] = str(rank)  # read by Lightning when it is imported
            report, sender = context.Pipe(duplex=False)
            process = context.Process(target=_other, args=(sender, task, arguments, rank), daemon=True)
            process.start()
            sender.close()
            processes.append(process)
            reports.append(report)
        os.environ["LOCAL_RANK"] = "0"
        for process, report in zip(processes, reports, strict=True):
            multiprocessing.connection.wait([report, process.sentinel])
            _raise_report(process, report)
        try:
            yield
        except (InputError, OSError, Interrupted, KeyboardInterrupt):
            raise
        except Exception:  # perhaps only that the connection to another process broke: its own report says why
            for process, report in zip(processes, reports, strict=True):
                process.join(5)
                _raise_report(process, report)
            raise
        for process, report in zip(processes, reports, strict=True):
            process.join(_SECONDS_TO_END)
            _raise_report(process, report)
    finally:
        for process in processes:
            process.kill()
            process.join()
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ |= {name: value} if value is not None else {}


def _raise_report(process: Any, report: Connection) -> None:
    """Raise what another process had to tell, or that it is gone without a word; return where it is well."""
    try:
        error = pickle.loads(report.recv_bytes()) if report.poll() else None
    except EOFError:
        error = None
    if error is not None:
        raise error
    if process.exitcode:
        raise OSError(f"another process of this run ended by itself with exit status {process.exitcode}")


def _other(sender: Connection, task: Callable[..., None], arguments: tuple[Any, ...], rank: int) -> None:
    """Be another process: run the task, silently, and report what it raises."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the first process decides, for all at the same step
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    try:
        task(*arguments, rank, lambda: sender.send_bytes(pickle.dumps(None)))
    except (NotFinite, Interrupted):
        return  # all processes decided so
    except (InputError, OSError) as error:
        sender.send_bytes(pickle.dumps(error))
    except BaseException:
        sender.send_bytes(pickle.dumps(RuntimeError(f"process {rank} of this run failed:\n{traceback.format_exc()}")))


def _end_with_the_first() -> None:
    first = multiprocessing.parent_process()
    assert first is not None
    first.join()
    os._exit(1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
