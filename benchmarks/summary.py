"""From the raw samples of several processes to the figures of one line of the table."""

from collections.abc import Callable, Sequence
from statistics import fmean, median

from benchmarks.results import Summary
from benchmarks.spread import estimate_median, relative_spread
from edge_runtime.measurement.percentiles import estimate_percentile
from edge_runtime.measurement.records import TrialResult
from edge_runtime.measurement.timing import Offline, SingleStream
from edge_runtime.tuning.rounds import Process, choose_processes

_S = 1_000_000_000


def summarize(processes: Sequence[Process], bare_memory_bytes: int | None) -> Summary:
    """Summarize the processes of one case, leaving disturbed ones out if two others are there.

    Args:
        processes: At least one, each with its single-picture samples.
        bare_memory_bytes: What a Python holds that does nothing; None where it is not known.

    Raises:
        ValueError: A process has no single-picture samples.
    """
    kept = choose_processes(processes)
    results = [process.result for process in kept]
    streams = [_stream_of(result) for result in results]
    medians = [float(median(stream.samples_ns)) for stream in streams]
    pooled = [float(sample) for stream in streams for sample in stream.samples_ns]
    offline = [result.offline for result in results if result.offline is not None]
    peak = _median_of(results, lambda result: result.peak_memory_bytes)
    over_bare = None if peak is None or bare_memory_bytes is None else peak - bare_memory_bytes
    return Summary(
        p50_ns=estimate_median(medians),
        p90_ns=estimate_percentile(pooled, 0.90),
        p95_ns=estimate_percentile(pooled, 0.95),
        p99_ns=estimate_percentile(pooled, 0.99),
        samples=len(pooled),
        left_out=len(processes) - len(kept),
        spread=relative_spread(medians),
        images_per_s=estimate_median([_rate(one) for one in offline]) if offline else None,
        cpu_ns=fmean(stream.cpu_ns / stream.calls for stream in streams),
        interpreter_ns=_median_of(results, lambda result: result.interpreter_ns),
        import_ns=median(float(result.import_ns) for result in results),
        load_ns=median(float(result.load_ns) for result in results),
        first_ns=median(float(stream.first_ns) for stream in streams),
        decode_ns=_stage_median(results, "decode_ns"),
        preprocess_ns=_stage_median(results, "preprocess_ns"),
        invoke_ns=_stage_median(results, "invoke_ns"),
        postprocess_ns=_stage_median(results, "postprocess_ns"),
        peak_memory_bytes=peak,
        memory_over_bare_bytes=over_bare,
    )


def process_medians(processes: Sequence[Process]) -> list[float]:
    """Median call of each process that counts, in nanoseconds."""
    return [
        float(median(_stream_of(process.result).samples_ns))
        for process in choose_processes(processes)
    ]


def _stream_of(result: TrialResult) -> SingleStream:
    if result.stream is None:
        raise ValueError("a process without single-picture samples cannot be summarized")
    return result.stream


def _rate(offline: Offline) -> float:
    return offline.images * _S / offline.elapsed_ns


def _median_of(
    results: Sequence[TrialResult], read: Callable[[TrialResult], int | None]
) -> float | None:
    known = [float(value) for result in results if (value := read(result)) is not None]
    return median(known) if known else None


def _stage_median(results: Sequence[TrialResult], stage: str) -> float | None:
    known = [float(getattr(one.stages, stage)) for one in results if one.stages is not None]
    return median(known) if known else None
