"""A search as text: every candidate, the choice and why."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from edge_runtime.backends.registry import BackendStatus
from edge_runtime.cli.bench_table import describe_machine
from edge_runtime.cli.units import format_bytes, format_us
from edge_runtime.measurement.host import Host, read_sensors
from edge_runtime.measurement.steadiness import judge_sensors
from edge_runtime.profile import CandidateRecord
from edge_runtime.tuning.choosing import Decision

_MARK = {"chosen": "→"}


def format_search(decision: Decision, missing: Sequence[BackendStatus], host: Host) -> str:
    """Build the report, without a line break at its end."""
    sensors = read_sensors()
    lines = [f"tried on {describe_machine(host)}", "", *_format_table(decision.records)]
    lines += [f"  not tried: {status.name}: {status.reason}" for status in missing]
    lines += [f"doubt: {one.message}; {one.next_step}" for one in judge_sensors(sensors, sensors)]
    lines += ["", *_format_choice(decision)]
    return "\n".join(lines)


def _format_table(records: Sequence[CandidateRecord]) -> Iterator[str]:
    width = max(8, *(len(_name(record)) for record in records))
    yield (
        f"  {'artifact':{width}}  {'runtime':8}{'threads':>7}{'p50':>10}{'p90':>10}"
        f"{'accuracy':>10}{'size':>10}"
    )
    for one in records:
        start = f"{_MARK.get(one.standing, ' ')} {_name(one):{width}}  {one.backend:8}"
        start += f"{one.threads:7}"
        if one.standing == "refused":
            yield f"{start}   refused: {one.reason}"
            continue
        accuracy = f"{one.accuracy.share:.2%}" if one.accuracy else "n/a"
        yield (
            f"{start}{format_us(one.p50_us):>10}{format_us(one.p90_us):>10}{accuracy:>10}"
            f"{format_bytes(one.size_bytes):>10}  {one.standing}"
            + (f": {one.reason}" if one.reason else "")
        )


def _format_choice(decision: Decision) -> Iterator[str]:
    chosen, nearest = decision.chosen, decision.nearest
    if chosen is not None:
        yield f"chosen: {describe_candidate(chosen)}"
        yield f"why: {decision.why}"
        return
    yield f"nothing chosen, nothing written: {decision.why}"
    if nearest is None:
        yield "every candidate was refused; see the reasons above, and: edge-runtime doctor"
        return
    accuracy = f"{nearest.accuracy.share:.2%}" if nearest.accuracy else "unknown"
    yield (
        f"nearest: {describe_candidate(nearest)}: p90 {format_us(nearest.p90_us)}, accuracy "
        f"{accuracy}"
    )


def describe_candidate(record: CandidateRecord) -> str:
    """Name a candidate in one line."""
    threads = "1 thread" if record.threads == 1 else f"{record.threads} threads"
    return f"{_name(record)} on {record.backend} {record.backend_version}, {threads}"


def _name(record: CandidateRecord) -> str:
    return PurePosixPath(record.artifact).name
