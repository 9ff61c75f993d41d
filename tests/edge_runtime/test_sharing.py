"""One classifier under threads, forks, failures and interrupts.

What a thread meets in the middle of a call is staged: `Stage` stands in for the session's work and
holds or fails the calls that a test names.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge_runtime import ArtifactError, Classifier, ClosedError
from edge_runtime.backends import fake
from edge_runtime.backends.fake import FakeSession

# Only for a failing test: so that it ends at all.
PATIENCE_S = 60

LoadOn = Callable[[int], Classifier]
Work = Callable[[], None]


class Stage:
    """What happens inside sessions: how many there are, and what a test lets happen there."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.closed: list[FakeSession] = []
        self.opening: Work = _do_nothing
        self.invoking: Work = _do_nothing
        self.busy: set[FakeSession] = set()
        self.shared: list[FakeSession] = []


def _do_nothing() -> None: ...


class Gate:
    """Holds the threads that come through it until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.opened.wait(PATIENCE_S)


def once(work: Work) -> Work:
    """The first call does `work`, the later ones nothing."""
    left = [work]
    return lambda: left.pop()() if left else None


def failing(error: BaseException) -> Work:
    def fail() -> None:
        raise error

    return fail


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage()

    class StagedSession(FakeSession):
        def __init__(self, *arguments: Any) -> None:
            if stage.sessions:
                stage.opening()
            super().__init__(*arguments)
            stage.sessions.append(self)

        def invoke(self, batch: npt.NDArray[Any], /) -> npt.NDArray[Any]:
            if self in stage.busy:
                stage.shared.append(self)
            stage.busy.add(self)
            try:
                stage.invoking()
                return super().invoke(batch)
            finally:
                stage.busy.discard(self)

        def close(self) -> None:
            stage.closed.append(self)
            super().close()

    monkeypatch.setattr(fake, "FakeSession", StagedSession)
    return stage


@pytest.fixture
def load_on(
    stage: Stage, write_artifact: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> LoadOn:
    def load(cores: int) -> Classifier:
        monkeypatch.setattr("edge_runtime.loading.count_usable_cores", lambda: cores)
        return Classifier.load(write_artifact(), backend="fake")

    return load


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def grey(level: int, count: int = 1) -> npt.NDArray[np.uint8]:
    return np.full((count, 28, 28, 1), level, np.uint8)


def ask(classifier: Classifier, level: int = 255) -> int:
    return int(classifier.scores(grey(level)).argmax())


def result_of(future: "Future[Any]") -> Any:
    return future.result(PATIENCE_S)


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_eight_threads_get_what_one_gets(
    cores: int, load_on: LoadOn, stage: Stage, threads: ThreadPoolExecutor
) -> None:
    levels = [level for level in range(0, 256, 5) for _ in range(8)]
    classifier = load_on(cores)
    serial = [classifier.classify(grey(level)[0]).predictions for level in levels]
    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # Threads take turns as often as they can.
    try:
        together = list(threads.map(lambda x: classifier.classify(grey(x)[0]).predictions, levels))
    finally:
        sys.setswitchinterval(often)
    assert together == serial
    assert stage.shared == []
    assert len(stage.sessions) <= cores


def test_closing_waits_for_the_call_under_way(
    load_on: LoadOn, stage: Stage, threads: ThreadPoolExecutor
) -> None:
    classifier = load_on(1)
    gate = stage.invoking = Gate()
    answer = threads.submit(ask, classifier)
    assert gate.reached.wait(PATIENCE_S)
    closers = [threads.submit(classifier.close) for _ in range(3)]
    with pytest.raises(ClosedError):
        ask(classifier)
    assert not any(closer.done() for closer in closers)
    assert stage.closed == []
    gate.opened.set()
    assert result_of(answer) == 3
    for closer in closers:
        result_of(closer)
    assert stage.closed == stage.sessions


def test_whoever_waits_for_a_session_is_told_that_it_closed(
    load_on: LoadOn, stage: Stage, threads: ThreadPoolExecutor
) -> None:
    classifier = load_on(1)
    gate = stage.invoking = Gate()
    first = threads.submit(ask, classifier)
    assert gate.reached.wait(PATIENCE_S)
    waiting = [threads.submit(ask, classifier) for _ in range(3)]
    closer = threads.submit(classifier.close)
    for future in waiting:
        with pytest.raises(ClosedError):
            result_of(future)
    gate.opened.set()
    assert result_of(first) == 3
    result_of(closer)


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_a_session_that_was_stopped_halfway_is_not_used_again(
    error: BaseException, load_on: LoadOn, stage: Stage
) -> None:
    classifier = load_on(1)
    stage.invoking = once(failing(error))
    with pytest.raises(type(error)):
        ask(classifier)
    assert stage.closed == stage.sessions
    assert ask(classifier) == 3
    assert len(stage.sessions) == 2
    classifier.close()
    assert stage.closed == stage.sessions


def test_an_interrupt_leaves_the_block_without_hanging(load_on: LoadOn, stage: Stage) -> None:
    stage.invoking = failing(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt), load_on(2) as classifier:
        ask(classifier)


def test_closing_does_not_wait_for_what_an_interrupt_tore_away(load_on: LoadOn) -> None:
    class Interrupted(list[Any]):
        def pop(self, *_: Any) -> Any:
            super().pop()
            raise KeyboardInterrupt

    classifier = load_on(1)
    pool = classifier._pool
    pool._idle = Interrupted(pool._idle)
    with pytest.raises(KeyboardInterrupt):
        ask(classifier)
    pool._idle = []
    assert ask(classifier) == 3
    classifier.close()


def test_a_wake_up_lost_to_an_interrupt_delays_and_does_not_hang(
    load_on: LoadOn, stage: Stage, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = load_on(1)
    monkeypatch.setattr("edge_runtime.pool._LOOK_AGAIN_S", 0.001)
    monkeypatch.setattr(classifier._pool, "_wake", _do_nothing)
    assert list(threads.map(lambda _: ask(classifier), range(40))) == [3] * 40


def test_a_failed_opening_makes_room_for_the_next(
    load_on: LoadOn, stage: Stage, threads: ThreadPoolExecutor
) -> None:
    classifier = load_on(2)
    held, opening = Gate(), Gate()
    stage.invoking = once(held)
    first = threads.submit(ask, classifier)
    assert held.reached.wait(PATIENCE_S)

    def fail_late() -> None:
        opening()
        raise ArtifactError("the file is gone")

    stage.opening = once(fail_late)
    second = threads.submit(ask, classifier)
    assert opening.reached.wait(PATIENCE_S)
    third = threads.submit(ask, classifier)  # Both places are taken: it waits.
    opening.opened.set()
    with pytest.raises(ArtifactError):
        result_of(second)
    assert result_of(third) == 3
    held.opened.set()
    assert result_of(first) == 3
    classifier.close()
    assert sorted(map(id, stage.closed)) == sorted(map(id, stage.sessions))


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_a_large_batch_that_fails_raises_and_does_no_harm(
    error: BaseException, load_on: LoadOn, stage: Stage
) -> None:
    classifier = load_on(4)
    stage.invoking = once(failing(error))
    with pytest.raises(type(error)):
        classifier.scores(grey(255, 2000))
    batch = np.concatenate([grey(level, 8) for level in range(256)])
    singles = [ask(classifier, level) for level in range(256) for _ in range(8)]
    assert classifier.scores(batch).argmax(axis=1).tolist() == singles
    classifier.close()
    assert sorted(map(id, stage.closed)) == sorted(map(id, stage.sessions))


def test_large_batches_from_many_threads_all_end(
    load_on: LoadOn, stage: Stage, threads: ThreadPoolExecutor
) -> None:
    classifier = load_on(2)
    levels = [0, 80, 160, 255] * 2
    answers = threads.map(lambda x: set(classifier.scores(grey(x, 600)).argmax(axis=1)), levels)
    assert list(answers) == [{0}, {1}, {2}, {3}] * 2
    assert stage.shared == []
    assert len(stage.sessions) <= 2


def test_a_fork_amid_calls_of_other_threads_answers_and_closes(
    load_on: LoadOn, stage: Stage, threads: ThreadPoolExecutor
) -> None:
    classifier = load_on(1)
    gate = stage.invoking = Gate()
    futures = [threads.submit(ask, classifier) for _ in range(3)]  # One runs, two wait for it.
    assert gate.reached.wait(PATIENCE_S)
    with warnings.catch_warnings():
        # Newer Pythons warn of just what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        stage.invoking = _do_nothing
        answer = ask(classifier)
        classifier.close()
        os._exit(answer)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    gate.opened.set()
    assert [result_of(future) for future in futures] == [3, 3, 3]
    assert len(stage.sessions) == 1
