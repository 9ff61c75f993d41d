"""From instructions to milliseconds: a prediction, never a measurement.

Time = instructions / (instructions per cycle x cycles per second). The middle term is an
assumption: how many instructions a core of this kind retires per cycle in code that is mostly
vector arithmetic on data in its caches. It is given as a range, and so is the answer.
"""

from dataclasses import dataclass

from benchmarks.instructions.counts import InstructionCount


@dataclass(frozen=True, slots=True)
class Core:
    """What is assumed of a board's processor.

    Attributes:
        board: Its name for people.
        clock_hz: Its highest standard clock.
        slow_per_cycle: Instructions per cycle, at the worse end.
        fast_per_cycle: Instructions per cycle, at the better end.
    """

    board: str
    clock_hz: float
    slow_per_cycle: float
    fast_per_cycle: float


# Clocks: Raspberry Pi's product pages. A53 issues two instructions in order, A72 decodes three and
# A76 four, out of order; a third to two thirds of that width is assumed to be retired.
CORES = {
    "cortex-a53": Core("Pi 3B+", 1.4e9, 0.65, 1.3),
    "cortex-a72": Core("Pi 4", 1.8e9, 1.0, 2.0),
    "cortex-a76": Core("Pi 5", 2.4e9, 1.35, 2.7),
}

ASSUMPTIONS = (
    "Predicted, not measured: instructions / (instructions per cycle × clock). Assumed are "
    + ", ".join(
        f"{core.slow_per_cycle:g}–{core.fast_per_cycle:g} instructions per cycle at "
        f"{core.clock_hz / 1e9:g} GHz on a {core.board}"
        for core in CORES.values()
    )
    + ", one thread, weights and activations in the caches, no throttling, no other load. "
    "Measure on the board before relying on it: python -m benchmarks."
)


def predict_ms(count: InstructionCount) -> tuple[float, float] | None:
    """Milliseconds per inference as (fast end, slow end); None for a processor not known."""
    core = CORES.get(count.processor)
    if core is None or count.refused:
        return None
    cycles_fast = count.instructions / core.fast_per_cycle
    cycles_slow = count.instructions / core.slow_per_cycle
    return cycles_fast / core.clock_hz * 1e3, cycles_slow / core.clock_hz * 1e3
