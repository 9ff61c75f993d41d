"""Keep one process tree together: ends everything below it when it is told to end.

A server on an emulated board starts services that leave its process group; without a namespace for
processes they would outlive it. This program adopts such orphans and ends them with itself.

Standard library only, and no import of its neighbours: it is started by path.
"""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _list_descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parent = int(text.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _end_all(*_: object) -> None:
    for _round in range(3):  # what forks meanwhile is found in the next round
        for process in _list_descendants():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
    os._exit(0)


def main() -> None:
    """Start the command, wait for its end or for a signal, leave nothing behind."""
    signal.signal(signal.SIGTERM, _end_all)
    signal.signal(signal.SIGINT, _end_all)
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    process = subprocess.Popen(sys.argv[1:])
    while process.poll() is None:
        # Orphans that were adopted are waited for as well, or they stay as zombies.
        done, status = os.waitpid(-1, 0)
        if done == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
    _end_all()


if __name__ == "__main__":
    main()
