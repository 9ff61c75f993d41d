"""Ending a command that runs until it is told to stop, between two pictures."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Stopped(BaseException):
    """Leaves a wait; never seen outside of this module."""


class StopRequest:
    """Takes SIGINT and SIGTERM as the wish to end.

        with StopRequest() as stop:
            while True:
                with stop.waiting():
                    picture = wait_for_picture()
                report(picture)

    A signal breaks off what is inside ``waiting()``, or the next such block if none is running, and
    leaves the outer block without an exception: a line is never half written.
    """

    def __init__(self) -> None:
        self._requested = False
        self._waiting = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Only a program's main thread may set handlers; elsewhere signals are not ours.
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        return isinstance(error, _Stopped)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """What is inside may be broken off."""
        self._waiting = True
        try:
            # Asked after the mark is set: a signal between the two is not lost.
            if self._requested:
                raise _Stopped
            yield
        finally:
            self._waiting = False

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the seam's
        self._requested = True
        if self._waiting:
            self._waiting = False
            raise _Stopped
