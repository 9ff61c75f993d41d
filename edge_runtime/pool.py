"""Sessions shared between threads: each belongs to one thread at a time, a fork gets its own.

An interpreter is not thread-safe, but several run in parallel because invoking releases the
interpreter lock of Python. After a fork the child must not touch what the parent opened (a
runtime's worker threads do not survive a fork), so the child's first call opens anew. A child
that has onnxruntime loaded should end by ``os._exit``, as those of multiprocessing do: what the
library does at a normal exit waits for its lost threads forever (1.31, with or without us).
"""

import os
import threading
import weakref
from collections.abc import Callable

import numpy as np

from edge_runtime.backends.protocol import Session
from edge_runtime.errors import ClosedError
from edge_runtime.scoring import Pixels, Score, Scores, build_scorer

# Pictures that one thread takes at a time from a large batch: enough to make handing out work
# cheap, few enough that all threads end together.
PART = 128
# An interrupt may hit a thread just between giving a runner back and waking whoever waits for it;
# so those who wait also look for themselves now and then.
_LOOK_AGAIN_S = 0.5


class Runner:
    """One session as a scorer, or the place that is kept for one while it is opened."""

    __slots__ = ("__weakref__", "close", "score")

    score: Score
    close: Callable[[], None]

    def attach(self, session: Session) -> None:
        """Fill the place."""
        self.score, self.close = build_scorer(session), session.close


class RunnerPool:
    """Up to `limit` runners, opened as they are needed.

    Attributes:
        limit: Most runners.
        least_parallel: Pictures in the smallest batch that `score_in_parallel` is worth.
    """

    least_parallel = 2 * PART

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
        # All there are, idle or not. Weak, so that one which an interrupt tore from the call that
        # had just taken it counts no longer, and `close` does not wait for it.
        self._open: weakref.WeakSet[Runner] = weakref.WeakSet()
        self._waiting = 0
        self._changed = threading.Condition()

    def add(self, session: Session) -> None:
        """Take in a session that is already open."""
        runner = Runner()
        runner.attach(session)
        self._open.add(runner)
        self._idle.append(runner)

    def score(self, pixels: Pixels) -> Scores:
        """Run a whole batch on one runner: uint8 (N, H, W, C) to float32 (N, classes)."""
        try:
            runner = self._idle.pop()
        except IndexError:
            runner = self._wait()
        try:
            score = runner.score
            scores = score(pixels)
        except BaseException:
            # It may have been stopped halfway, such as between resizing and allocating: the next
            # call gets a fresh one.
            self._forget(runner)
            runner.close()
            raise
        self._idle.append(runner)
        if self._waiting:
            self._wake()
        return scores

    def score_in_parallel(self, pixels: Pixels, classes: int) -> Scores:
        """Run a large batch on all runners at once, where the limit is 2 or more; see `score`."""
        # Imported here: it brings logging along, which most programs on a device never need.
        from concurrent.futures import ThreadPoolExecutor

        scores = np.empty((len(pixels), classes), np.float32)
        starts = iter(range(0, len(pixels), PART))

        def work() -> None:
            try:
                # A range's iterator is shared safely: next() is one step.
                for start in starts:
                    scores[start : start + PART] = self.score(pixels[start : start + PART])
            except BaseException:
                for _ in starts:  # So that nobody begins another part of what has failed.
                    pass
                raise

        with ThreadPoolExecutor(self.limit - 1, "edge-runtime-batch") as helpers:
            others = [helpers.submit(work) for _ in range(self.limit - 1)]
            work()
        for other in others:
            other.result()
        return scores

    def _wait(self) -> Runner:
        fresh = Runner()
        try:
            runner = self._await_turn(fresh)
            if runner is fresh:
                fresh.attach(self._open_session())
        except BaseException:
            self._forget(fresh)
            raise
        return runner

    def _await_turn(self, fresh: Runner) -> Runner:
        """Wait for an idle runner, or for a place for the `fresh` one; the lock is not kept."""
        with self._changed:
            self._waiting += 1
            try:
                while True:
                    if self._closed:
                        raise ClosedError("this classifier is closed; load it again")
                    # Looked at after _waiting was raised: whoever gives a runner back from now on
                    # sees that somebody waits.
                    if (idle := self._take_idle()) is not None:
                        return idle
                    if len(self._open) < self.limit:
                        self._open.add(fresh)
                        return fresh
                    self._changed.wait(_LOOK_AGAIN_S)
            finally:
                self._waiting -= 1

    def _take_idle(self) -> Runner | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None  # Calls take them without the lock, so looking first would prove nothing.

    def _forget(self, runner: Runner) -> None:
        with self._changed:
            self._open.discard(runner)
            self._changed.notify_all()

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
                while self._open:
                    while (idle := self._take_idle()) is not None:
                        self._open.discard(idle)
                        idle.close()
                    if self._open:
                        self._changed.wait(_LOOK_AGAIN_S)
            finally:
                self._waiting -= 1
                self._changed.notify_all()


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
