"""``report.md`` and the table on the terminal."""

import math
import shlex
from collections.abc import Sequence

from benchmarks.comparability import list_instructions
from benchmarks.report import units
from benchmarks.report.rows import TABLE_COLUMNS, build_table, format_table
from benchmarks.results import CaseRecord, Results
from edge_runtime.measurement.host import Host, describe_cores
from edge_runtime.measurement.steadiness import Finding

_SEVERITY_WORDS = {"invalid": "INVALID", "warning": "warning", "note": "note"}


def format_summary(results: Results) -> list[str]:
    """What the terminal shows: verdict, table, and what could not run with its reason."""
    return [
        *format_verdict(results),
        "",
        *format_table(TABLE_COLUMNS, build_table(results)),
        *format_reasons(results),
        "",
        *format_picks(results),
        "",
        *format_legend(results),
    ]


def format_report(results: Results, figures: Sequence[str] = ()) -> str:
    """The whole ``report.md``."""
    lines = [
        f"# Benchmark of {', '.join(dict.fromkeys(a.model for a in results.artifacts))}",
        "",
        *format_verdict(results),
        "",
        *format_table(TABLE_COLUMNS, build_table(results)),
        *format_reasons(results),
        "",
        *(f"- {line}" for line in format_picks(results)),
        "",
        *format_legend(results),
        "",
        *(f"![{name.removesuffix('.png')}](figures/{name})" for name in figures),
        "",
        "## Accuracy",
        "",
        *format_accuracies(results),
        "",
        "## Start-up and cost",
        "",
        *format_startup(results),
        "",
        "## Within one call",
        "",
        *format_stages(results),
        "",
        "## Machine",
        "",
        *format_machine(results),
        "",
        f"Made {results.created} by `{shlex.join(results.command)}`, "
        f"edge-runtime {results.toolkit_version}.",
    ]
    return "\n".join(lines) + "\n"


def format_verdict(results: Results) -> list[str]:
    """The verdict and, below it, each finding with its next step."""
    word = "VALID" if results.verdict.valid else "INVALID: do not quote these latencies"
    return [f"**{word}**", "", *map(_format_finding, results.verdict.findings)]


def _format_finding(finding: Finding) -> str:
    word = _SEVERITY_WORDS[finding.severity]
    return f"- {word} ({finding.code}): {finding.message}. Next: {finding.next_step}."


def format_reasons(results: Results) -> list[str]:
    """What could not be measured, once per artifact and runtime."""
    reasons = {
        (case.artifact, case.runtime): case.reason
        for case in results.cases
        if case.reason is not None
    }
    if not reasons:
        return []
    return [
        "",
        "Not measured:",
        "",
        *(f"- {artifact} on {runtime}: {why}" for (artifact, runtime), why in reasons.items()),
    ]


def format_picks(results: Results) -> list[str]:
    """The fastest artifact, and beside it the one that its export recommends."""
    return [f"{name}: {value}" for name, value in list_picks(results)]


def list_picks(results: Results) -> list[tuple[str, str]]:
    """The fastest case and the fastest of the recommended artifact, as names and values."""
    measured = [case for case in results.cases if case.summary is not None]
    if not measured:
        return []
    picks = [("fastest measured", _describe_pick(results, _find_fastest(measured)))]
    if results.recommended is not None:
        cases = [case for case in measured if case.artifact == results.recommended]
        what = (
            _describe_pick(results, _find_fastest(cases))
            if cases
            else f"{results.recommended}, which was not measured"
        )
        picks.append(("recommended by export (the smallest precision that is still right)", what))
    return picks


def _find_fastest(cases: Sequence[CaseRecord]) -> CaseRecord:
    return min(cases, key=lambda case: case.summary.p50_ns.value if case.summary else math.inf)


def _describe_pick(results: Results, case: CaseRecord) -> str:
    threads = "1 thread" if case.threads == 1 else f"{case.threads} threads"
    accuracy = results.accuracy_of(case)
    parts = [
        f"{case.artifact} on {case.runtime}, {threads}",
        f"p50 {units.format_us(case.summary.p50_ns.value)} µs" if case.summary else "",
        "" if accuracy is None else f"{units.format_points(accuracy.correct / accuracy.total)} %",
        f"{units.format_kib(results.artifact_of(case).size_bytes)} KiB",
    ]
    return ", ".join(part for part in parts if part)


def format_legend(results: Results) -> list[str]:
    """What the columns mean."""
    evaluation, plan = results.evaluation, results.plan
    total = evaluation.images
    widths = [record.interval.high - record.interval.low for record in results.accuracies]
    known = f", ±{max(widths) * 50:.2f} points at 95 %" if widths else ""
    shown = f"all {total:,}" if total == evaluation.available else f"the first {total:,}"
    return [
        f"accuracy: top-1 on {shown} evaluation pictures{known}; "
        "vs float: difference to the float Keras model on the same pictures, in points. "
        "p50: median of one call at batch 1, joined over fresh processes (planned: "
        f"{plan.rounds}), ± its 95 % interval; p90 and p99: MLPerf's early-stopping estimates, "
        "n/a with too few samples. "
        "images/s: batches. memory: peak of the process over a bare Python.",
    ]


