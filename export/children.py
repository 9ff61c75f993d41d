"""Child processes that end together, at once, when an export is interrupted."""

import subprocess
import threading
from collections.abc import Mapping, Sequence


class Children:
    """Runs child processes from several threads; `stop` ends all that are running.

    Ctrl-C reaches a terminal's whole process group, but a polite kill reaches this process alone:
    without this, it would wait for minutes for children that nobody asks any more.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one child to its end and capture what it says.

        Raises:
            subprocess.TimeoutExpired: It took longer than `timeout_s` seconds and was killed.
        """
        with self._lock:
            if self._is_stopped:
                raise KeyboardInterrupt
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environment),
            )
            self._running.add(child)
        try:
            output, errors = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise
        finally:
            with self._lock:
                self._running.discard(child)
        return subprocess.CompletedProcess(command, child.returncode, output, errors)

    def stop(self) -> None:
        """Kill the children that are running, and let no other start."""
        with self._lock:
            self._is_stopped = True
            for child in self._running:
                child.kill()
