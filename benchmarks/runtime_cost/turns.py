"""Two ways of doing the same, in turns, and what their times say about each other.

What is compared runs in one round one after the other, many rounds long, so that a neighbour on a
shared machine or a slower clock meets both. Each round is compared on its own, and the middle of
all rounds counts; the least time of each side is compared too, as a check that knows nothing of
rounds.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal

from edge_runtime.measurement.timing import Clock

How = Literal["difference", "ratio"]
# Time that passes, or time that a processor works for whom is measured.
Time = Literal["wall", "processor"]
CLOCKS: Mapping[Time, Clock] = {
    "wall": time.perf_counter_ns,
    "processor": time.process_time_ns,
}


@dataclass(frozen=True, slots=True)
class Turns:
    """What both sides took, round by round, in one unit.

    Attributes:
        bare: The side to compare with.
        ours: The other.
    """

    bare: tuple[float, ...]
    ours: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.bare or len(self.bare) != len(self.ours):
            raise ValueError(
                f"each round needs both sides, found {len(self.bare)} and {len(self.ours)} times"
            )


@dataclass(frozen=True, slots=True)
class Estimate:
    """How much more ours takes than the bare side.

    Attributes:
        value: The middle: of all rounds of one process, or of the middles of several processes.
        low: Lower quartile of the same.
        high: Upper quartile of the same.
        by_least: From the least time of each side alone.
        count: Rounds or processes.
    """

    value: float
    low: float
    high: float
    by_least: float
    count: int


def estimate(groups: Sequence[Turns], how: How) -> Estimate:
    """Join what one process or several have measured.

    Args:
        groups: One per process.
        how: ``difference`` is ours less bare, ``ratio`` is ours by bare.

    Raises:
        ValueError: There are none.
    """
    if not groups:
        raise ValueError("nothing was measured")
    by_round = [
        [_compare(bare, ours, how) for bare, ours in zip(turns.bare, turns.ours, strict=True)]
        for turns in groups
    ]
    # Rounds of one process resemble each other; where there are several, each is one sample.
    values = by_round[0] if len(groups) == 1 else [median(rounds) for rounds in by_round]
    low, middle, high = _quartiles(values)
    least = [_compare(min(turns.bare), min(turns.ours), how) for turns in groups]
    return Estimate(middle, low, high, median(least), len(values))


def _compare(bare: float, ours: float, how: How) -> float:
    return ours - bare if how == "difference" else ours / bare


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def measure_in_turns(
    contestants: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Clock = time.perf_counter_ns,
) -> dict[str, tuple[int, ...]]:
    """Call each contestant once per round and give what it took, in nanoseconds.

    Who comes first changes from round to round; a round before the first is not counted.

    Raises:
        ValueError: There are no contestants or no rounds.
    """
    if not contestants or rounds < 1:
        raise ValueError("at least one contestant and one round are needed")
    names = list(contestants)
    taken: dict[str, list[int]] = {name: [] for name in names}
    for place in range(rounds + 1):
        first = place % len(names)
        for name in (*names[first:], *names[:first]):
            contestant = contestants[name]
            before = clock()
            contestant()
            after = clock()
            if place:
                taken[name].append(after - before)
    return {name: tuple(times) for name, times in taken.items()}
