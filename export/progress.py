"""One line of progress on standard error."""

import sys
import threading
import time

_WIDTH = 24
# How often a long step may tell how far it is.
_TELL_EVERY_S = 2.0


class Progress:
    """Counts steps of known number; a bar on a terminal, plain lines elsewhere.

    Safe to call from several threads.
    """

    def __init__(self, total: int, *, enabled: bool = True) -> None:
        self._total = total
        self._done = 0
        self._enabled = enabled
        self._is_terminal = sys.stderr.isatty()
        self._started_s = time.monotonic()
        self._told_s = self._started_s
        self._lock = threading.Lock()

    def announce(self, what: str) -> None:
        """Say what is being done now."""
        with self._lock:
            self._write(what)

    def tell(self, what: str) -> None:
        """Say how far a step is; what comes sooner than every two seconds is left out."""
        with self._lock:
            if time.monotonic() - self._told_s >= _TELL_EVERY_S:
                self._write(what)

    def advance(self, what: str) -> None:
        """Say what has just been done."""
        with self._lock:
            self._done += 1
            self._write(what)

    def finish(self) -> None:
        """Leave the terminal on a fresh line."""
        if self._enabled and self._is_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _write(self, what: str) -> None:
        if not self._enabled:
            return
        self._told_s = time.monotonic()
        elapsed_s = self._told_s - self._started_s
        filled = _WIDTH * self._done // max(1, self._total)
        line = f"{'█' * filled}{'·' * (_WIDTH - filled)} {self._done:>2}/{self._total} "
        line += f"{elapsed_s:4.0f} s  {what}"
        sys.stderr.write(f"\r\x1b[K{line[:110]}" if self._is_terminal else f"{line}\n")
        sys.stderr.flush()
