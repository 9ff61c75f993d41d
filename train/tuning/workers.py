"""Several worker processes on this machine, under Keras Tuner's own chief."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from train.errors import RunError
from train.progress import Progress

_HOST = "127.0.0.1"
_POLL_S = 0.2
# Keras Tuner's chief looks every 20 seconds whether its workers are done; its state is on disk.
_CHIEF_GRACE_S = 2.0


def run_workers(words: Sequence[str], workers: int, progress: Progress) -> None:
    """Run ``python -m train tune`` once as chief and `workers` times as worker.

    Args:
        words: The command's options, without ``--workers``.
        workers: How many.
        progress: Where progress is shown.

    Raises:
        RunError: A worker, or the chief, ended with an error.
    """
    port = _free_port()
    progress.say(f"Starting a chief on {_HOST}:{port} and {workers} workers")
    chief = _start(words, "chief", port)
    running = {f"worker{i}": _start(words, f"worker{i}", port) for i in range(1, workers + 1)}
    failed = []
    try:
        while running:
            time.sleep(_POLL_S)
            if chief.poll() not in (None, 0):
                raise RunError(f"the chief ended with status {chief.returncode}")
            for name, process in list(running.items()):
                status = process.poll()
                if status is not None:
                    del running[name]
                    failed += [name] if status else []
        _end(chief, _CHIEF_GRACE_S)
    finally:
        for process in (*running.values(), chief):
            _end(process, 0.0)
    if failed:
        raise RunError(
            f"{', '.join(failed)} failed; the other trials are kept, and the same command goes on"
        )


def _start(words: Sequence[str], name: str, port: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "KERASTUNER_TUNER_ID": name,
        "KERASTUNER_ORACLE_IP": _HOST,
        "KERASTUNER_ORACLE_PORT": str(port),
    }
    command = [sys.executable, "-m", "train", "tune", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def _end(process: subprocess.Popen[bytes], grace_s: float) -> None:
    if process.poll() is None:
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
