"""Progress on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")

_BAR_WIDTH = 24
_TERMINAL_EVERY_S, _LOG_EVERY_S = 0.1, 15.0


class Progress:
    """Writes what goes on; silent where `quiet`."""

    def __init__(self, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._quiet = quiet
        self._terminal = self._stream.isatty()

    def say(self, line: str) -> None:
        """Write one line."""
        if not self._quiet:
            clear = "\r\x1b[K" if self._terminal else ""
            print(f"{clear}{line}", file=self._stream, flush=True)

    def track(self, items: Iterable[T], total: int, title: str) -> Iterator[T]:
        """Pass `items` through while showing how far they are."""
        started = shown = time.monotonic()
        for done, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if now - shown >= (_TERMINAL_EVERY_S if self._terminal else _LOG_EVERY_S):
                shown = now
                self._show(title, done, total, now - started)
        if self._terminal and not self._quiet:
            print("\r\x1b[K", end="", file=self._stream, flush=True)

    def _show(self, title: str, done: int, total: int, elapsed_s: float) -> None:
        if self._quiet:
            return
        left = f"{elapsed_s / done * (total - done):.0f} s left"
        if not self._terminal:
            print(f"{title}: {done} of {total}, {left}", file=self._stream, flush=True)
            return
        full = _BAR_WIDTH * done // total
        bar = "#" * full + "-" * (_BAR_WIDTH - full)
        print(f"\r\x1b[K{title} [{bar}] {done}/{total}, {left}", end="", file=self._stream)
        self._stream.flush()
