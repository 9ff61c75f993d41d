"""Which processes ran while something held the processor back.

On a shared machine another tenant on the same core, and on a board heat, slow everything by a third
or a half for seconds at a time, and no load figure of this system shows it. Each process therefore
times a fixed piece of work before and after its measurement (`measurement.timing`); where that
took clearly longer than in the calmer part of the run, the process tells about the neighbour and
not about the model. It stays in the results, marked; it is left out of the figures and run again.
"""

from collections.abc import Iterable, Sequence

from edge_runtime.measurement.records import TrialResult

# At rest the yardstick varies by a few percent; a neighbour on the same core costs 30 to 60.
MAX_SLOWER = 0.15


def find_calm_yardstick(results: Iterable[TrialResult]) -> int | None:
    """What the fixed work takes when nothing disturbs: the lower quartile over all processes.

    Not the least: a processor that boosts its clock for moments would make the rest look disturbed.
    None where no process measured it.
    """
    times = sorted(time for result in results for time in _yardsticks(result))
    return times[len(times) // 4] if times else None


def is_disturbed(result: TrialResult, calm_ns: int | None) -> bool:
    """Tell whether the fixed work took clearly longer than in calm, before or after."""
    times = _yardsticks(result)
    return calm_ns is not None and bool(times) and max(times) > calm_ns * (1 + MAX_SLOWER)


def _yardsticks(result: TrialResult) -> Sequence[int]:
    both = (result.yardstick_before_ns, result.yardstick_after_ns)
    return [time for time in both if time is not None]
