"""Timing of one classifier in this process; measuring never prints.

The primitive under ``edge-runtime bench`` and the benchmarks: everything that reads a clock in a
steady loop stands here, takes the clock as an argument (so tests hand in a fake one) and gives
back immutable samples, warm-ups kept apart.

The loop follows MLPerf's SingleStream: one query in flight, the next sent when the last is
answered, each timed from outside the call. Offline hands over many pictures at once.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Clock = Callable[[], int]
"""Gives nanoseconds that never run backwards, such as `time.perf_counter_ns`."""

Answer = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
"""From pictures (N, height, width, channels) uint8 to scores (N, classes) float32."""

# Work of the yardstick: about 0.2 ms of one server core, long against the clock's resolution and
# short enough to be repeated.
_YARDSTICK_STEPS = 10_000
_YARDSTICK_REPEATS = 25
_OFFLINE_BATCH = 256
# Samples held at a time, 2 MB of them; held all, those of a quick model would soon be more memory
# than the model takes.
_MOST_HELD = 1 << 16
# A day; the system's clocks cannot wait for just any time.
_MOST_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure one case in one process.

    Attributes:
        warmup_ns: Calls made before this much time has passed are kept apart as warm-up; at least
            one call is warm-up, besides the very first.
        steady_ns: Time of the steady loop.
        min_calls: The loop goes on past `steady_ns` until it has made this many calls.
        max_ns: ... but never past this, however slow the model.
        kept_samples: Most samples kept; of more calls every k-th is kept, evenly over the loop.
        offline_ns: Time of the throughput loop; 0 leaves it out.
        stage_calls: Whole calls, from a picture file to predictions, whose stages are timed; 0
            leaves them out.
    """

    warmup_ns: int = 100_000_000
    steady_ns: int = 500_000_000
    min_calls: int = 64
    max_ns: int = 10_000_000_000
    kept_samples: int = 1000
    offline_ns: int = 300_000_000
    stage_calls: int = 200

    def __post_init__(self) -> None:
        if min(self.warmup_ns, self.steady_ns, self.offline_ns, self.stage_calls) < 0:
            raise ValueError("times and counts must not be negative")
        if self.min_calls < 1 or self.kept_samples < 1 or self.max_ns < 1:
            raise ValueError("at least one call must be made, kept and given time")
        if max(self.warmup_ns, self.steady_ns, self.offline_ns, self.max_ns) > _MOST_NS:
            raise ValueError("no time may be longer than a day")


@dataclass(frozen=True, slots=True)
class SingleStream:
    """Durations of one query after the other, in nanoseconds and in the order they were made.

    Attributes:
        first_ns: The very first call, which pays for what runtimes put off until then.
        warmup_ns: Calls after it, until the warm-up time had passed.
        samples_ns: The steady calls that were kept.
        kept_every: One steady call in this many was kept.
        calls: Steady calls made.
        elapsed_ns: From the start of the first steady call to the end of the last.
        cpu_ns: Processor time of all threads of this process over the same span.
    """

    first_ns: int
    warmup_ns: tuple[int, ...]
    samples_ns: tuple[int, ...]
    kept_every: int
    calls: int
    elapsed_ns: int
    cpu_ns: int


@dataclass(frozen=True, slots=True)
class Offline:
    """Throughput where all pictures are at hand: `images` answered in `elapsed_ns`."""

    images: int
    elapsed_ns: int
    cpu_ns: int


@dataclass(frozen=True, slots=True)
class SoakWindow:
    """A stretch of a long run; times in nanoseconds.

    Attributes:
        ended_ns: End of the stretch, from the start of the run.
        calls: Calls in it.
        p50_ns: Median call.
        p90_ns: Plain 90th percentile.
        slowest_ns: The slowest call.
    """

    ended_ns: int
    calls: int
    p50_ns: int
    p90_ns: int
    slowest_ns: int


@dataclass(frozen=True, slots=True)
class HarnessCost:
    """What measuring itself costs, in nanoseconds.

    Attributes:
        clock_resolution_ns: Smallest step that the clock was seen to make.
        call_ns: Median of what the loop reports for a call that does nothing.
    """

    clock_resolution_ns: int
    call_ns: int


