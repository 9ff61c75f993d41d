"""Trying candidates on this machine, each in fresh processes, round by round."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from edge_runtime.measurement.percentiles import estimate_percentile
from edge_runtime.measurement.records import Refusal, TrialOutcome, TrialRequest
from edge_runtime.profile import Accuracy, CandidateRecord
from edge_runtime.tuning.accuracies import find_accuracies
from edge_runtime.tuning.candidates import Candidate, Pair
from edge_runtime.tuning.rounds import Process, Rounds, choose_processes
from edge_runtime.tuning.search import Search

# Of the processes, how many may be run again because something disturbed them.
_REPEATED_SHARE = 0.5
# More than any disturbance: a neighbour on the same core costs 30 to 60 percent.
_FAR_SLOWER = 3.0


def try_candidates(candidates: Sequence[Candidate], search: Search) -> tuple[CandidateRecord, ...]:
    """Measure accuracy, then latency; one that crashes or is refused has its reason instead."""
    pairs = list(dict.fromkeys(one.pair for one in candidates))
    accuracies, refusals = find_accuracies(pairs, search)
    rounds: Rounds[Candidate] = Rounds(
        lambda one: _run_latency(one, search), seed=1, progress=search.progress
    )
    able = [one for one in candidates if one.pair not in refusals]
    if able:
        rounds.run(able, 1)
        able = _find_worthwhile(able, rounds, accuracies)
    if able and search.rounds > 1:
        rounds.run(able, search.rounds - 1)
        rounds.repeat_disturbed(able, search.rounds, _REPEATED_SHARE)
    return tuple(
        _build_record(one, rounds, refusals.get(one.pair), accuracies.get(one.pair), search)
        for one in candidates
    )


def _find_worthwhile(
    candidates: Sequence[Candidate], rounds: Rounds[Candidate], accuracies: Mapping[Pair, Accuracy]
) -> list[Candidate]:
    """Leave out what gave no result, or is far slower than one that is no less accurate.

    Whatever the budget, the other one would be taken.
    """
    able = [one for one in candidates if rounds.refusal_of(one) is None]
    medians = {one: _median_ns(rounds.processes_of(one)) for one in able}
    shares = {one: accuracies[one.pair].share if one.pair in accuracies else 0.0 for one in able}
    return [
        one
        for one in able
        if not any(
            medians[other] * _FAR_SLOWER < medians[one] and shares[other] >= shares[one]
            for other in able
        )
    ]


def _run_latency(candidate: Candidate, search: Search) -> TrialOutcome:
    return search.run_trial(
        TrialRequest(
            what="latency",
            artifact=str(candidate.artifact),
            backend=candidate.backend,
            threads=candidate.threads,
            images=None,
            effort=search.effort,
            spawned_ns=time.monotonic_ns(),
        )
    )


def _build_record(
    candidate: Candidate,
    rounds: Rounds[Candidate],
    refusal: Refusal | None,
    accuracy: Accuracy | None,
    search: Search,
) -> CandidateRecord:
    record = CandidateRecord(
        artifact=_name_from(search.relative_to, candidate.artifact),
        backend=candidate.backend,
        backend_version=None,
        threads=candidate.threads,
        size_bytes=candidate.artifact.stat().st_size,
        standing="refused",
        accuracy=accuracy,
    )
    refusal = refusal or rounds.refusal_of(candidate)
    if refusal is not None:
        return replace(record, reason=f"{refusal.kind}: {refusal.message}")
    processes = choose_processes(rounds.processes_of(candidate))
    results = [process.result for process in processes]
    streams = [result.stream for result in results if result.stream is not None]
    pooled = [sample for stream in streams for sample in stream.samples_ns]
    p90_ns = estimate_percentile(pooled, 0.90)
    peaks = [one.peak_memory_bytes for one in results if one.peak_memory_bytes is not None]
    return replace(
        record,
        backend_version=results[0].backend_version,
        standing="possible",
        p50_us=_median_ns(processes) / 1e3,
        p90_us=None if p90_ns is None else p90_ns / 1e3,
        samples=len(pooled),
        processes=len(results),
        peak_memory_bytes=int(median(peaks)) if peaks else None,
    )


def _median_ns(processes: Sequence[Process]) -> float:
    """Median over processes of each one's median call."""
    streams = [one.result.stream for one in processes if one.result.stream is not None]
    return median(median(stream.samples_ns) for stream in streams)


def _name_from(folder: Path, file: Path) -> str:
    """Path of a file relative to a folder, the shortest that leads through no symbolic link."""
    if file.is_relative_to(folder):
        return file.relative_to(folder).as_posix()
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
