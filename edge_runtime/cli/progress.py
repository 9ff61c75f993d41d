"""A line of progress on standard error; standard output stays clean for results."""

import sys
import time
from collections.abc import Callable

from edge_runtime.cli.plain_output import clear_line

_WIDTH = 28
# How often the bar moves on a terminal, and how often a line is written where there is none.
_REDRAW_S, _TELL_S = 0.1, 5.0
_TITLES = {
    "evaluate": "answering pictures",
    "accuracy": "answering all pictures",
    "latency": "timing, fresh processes",
    "repeating": "repeating disturbed ones",
}


class ProgressLine:
    """Draws a bar on a terminal, and a line every few seconds where there is none."""

    def __init__(
        self,
        after_s: float = 0.0,
        *,
        on_terminals_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Stay silent on a stage until it has taken `after_s` seconds."""
        self._after_s = after_s
        self._clock = clock
        # Looked up now: a command's standard error is another one than the interpreter's.
        self._stream = sys.stderr
        self._live = self._stream.isatty()
        self._silent = on_terminals_only and not self._live
        self._shown = False
        self._stage = ""
        self._started = self._told = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that `done` of `total` steps of a stage are done."""
        now = self._clock()
        if stage != self._stage or not done:
            self._stage, self._started, self._told = stage, now, 0.0
            self._shown = not self._after_s
        self._shown = self._shown or (now - self._started >= self._after_s and done < total)
        if not self._shown or not total or self._silent:
            return
        if done == total or now - self._told > (_REDRAW_S if self._live else _TELL_S):
            self._told = now
            self._draw(done, total, now - self._started)

    def hide(self) -> None:
        """Clear the line, so that a result or a message can stand there."""
        if self._live and self._shown:
            clear_line(self._stream)
            self._stream.flush()
            self._told = 0.0

    def _draw(self, done: int, total: int, elapsed_s: float) -> None:
        filled = _WIDTH * done // total
        left_s = elapsed_s / done * (total - done) if done else 0.0
        time_text = f"{elapsed_s:.0f} s" if done == total or not done else f"{left_s:.0f} s left"
        title = _TITLES.get(self._stage, self._stage)
        text = f"{title:24} [{'█' * filled}{'·' * (_WIDTH - filled)}] {done}/{total}  {time_text}"
        if self._live:
            clear_line(self._stream)
        end = "" if self._live and done < total else "\n"
        print(text, end=end, file=self._stream, flush=True)