def measure_single_stream(
    answer: Answer,
    images: npt.NDArray[np.uint8],
    effort: Effort,
    clock: Clock = time.perf_counter_ns,
    cpu_clock: Clock = time.process_time_ns,
) -> SingleStream:
    """Time single pictures one after the other, going round through `images`.

    Args:
        answer: What is measured, called with (1, height, width, channels) uint8.
        images: (N, height, width, channels) uint8, N at least 1.
        effort: How long.
        clock: Wall time in nanoseconds.
        cpu_clock: Processor time of this process in nanoseconds.

    Raises:
        ValueError: There are no pictures.
    """
    if len(images) < 1:
        raise ValueError("at least one picture is needed to measure with")
    # Cut before the loop: slicing would be counted as part of the first thing the call does.
    queries = [np.ascontiguousarray(images[i : i + 1]) for i in range(len(images))]
    first_ns = _time_call(answer, queries[0], clock)
    warmup = _run_until(answer, queries, clock, effort.warmup_ns, 1, effort.max_ns)
    cpu_before, started = cpu_clock(), clock()
    steady = _run_until(
        answer, queries, clock, effort.steady_ns, effort.min_calls, effort.max_ns, started
    )
    elapsed_ns, cpu_ns = clock() - started, cpu_clock() - cpu_before
    thinned_by = -(-len(steady.samples_ns) // effort.kept_samples)
    return SingleStream(
        first_ns=first_ns,
        warmup_ns=tuple(warmup.samples_ns[: effort.kept_samples]),
        samples_ns=tuple(steady.samples_ns[::thinned_by]),
        kept_every=steady.held_every * thinned_by,
        calls=steady.made,
        elapsed_ns=elapsed_ns,
        cpu_ns=cpu_ns,
    )


def measure_offline(
    answer: Answer,
    images: npt.NDArray[np.uint8],
    effort: Effort,
    clock: Clock = time.perf_counter_ns,
    cpu_clock: Clock = time.process_time_ns,
) -> Offline:
    """Count pictures answered when batches of them are handed over; see `measure_single_stream`."""
    batch = np.ascontiguousarray(np.resize(images, (_OFFLINE_BATCH, *images.shape[1:])))
    share = _affordable_share(answer, batch, effort, clock)
    batch = batch[:share]
    answer(batch)  # A batch of a new size may be planned and allocated for on its first call.
    done = 0
    cpu_before, started = cpu_clock(), clock()
    while True:
        answer(batch)
        done += len(batch)
        elapsed_ns = clock() - started
        if elapsed_ns >= effort.offline_ns:
            return Offline(done, elapsed_ns, cpu_clock() - cpu_before)


def _affordable_share(
    answer: Answer, batch: npt.NDArray[np.uint8], effort: Effort, clock: Clock
) -> int:
    """How many pictures of the batch a slow model can answer in half the time that is given."""
    one_ns = max(1, _time_call(answer, batch[:1], clock))
    return max(1, min(len(batch), effort.offline_ns // 2 // one_ns))


def measure_soak(
    answer: Answer,
    images: npt.NDArray[np.uint8],
    duration_ns: int,
    window_ns: int,
    clock: Clock = time.perf_counter_ns,
) -> Iterator[SoakWindow]:
    """Call without a pause for `duration_ns` and give a summary of every `window_ns`.

    A generator, so that whoever takes the windows can read the machine's sensors between them.
    """
    queries = [np.ascontiguousarray(images[i : i + 1]) for i in range(len(images))]
    started = clock()
    while clock() - started < duration_ns:
        calls = _run_until(answer, queries, clock, window_ns, 1, 10 * window_ns, is_thinned=False)
        samples = sorted(calls.samples_ns)
        yield SoakWindow(
            ended_ns=clock() - started,
            calls=len(samples),
            p50_ns=samples[len(samples) // 2],
            p90_ns=samples[int(len(samples) * 0.9)],
            slowest_ns=samples[-1],
        )


def measure_harness_cost(clock: Clock = time.perf_counter_ns) -> HarnessCost:
    """Find the clock's smallest step and what the timing loop adds to every sample."""
    steps = []
    for _ in range(200):
        before = after = clock()
        while after == before:
            after = clock()
        steps.append(after - before)
    nothing = np.zeros((1, 1), np.float32)
    idle = [_time_call(lambda _: nothing, np.zeros((1, 1), np.uint8), clock) for _ in range(1001)]
    return HarnessCost(clock_resolution_ns=min(steps), call_ns=int(np.median(idle)))


def measure_yardstick(clock: Clock = time.perf_counter_ns) -> int:
    """Time a fixed piece of pure Python, in nanoseconds; the least of some repeats.

    Told before and after a measurement, it shows that the processor itself slowed down, also where
    no sensor tells the clock or the temperature.
    """
    best = None
    for _ in range(_YARDSTICK_REPEATS):
        before = clock()
        total = 0
        for step in range(_YARDSTICK_STEPS):
            total ^= step
        duration = clock() - before
        best = duration if best is None else min(best, duration)
    assert best is not None
    return best


def _time_call(answer: Answer, query: npt.NDArray[np.uint8], clock: Clock) -> int:
    before = clock()
    answer(query)
    return clock() - before


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls that were made, and the duration of one in `held_every` of them."""

    samples_ns: list[int]
    held_every: int
    made: int


def _run_until(
    answer: Answer,
    queries: list[npt.NDArray[np.uint8]],
    clock: Clock,
    least_ns: int,
    min_calls: int,
    max_ns: int,
    started: int | None = None,
    is_thinned: bool = True,
) -> _Calls:
    """Call until `least_ns` have passed and `min_calls` were made, or `max_ns` have passed."""
    samples: list[int] = []
    made, held_every = 0, 1
    begun = clock() if started is None else started
    count = len(queries)
    while True:
        query = queries[made % count]
        before = clock()
        answer(query)
        after = clock()
        if made % held_every == 0:
            samples.append(after - before)
            if is_thinned and len(samples) >= _MOST_HELD:
                del samples[1::2]
                held_every *= 2
        made += 1
        spent = after - begun
        if spent >= max_ns or (spent >= least_ns and made >= min_calls):
            return _Calls(samples, held_every, made)
