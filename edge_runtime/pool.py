"""Sessions shared between threads: each belongs to one thread at a time, a fork gets its own.

An interpreter is not thread-safe, but several run in parallel because invoking releases the
interpreter lock of Python. After a fork the child must not touch what the parent opened (a
runtime's worker threads do not survive a fork), so the child's first call opens anew.
"""

import os
import threading
import weakref
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edge_runtime.backends.protocol import Session
from edge_runtime.errors import ClosedError
from edge_runtime.quantization import build_decoder, build_encoder

Pixels = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.float32]

# Pictures that one thread takes at a time from a large batch: enough to make handing out work
# cheap, few enough that all threads end together.
PART = 128


class Runner:
    """One session with its conversions: raw pixels in, real scores out."""

    __slots__ = ("close", "score")

    def __init__(self, session: Session) -> None:
        source, target = session.input, session.output
        one = (1, *source.shape[1:])
        encode = build_encoder(source.dtype, source.scale, source.zero_point, one)
        decode = build_decoder(target.dtype, target.scale, target.zero_point)
        invoke = session.invoke

        def score(pixels: Pixels) -> Scores:
            return decode(invoke(encode(pixels)))

        self.score = score
        self.close = session.close


class RunnerPool:
    """Up to `limit` runners, opened as they are needed."""

    def __init__(self, open_session: Callable[[], Session], limit: int) -> None:
        self.limit = limit
        self._open_session = open_session
        self._closed = False
        self._reset()
        _POOLS.add(self)

    def _reset(self) -> None:
        # Taking from and giving back to a list are single steps under the interpreter lock and
        # cost a tenth of what a lock costs; the condition serves only those who must wait.
        self._idle: list[Runner] = []
        self._opened = 0
        self._waiting = 0
        self._changed = threading.Condition()

    def add(self, session: Session) -> None:
        """Take in a session that is already open."""
        self._opened += 1
        self._idle.append(Runner(session))

    def score(self, pixels: Pixels) -> Scores:
        """Run a whole batch on one runner: uint8 (N, H, W, C) to float32 (N, classes)."""
        try:
            runner = self._idle.pop()
        except IndexError:
            runner = self._wait()
        try:
            return runner.score(pixels)
        finally:
            self._idle.append(runner)
            if self._waiting:
                self._wake()

    def score_in_parallel(self, pixels: Pixels, classes: int) -> Scores:
        """Run a large batch on all runners at once; see `score`."""
        scores = np.empty((len(pixels), classes), np.float32)
        starts = iter(range(0, len(pixels), PART))
        failures: list[BaseException] = []

        def work() -> None:
            try:
                # A range's iterator is shared safely: next() is one step.
                for start in starts:
                    scores[start : start + PART] = self.score(pixels[start : start + PART])
                    if failures:
                        return
            except BaseException as error:
                failures.append(error)

        helpers = [threading.Thread(target=work, daemon=True) for _ in range(self.limit - 1)]
        for helper in helpers:
            helper.start()
        work()
        for helper in helpers:
            helper.join()
        if failures:
            raise failures[0]
        return scores

    def _wait(self) -> Runner:
        with self._changed:
            self._waiting += 1
            try:
                while True:
                    if self._closed:
                        raise ClosedError("this classifier is closed; load it again")
                    # Looked at after _waiting was raised: whoever gives a runner back from now on
                    # sees that somebody waits.
                    if self._idle:
                        return self._idle.pop()
                    if self._opened < self.limit:
                        break
                    self._changed.wait()
                self._opened += 1
            finally:
                self._waiting -= 1
        try:
            return Runner(self._open_session())
        except BaseException:
            with self._changed:
                self._opened -= 1
            raise

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        """Refuse new calls, wait for those under way, and let go of all sessions."""
        with self._changed:
            self._closed = True
            self._waiting += 1
            try:
                self._changed.notify_all()
                while self._opened:
                    while self._idle:
                        self._idle.pop().close()
                        self._opened -= 1
                    if self._opened:
                        self._changed.wait()
            finally:
                self._waiting -= 1


_POOLS: "weakref.WeakSet[RunnerPool]" = weakref.WeakSet()


def _start_anew_after_fork() -> None:
    for pool in tuple(_POOLS):
        # The parent's runners are kept alive, unused: freeing them could wait for threads that
        # do not exist in this process.
        _LEFT_BEHIND.append(pool._idle)
        pool._reset()


_LEFT_BEHIND: list[list[Runner]] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew_after_fork)
