"""The timing loops with a clock that only moves when told."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from edge_runtime.measurement.timing import (
    Effort,
    measure_harness_cost,
    measure_offline,
    measure_single_stream,
    measure_yardstick,
)

PICTURES = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2, 1)


class FakeClock:
    """Nanoseconds that pass when an answer is given, and `tick_ns` at every look."""

    def __init__(self, tick_ns: int = 0) -> None:
        self.now_ns = 0
        self._tick_ns = tick_ns

    def __call__(self) -> int:
        self.now_ns += self._tick_ns
        return self.now_ns


def build_answer(
    clock: FakeClock, durations_ns: Callable[[int], int]
) -> tuple[Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]], list[int]]:
    asked: list[int] = []

    def answer(batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        clock.now_ns += durations_ns(len(asked)) * len(batch)
        asked.append(int(batch[0, 0, 0, 0]))
        return np.zeros((len(batch), 2), np.float32)

    return answer, asked


def test_first_warmup_and_steady_calls_are_kept_apart() -> None:
    clock = FakeClock()
    answer, asked = build_answer(clock, lambda n: 1000 if n == 0 else 50 if n <= 2 else 10)
    effort = Effort(warmup_ns=100, steady_ns=200, min_calls=5)
    stream = measure_single_stream(answer, PICTURES, effort, clock, clock)
    assert stream.first_ns == 1000
    assert stream.warmup_ns == (50, 50)
    assert stream.samples_ns == (10,) * 20
    assert (stream.calls, stream.kept_every) == (20, 1)
    assert stream.elapsed_ns == stream.cpu_ns == 200
    # Real pictures in turn, one at a time.
    assert asked[3:9] == [0, 4, 8, 0, 4, 8]


def test_a_slow_model_still_makes_enough_calls_but_not_for_ever() -> None:
    clock = FakeClock()
    answer, _ = build_answer(clock, lambda _: 1000)
    enough = measure_single_stream(
        answer, PICTURES, Effort(warmup_ns=0, steady_ns=1, min_calls=64), clock, clock
    )
    assert enough.calls == 64
    bounded = measure_single_stream(
        answer,
        PICTURES,
        Effort(warmup_ns=0, steady_ns=1, min_calls=64, max_ns=10_000),
        clock,
        clock,
    )
    assert bounded.calls == 10


def test_many_calls_are_thinned_evenly() -> None:
    clock = FakeClock()
    answer, _ = build_answer(clock, lambda n: n)
    effort = Effort(warmup_ns=0, steady_ns=0, min_calls=100, kept_samples=30)
    stream = measure_single_stream(answer, PICTURES, effort, clock, clock)
    assert stream.kept_every == 4
    assert len(stream.samples_ns) == 25
    assert len({b - a for a, b in zip(stream.samples_ns, stream.samples_ns[1:], strict=False)}) == 1


def test_however_many_calls_are_made_few_samples_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_runtime.measurement.timing._MOST_HELD", 64)
    clock = FakeClock()
    answer, _ = build_answer(clock, lambda n: n)
    effort = Effort(warmup_ns=0, steady_ns=0, min_calls=1000, kept_samples=30)
    stream = measure_single_stream(answer, PICTURES, effort, clock, clock)
    assert stream.calls == 1000
    assert 15 <= len(stream.samples_ns) <= 30
    assert {b - a for a, b in pairwise(stream.samples_ns)} == {stream.kept_every}


def test_throughput_counts_whole_batches() -> None:
    clock = FakeClock()
    answer, _ = build_answer(clock, lambda _: 10)
    offline = measure_offline(answer, PICTURES, Effort(offline_ns=10_000), clock, clock)
    assert offline.images / offline.elapsed_ns == pytest.approx(0.1)
    assert offline.elapsed_ns >= 10_000


def test_throughput_of_a_slow_model_uses_small_batches() -> None:
    clock = FakeClock()
    answer, _ = build_answer(clock, lambda _: 4_000)
    offline = measure_offline(answer, PICTURES, Effort(offline_ns=10_000), clock, clock)
    assert offline.images <= 4


def test_the_harness_knows_its_clock_and_its_cost() -> None:
    cost = measure_harness_cost(FakeClock(tick_ns=40))
    assert cost.clock_resolution_ns == 40
    assert cost.call_ns == 40
    assert measure_yardstick(FakeClock(tick_ns=40)) == 40


def test_no_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        measure_single_stream(lambda batch: batch.astype(np.float32), PICTURES[:0], Effort())


@pytest.mark.parametrize("wrong", [{"steady_ns": -1}, {"min_calls": 0}, {"kept_samples": 0}])
def test_effort_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"negative|at least one"):
        Effort(**wrong)
