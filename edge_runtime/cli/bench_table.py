"""What one trial measured, as text for a person."""

from collections.abc import Iterator
from statistics import median

from edge_runtime.cli.units import format_bytes, format_duration, format_rate
from edge_runtime.measurement.host import Host, Sensors, describe_cores
from edge_runtime.measurement.percentiles import estimate_percentile, least_samples
from edge_runtime.measurement.records import Stages, TrialResult
from edge_runtime.measurement.steadiness import judge_sensors
from edge_runtime.tuning.disturbance import MAX_SLOWER

_STAGES = ("decode", "preprocess", "invoke", "postprocess")


def format_outcome(
    title: str, result: TrialResult, host: Host, before: Sensors, after: Sensors
) -> str:
    """Build the report, without a line break at its end."""
    return "\n".join(
        [
            title,
            "",
            *_format_stream(result),
            *_format_offline(result),
            *_format_stages(result.stages),
            "start, once",
            _line("import runtime", format_duration(result.import_ns)),
            _line("load model", format_duration(result.load_ns)),
            "memory",
            _line("peak", format_bytes(result.peak_memory_bytes), "with Python and numpy"),
            "",
            f"machine: {describe_machine(host)}",
            *_find_doubts(result, before, after),
        ]
    )


def describe_machine(host: Host) -> str:
    """Name a machine in one line."""
    what = " / ".join(dict.fromkeys(part for part in (host.board, host.processor) if part))
    return f"{what or host.machine}, {describe_cores(host)}, {host.system}, {host.python}"


def _format_stream(result: TrialResult) -> Iterator[str]:
    stream = result.stream
    if stream is None:
        return
    yield f"one picture after the other, {stream.calls:,} calls"
    samples = stream.samples_ns
    yield _line("p50", format_duration(median(samples)))
    for name, share in (("p90", 0.90), ("p99", 0.99)):
        value = estimate_percentile(samples, share)
        note = "" if value else f"needs {least_samples(share)} samples, found {len(samples)}"
        yield _line(name, format_duration(value), note)
    yield _line("first call", format_duration(stream.first_ns))


def _format_offline(result: TrialResult) -> Iterator[str]:
    if result.offline is not None:
        yield "many pictures at once"
        yield _line("throughput", format_rate(result.offline.images, result.offline.elapsed_ns))


def _format_stages(stages: Stages | None) -> Iterator[str]:
    if stages is None:
        return
    source = "a PNG file in memory" if stages.decode_ns else "an array (Pillow is missing)"
    yield f"one whole classification, from {source}, median of {stages.calls}"
    for stage in _STAGES:
        yield _line(stage, format_duration(getattr(stages, f"{stage}_ns")))


def _find_doubts(result: TrialResult, before: Sensors, after: Sensors) -> Iterator[str]:
    for finding in judge_sensors(before, after):
        yield f"doubt: {finding.message}; {finding.next_step}"
    first, last = result.yardstick_before_ns, result.yardstick_after_ns
    if first and last and max(first, last) > min(first, last) * (1 + MAX_SLOWER):
        slower = max(first, last) / min(first, last) - 1
        yield (
            f"doubt: the processor's speed changed by {slower:.0%} meanwhile; close other "
            "programs and run again"
        )


def _line(name: str, value: str, note: str = "") -> str:
    return f"  {name:15}{value:>12}  {note}".rstrip()
