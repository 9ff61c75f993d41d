"""Limits for somebody's continuous integration: what misses them is listed, nothing else judged."""

from dataclasses import dataclass

from benchmarks.results import CaseRecord, Results


@dataclass(frozen=True, slots=True)
class Gates:
    """Limits; None is no limit. They hold for every case but those that a runtime refuses.

    Attributes:
        min_accuracy: Least accuracy as a fraction; the lower end of the interval must reach it.
        max_p90_ns: Most that the early-stopping p90 may be.
        max_size_bytes: Most that an artifact may weigh.
        max_memory_bytes: Most memory over a bare Python.
    """

    min_accuracy: float | None = None
    max_p90_ns: float | None = None
    max_size_bytes: float | None = None
    max_memory_bytes: float | None = None


def check_gates(results: Results, gates: Gates) -> list[str]:
    """List what misses a gate, one line each; empty where all is well.

    A figure that a gate needs and that is not known misses it: silence must not pass.
    """
    misses = []
    if not results.verdict.valid and gates.max_p90_ns is not None:
        misses.append("the run is INVALID, so its latencies cannot pass a gate")
    for case in results.cases if gates != Gates() else ():
        name = f"{case.artifact} on {case.runtime}, {case.threads} thread{'s'[: case.threads > 1]}"
        if case.status == "measured":
            misses += [f"{name}: {miss}" for miss in _check_case(results, case, gates)]
        elif case.status == "failed":
            misses.append(f"{name}: {case.reason}")
    return misses


def _check_case(results: Results, case: CaseRecord, gates: Gates) -> list[str]:
    accuracy, summary = results.accuracy_of(case), case.summary
    low = accuracy.interval.low if accuracy else None
    p90 = summary.p90_ns if summary else None
    memory = summary.memory_over_bare_bytes if summary else None
    size = results.artifact_of(case).size_bytes
    misses = []
    # Found is told with more digits than in tables: what misses narrowly must not look as if it
    # met the limit.
    if gates.min_accuracy is not None and (low is None or low < gates.min_accuracy):
        found = "unknown" if low is None else f"{low:.3%}"
        limit = gates.min_accuracy * 100
        misses.append(f"accuracy's lower bound {found}, at least {limit:.10g}% wanted")
    if gates.max_p90_ns is not None and (p90 is None or p90 > gates.max_p90_ns):
        found = "unknown" if p90 is None else f"{p90 / 1e3:,.3f} µs"
        misses.append(f"p90 {found}, at most {gates.max_p90_ns / 1e3:,.10g} µs wanted")
    if gates.max_size_bytes is not None and size > gates.max_size_bytes:
        limit = gates.max_size_bytes / 1024
        misses.append(f"size {size / 1024:,.3f} KiB, at most {limit:,.10g} KiB wanted")
    if gates.max_memory_bytes is not None and (memory is None or memory > gates.max_memory_bytes):
        found = "unknown" if memory is None else f"{memory / 2**20:,.3f} MiB"
        limit = gates.max_memory_bytes / 2**20
        misses.append(f"memory {found}, at most {limit:,.10g} MiB wanted")
    return misses