def format_accuracies(results: Results) -> list[str]:
    """A table of what the evaluation set says, with what supports it, and the weakest class."""
    header = (
        "artifact",
        "runtime",
        "accuracy %",
        "95 % interval",
        "vs float",
        "its 95 % interval",
        "McNemar p",
        "same answer %",
        "weakest class",
    )
    rows = []
    for record in results.accuracies:
        reference, interval = record.reference, record.interval
        row = [
            record.artifact,
            record.runtime,
            units.format_points(record.correct / record.total),
            f"{units.format_points(interval.low)}–{units.format_points(interval.high)}",
        ]
        if reference is None:
            row += ["–"] * 4
        else:
            low, high = reference.interval.low, reference.interval.high
            row += [
                units.format_signed_points(reference.difference),
                f"{units.format_signed_points(low)} to {units.format_signed_points(high)}",
                f"{reference.mcnemar_p:.3f}" if reference.mcnemar_p >= 0.001 else "< 0.001",
                units.format_points(reference.agreement),
            ]
        seen = [one for one in record.per_class if one.total]
        weakest = min(seen, key=lambda one: one.correct / one.total)
        rows.append([*row, f"{weakest.label} {weakest.correct / weakest.total:.1%}"])
    return format_table(header, rows)


def format_stages(results: Results) -> list[str]:
    """A table of the parts of one call; nothing where none were timed."""
    stages = ("decode_ns", "preprocess_ns", "invoke_ns", "postprocess_ns")
    rows = [
        [case.artifact, case.runtime, str(case.threads), *map(units.format_us, parts)]
        for case in results.cases
        if case.summary is not None
        and any(parts := [getattr(case.summary, stage) for stage in stages])
    ]
    header = ("artifact", "runtime", "threads", *(f"{s.removesuffix('_ns')} µs" for s in stages))
    return format_table(header, rows) if rows else ["Not measured in this run."]


def format_startup(results: Results) -> list[str]:
    """A table of what comes before the steady state."""
    header = (
        "artifact",
        "runtime",
        "threads",
        "python ms",
        "import ms",
        "load ms",
        "first call ms",
        "steady p50 µs",
        "CPU µs",
        "spread %",
    )
    rows = [
        [
            case.artifact,
            case.runtime,
            str(case.threads),
            units.format_ms(case.summary.interpreter_ns),
            units.format_ms(case.summary.import_ns),
            units.format_ms(case.summary.load_ns),
            units.format_ms(case.summary.first_ns),
            units.format_us(case.summary.p50_ns.value),
            units.format_us(case.summary.cpu_ns),
            f"{case.summary.spread * 100:.1f}",
        ]
        for case in results.cases
        if case.summary is not None
    ]
    return format_table(header, rows)


def format_machine(results: Results) -> list[str]:
    """The environment, one fact per line."""
    return [f"- {name}: {value}" for name, value in list_machine_facts(results)]


def list_machine_facts(results: Results) -> list[tuple[str, str]]:
    """The environment as names and values; what is not known says so."""
    host, conditions = results.host, results.conditions
    before, after, harness = conditions.before, conditions.after, conditions.harness
    facts: list[tuple[str, str | None]] = [
        ("board", host.board),
        ("processor", f"{host.processor or 'unknown'}, {host.machine}, {describe_cores(host)}"),
        ("vector instructions", " ".join(list_instructions(host)) or None),
        ("memory", f"{units.format_mib(host.memory_bytes)} MiB"),
        ("system", f"{host.system}, kernel {host.kernel}, {host.libc}"),
        ("python", host.python),
        ("packages", ", ".join(f"{p.name} {p.version}" for p in host.packages)),
        ("governor", before.governor),
        ("clock, MHz", _both(before.clock_mhz, after.clock_mhz, "{:.0f}")),
        ("temperature, °C", _both(before.temperature_c, after.temperature_c, "{:.1f}")),
        ("throttled", None if after.throttled is None else f"{after.throttled:#x}"),
        ("power, W", _both(before.power_w, after.power_w, "{:.2f}")),
        ("load, 1 min", _both(before.load_1min, after.load_1min, "{:.2f}")),
        ("others' CPU, cores", _share(conditions.others_cpu_share)),
        ("time stolen by the host, cores", _share(conditions.stolen_cpu_share)),
        ("bare Python, MiB", units.format_mib(conditions.bare_memory_bytes)),
    ]
    if harness is not None:
        facts.append(("clock resolution", f"{harness.clock_resolution_ns} ns"))
        facts.append(("cost of timing a call", f"{harness.call_ns} ns"))
    return [(name, value or "not told by this machine") for name, value in facts]


def format_host(host: Host) -> str:
    """The machine in one line, for outputs that are kept."""
    packages = ", ".join(f"{package.name} {package.version}" for package in host.packages)
    return (
        f"{host.board or host.processor or 'unknown'}, {host.machine}, {describe_cores(host)}, "
        f"{host.system}, {host.python}; {packages}"
    )


def _both(before: float | None, after: float | None, form: str) -> str | None:
    if before is None or after is None:
        return None
    return f"{form.format(before)} before, {form.format(after)} after"


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"
