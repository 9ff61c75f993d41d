"""How far a longer command is, on standard error."""

import sys
import time
from collections.abc import Callable

# What is done sooner needs no bar.
_PATIENCE_S = 2.0
_EVERY_S = 0.1
_WIDTH = 24


class ProgressLine:
    """A bar that appears after two seconds, on a terminal only."""

    def __init__(self, total: int, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._what, self._clock = total, what, clock
        self._stream = sys.stderr
        self._live = self._stream.isatty()
        self._started = clock()
        self._next_draw = self._started + _PATIENCE_S
        self._done = 0
        self._shown = False

    def advance(self) -> None:
        """One more is done."""
        self._done += 1
        now = self._clock()
        if self._live and now >= self._next_draw and self._done < self._total:
            self._next_draw = now + _EVERY_S
            self._draw(now - self._started)

    def hide(self) -> None:
        """Clear the line, so that a result or message can stand there."""
        if self._shown:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
            self._shown, self._next_draw = False, self._clock()

    def _draw(self, elapsed_s: float) -> None:
        full = _WIDTH * self._done // self._total
        left_s = elapsed_s / self._done * (self._total - self._done)
        print(
            f"\r\x1b[K[{'#' * full}{'-' * (_WIDTH - full)}] {self._done} of {self._total} "
            f"{self._what}, {left_s:.0f} s left",
            end="",
            file=self._stream,
            flush=True,
        )
        self._shown = True
