"""Whether a run's latencies may be quoted: VALID, or INVALID with reasons and next steps.

Limits are constants with their reasons. What a machine cannot tell is a note, never taken for good.
"""

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.plan import Plan
from benchmarks.results import CaseRecord, Conditions, Verdict
from edge_runtime.measurement.percentiles import least_samples
from edge_runtime.measurement.steadiness import Finding, Severity, judge_sensors
from edge_runtime.tuning.disturbance import MAX_SLOWER
from edge_runtime.tuning.rounds import choose_processes

# Of one core. A desktop at rest uses one to three percent; ten can hide a tenth of a latency.
MAX_OTHERS_CPU = 0.10
MAX_STOLEN_CPU = 0.02
# Fresh processes of the same case differ by a few percent through memory layout alone.
MAX_SPREAD = 0.15
# The yardstick is the least of many repeats, so it moves only when the clock itself does.
MAX_YARDSTICK_DRIFT = 0.08
# Below this many processes an interval says little.
FEW_PROCESSES = 3


def judge_run(conditions: Conditions, cases: Sequence[CaseRecord], plan: Plan) -> Verdict:
    """Weigh the machine's state and the samples themselves."""
    findings = (
        *judge_sensors(conditions.before, conditions.after),
        *_judge_neighbours(conditions),
        *_judge_yardstick(cases),
        *_judge_disturbance(cases, plan),
        *_judge_spread(cases),
        *_judge_samples(cases, plan),
        *_judge_missing(conditions),
    )
    order = {"invalid": 0, "warning": 1, "note": 2}
    return Verdict(
        valid=not any(finding.severity == "invalid" for finding in findings),
        findings=tuple(sorted(findings, key=lambda finding: order[finding.severity])),
    )


def _judge_neighbours(conditions: Conditions) -> Iterable[Finding]:
    others, stolen = conditions.others_cpu_share, conditions.stolen_cpu_share
    if others is not None and others > MAX_OTHERS_CPU:
        yield Finding(
            "invalid",
            "other-processes",
            f"other programs used {others:.0%} of a core while latency was measured "
            f"(at most {MAX_OTHERS_CPU:.0%})",
            "close what else is running (see: top), and run again",
        )
    if stolen is not None and stolen > MAX_STOLEN_CPU:
        yield Finding(
            "invalid",
            "stolen-time",
            f"the virtual machine's host took {stolen:.1%} of a core away "
            f"(at most {MAX_STOLEN_CPU:.0%})",
            "run again at a calmer time, or on a machine of your own",
        )


def _judge_yardstick(cases: Sequence[CaseRecord]) -> Iterable[Finding]:
    processes = sorted(
        (p for case in cases for p in choose_processes(case.processes)),
        key=lambda one: one.place,
    )
    times = [
        float(one.result.yardstick_before_ns)
        for one in processes
        if one.result.yardstick_before_ns is not None
    ]
    if len(times) < 8:
        return
    quarter = len(times) // 4
    drift = median(times[-quarter:]) / median(times[:quarter]) - 1
    if abs(drift) > MAX_YARDSTICK_DRIFT:
        more = "more" if drift > 0 else "less"
        yield Finding(
            "invalid",
            "drift",
            f"a fixed piece of work took {abs(drift):.0%} {more} time at the end of the run "
            "than at its start",
            "cool the machine or wait until its load is even, and run again",
        )


def _judge_disturbance(cases: Sequence[CaseRecord], plan: Plan) -> Iterable[Finding]:
    measured = [case for case in cases if case.summary is not None]
    processes = [process for case in measured for process in case.processes]
    disturbed = sum(process.disturbed for process in processes)
    if not disturbed:
        return
    wanted = min(plan.rounds, FEW_PROCESSES)
    short = [case for case in measured if sum(not one.disturbed for one in case.processes) < wanted]
    severity: Severity = "invalid" if len(short) * 4 > len(measured) else "warning"
    yield Finding(
        severity,
        "disturbed",
        f"during {disturbed} of {len(processes)} processes something held the processor back (a "
        f"fixed piece of work took over {MAX_SLOWER:.0%} longer than in calm); they are left "
        f"out; in {len(short)} of {len(measured)} cases fewer than {wanted} ran in calm",
        "close other programs, on a shared machine try a calmer time, or allow more repetitions "
        "(retries in the plan)",
    )


def _judge_spread(cases: Sequence[CaseRecord]) -> Iterable[Finding]:
    wide = [case for case in cases if case.summary and case.summary.spread > MAX_SPREAD]
    if not wide:
        return
    measured = sum(case.summary is not None for case in cases)
    worst = max(wide, key=lambda case: case.summary.spread if case.summary else 0.0)
    assert worst.summary is not None
    # One restless case of many is weather; many are a machine that cannot be measured on.
    severity: Severity = "invalid" if len(wide) * 4 > measured else "warning"
    yield Finding(
        severity,
        "spread",
        f"{len(wide)} of {measured} cases differ by more than {MAX_SPREAD:.0%} between processes; "
        f"most: {worst.artifact} on {worst.runtime} (threads: {worst.threads}), "
        f"{worst.summary.spread:.0%}",
        "close other programs and run again with more rounds (--rounds); read the intervals",
    )


def _judge_samples(cases: Sequence[CaseRecord], plan: Plan) -> Iterable[Finding]:
    if not any(case.summary for case in cases):
        yield Finding(
            "invalid",
            "few-samples",
            f"not one of {len(cases)} cases could be measured",
            "read the reasons below the table",
        )
    least = least_samples(0.90)
    few = [case for case in cases if case.summary and case.summary.samples < least]
    if few:
        yield Finding(
            "invalid",
            "few-samples",
            f"{len(few)} cases have fewer than the {least} samples that p90 needs",
            "give more time or calls (effort.steady_ns, effort.min_calls, --rounds)",
        )
    if plan.rounds < FEW_PROCESSES:
        yield Finding(
            "warning",
            "few-processes",
            f"so few processes per case ({plan.rounds}) say little about how processes differ",
            f"use --rounds {FEW_PROCESSES} or more",
        )
    if plan.name == "quick":
        yield Finding(
            "warning",
            "quick",
            "this was a quick look: few processes, short loops",
            "run without --quick before you decide by these numbers",
        )


def _judge_missing(conditions: Conditions) -> Iterable[Finding]:
    sensors = conditions.before
    unknown = [
        name
        for name, value in (
            ("governor", sensors.governor),
            ("clock", sensors.clock_mhz),
            ("temperature", sensors.temperature_c),
            ("throttling", sensors.throttled),
        )
        if value is None
    ]
    if unknown:
        yield Finding(
            "note",
            "sensors",
            f"this machine does not tell: {', '.join(unknown)}",
            "the yardstick and the spread between processes stand in for them",
        )
