"""Train in several processes: start the others of this machine, or meet those that torchrun started; end together.

The first process is the command itself (rank 0). The others get what they need as plain objects, so no argument is read
twice; they write nothing. On one machine the first process starts them. On several, torchrun starts all of them, and
those that are not the first wait to be told (``follow``).
"""

import datetime
import logging
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import torch

from lyric_lm.errors import InputError, Interrupted, NotFinite
from lyric_lm.hardware import device_of
from lyric_lm.jobs import is_launched

STRATEGIES = ("auto", "ddp", "fsdp")
# The first process writes songs while the others wait for it.
PATIENCE = datetime.timedelta(hours=3)

_SECONDS_TO_END = 60.0  # for the other processes, once the first one is done


def backend_of(device: str) -> str:
    """Return what processes talk through, as torch names it: gloo between CPUs, NCCL between GPUs."""
    return "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"


def n_processes(trainer: dict[str, Any]) -> int:
    """Return how many processes the ``trainer`` settings ask for.

    >>> n_processes({"devices": 2, "num_nodes": 1, "strategy": "auto", "accelerator": "cpu"})
    2

    Raises:
        InputError: they cannot be had, or it is not shown that training is exact that way.
    """
    devices, strategy, device = trainer["devices"], trainer["strategy"], device_of(trainer["accelerator"])
    if strategy not in STRATEGIES:
        raise InputError(f"trainer.strategy={strategy} is not known to be exact; allowed: {', '.join(STRATEGIES)}")
    if is_launched():
        return int(os.environ["WORLD_SIZE"])
    if trainer["num_nodes"] != 1:
        raise InputError(
            f"trainer.num_nodes={trainer['num_nodes']}: on several machines, torchrun starts the processes and says "
            "how many there are (docs/many_devices.md); leave it at 1"
        )
    if devices in (1, "1", [0]):
        return 1
    if devices == "auto":
        if device == "cuda":
            return torch.cuda.device_count()
        if strategy == "auto":
            return 1
        raise InputError(
            f"trainer.strategy={strategy} with trainer.devices=auto takes all GPUs, and there is none; set "
            "trainer.devices=2 for two processes on this machine's cores"
        )
    if not str(devices).isdigit() or int(devices) < 1:
        raise InputError(f"trainer.devices={devices} is not a number of processes; set trainer.devices=1 or more")
    if device == "mps":
        raise InputError(
            f"trainer.devices={devices}: a Mac has one GPU; set trainer.devices=1, or trainer.accelerator=cpu"
        )
    if device == "cuda" and int(devices) > torch.cuda.device_count():
        raise InputError(
            f"trainer.devices={devices}: there are {torch.cuda.device_count()} GPUs; set at most that many"
        )
    return int(devices)


def is_shared_out(trainer: dict[str, Any]) -> bool:
    """Tell whether the ``trainer`` settings mean a model in shards, of which a process holds one.

    Weights are then put together and let go again, layer by layer: what is freed should not be kept.
    """
    return trainer["strategy"] == "fsdp" and n_processes(trainer) > 1


@contextmanager
def others(world_size: int, device: str, task: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """Run ``task(*arguments, rank, is_ready)`` in ``world_size - 1`` further processes while the body runs as rank 0.

    The body begins when every task has called ``is_ready()``. What a task raises is raised here, unless the body has
    failed by itself; when the body fails, the tasks are ended. Processes of torchrun's are told what to do instead, and
    torchrun ends them all when one fails. On CPUs, the processes share the threads.

    Args:
        world_size: how many processes there are.
        device: ``cpu`` or ``cuda``.
    """
    if world_size == 1:
        yield
        return
    if is_launched():
        try:
            _meet()
            torch.distributed.broadcast_object_list([(task, arguments)])
            yield
        finally:
            if torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()
        return
    context = multiprocessing.get_context("spawn")
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port()), "LOCAL_RANK": "0"}
    before = {name: os.environ.get(name) for name in meeting}
    os.environ |= meeting
    processes, reports = [], []
    n_threads = torch.get_num_threads()
    each = max(1, n_threads // world_size) if device == "cpu" else n_threads
    try:
        torch.set_num_threads(each)
        for rank in range(1, world_size):
            os.environ["LOCAL_RANK"] = str(rank)  # read by Lightning when it is imported
            report, sender = context.Pipe(duplex=False)
            process = context.Process(target=_other, args=(sender, task, arguments, rank, each), daemon=True)
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
        torch.set_num_threads(n_threads)
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


def _other(
    sender: Connection, task: Callable[..., None], arguments: tuple[Any, ...], rank: int, n_threads: int
) -> None:
    """Be another process: run the task, silently, and report what it raises."""
    _be_quiet()
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    torch.set_num_threads(n_threads)
    try:
        task(*arguments, rank, lambda: sender.send_bytes(pickle.dumps(None)))
    except (NotFinite, Interrupted):
        return  # all processes decided so
    except (InputError, OSError) as error:
        sender.send_bytes(pickle.dumps(error))
    except BaseException:
        sender.send_bytes(pickle.dumps(RuntimeError(f"process {rank} of this run failed:\n{traceback.format_exc()}")))


def follow() -> NoReturn:
    """Be a process that torchrun has started beside the first one: wait to be told what to do, do it, and exit."""
    _be_quiet()
    _meet()
    told: list[Any] = [None]
    torch.distributed.broadcast_object_list(told)
    task, arguments = told[0]
    try:
        task(*arguments, int(os.environ["RANK"]), lambda: None)
    except (NotFinite, Interrupted):
        sys.exit(0)  # all processes decided so, and the first one says it
    except (InputError, OSError) as error:
        print(f"error: process {os.environ['RANK']} on {socket.gethostname()}: {error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


def _meet() -> None:
    """Join the processes that torchrun has started; which device they train on is not known to all of them yet."""
    has_gpu = torch.cuda.is_available()
    if has_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.distributed.init_process_group(backend_of("cuda" if has_gpu else "cpu"), timeout=PATIENCE)


def _be_quiet() -> None:
    """Leave it to the first process to speak, and to decide, for all at the same step."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def _end_with_the_first() -> None:
    first = multiprocessing.parent_process()
    assert first is not None
    first.join()
    os._exit(1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
