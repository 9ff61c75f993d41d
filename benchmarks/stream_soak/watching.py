"""Taking answers from a stream as fast as they come, and looking at this process meanwhile."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.stream_soak.trend import Trend, fit_trend
from edge_runtime.measurement.timing import Clock

Frame = npt.NDArray[np.uint8]

_STATM = Path("/proc/self/statm")
# A process grows while it fills its caches: what this part of the run shows is no trend.
_SETTLING = 0.1
# More than that over a whole run, and a stream that stays for weeks would fill a board.
MAX_GROWTH_BYTES = 1_000_000
# A shorter run is all settling: whatever it shows, nothing is known of weeks.
LEAST_MINUTES = 5
# The last point comes a little before the end.
_NEARLY = 0.95


class Result(Protocol):
    """What a stream gives per frame, as far as the soak looks at it."""

    @property
    def dropped_total(self) -> int:
        """Frames dropped since the stream began."""


Stream = Callable[[Iterable[Frame]], Iterable[Result]]


@dataclass(frozen=True, slots=True)
class MemoryPoint:
    """The process at one moment of the run.

    Attributes:
        at_s: Seconds from the start.
        resident_bytes: Memory that the process holds.
        answered: Frames answered until then.
        dropped: Frames dropped until then.
    """

    at_s: float
    resident_bytes: int
    answered: int
    dropped: int


def read_resident_bytes() -> int:
    """Memory that this process holds now."""
    pages = int(_STATM.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def repeat_frames(
    frames: Iterable[Frame], duration_s: float, clock: Clock = time.monotonic_ns
) -> Iterator[Frame]:
    """Give copies of `frames`, round and round without a pause, until the time is over.

    Between two it lets other threads run, as a camera does while it reads.
    """
    kept = list(frames)
    until = clock() + round(duration_s * 1e9)
    while True:
        for frame in kept:
            if clock() >= until:
                return
            time.sleep(0)
            yield frame.copy()  # Each frame is memory of its own.


def watch_stream(
    results: Iterable[Result],
    every_s: float,
    clock: Clock = time.monotonic_ns,
    read_memory: Callable[[], int] = read_resident_bytes,
) -> Iterator[MemoryPoint]:
    """Take all results of a stream and give a point about every `every_s` seconds."""
    started = clock()
    due, answered = started, 0
    for answered, result in enumerate(results, 1):
        now = clock()
        if now >= due:
            yield MemoryPoint((now - started) / 1e9, read_memory(), answered, result.dropped_total)
            due = now + round(every_s * 1e9)


def fit_growth(points: list[MemoryPoint]) -> Trend:
    """Bytes per second by which the process grew once it had settled.

    Raises:
        ValueError: The run was too short to tell.
    """
    settled = points[round(len(points) * _SETTLING) :]
    return fit_trend([p.at_s for p in settled], [float(p.resident_bytes) for p in settled])


def is_long_enough(points: list[MemoryPoint]) -> bool:
    """Whether the run lasted `LEAST_MINUTES`, so that its trend says something."""
    return points[-1].at_s >= _NEARLY * LEAST_MINUTES * 60


def is_flat(points: list[MemoryPoint]) -> bool:
    """Whether even the upper end of the trend adds less than `MAX_GROWTH_BYTES` over the run.

    A run that is not long enough is never called flat.
    """
    return is_long_enough(points) and fit_growth(points).high * points[-1].at_s < MAX_GROWTH_BYTES
