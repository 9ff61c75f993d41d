"""Runs a plan: answers first, then the clock, each case in fresh processes, round by round."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.accuracy import judge_scores
from benchmarks.artifacts import EvaluationSet
from benchmarks.launching import Launcher
from benchmarks.plan import Case, Plan
from benchmarks.results import AccuracyRecord, CaseRecord, Conditions
from benchmarks.summary import summarize
from edge_runtime.measurement.records import Refusal, TrialOutcome, TrialRequest
from edge_runtime.measurement.timing import HarnessCost
from edge_runtime.measurement.trial_process import TRIAL_MODULE
from edge_runtime.tuning.rounds import Process, Progress, Rounds

# Enough real pictures that a branch predictor cannot learn one, few enough to load at once.
_STREAM_IMAGES = 512
# Ways of not giving a result that say the runtime and the file do not go together.
_REFUSALS = ("IncompatibleArtifactError", "BackendUnavailableError", "ArtifactError")


@dataclass(frozen=True, slots=True)
class Slowdown:
    """An injected delay, for showing that it is found: one runtime takes `factor` as long."""

    runtime: str
    factor: float


@dataclass(frozen=True, slots=True)
class Job:
    """All that a run needs to know.

    Attributes:
        folder: Where the artifacts are.
        cases: Lines of the table.
        plan: How thoroughly.
        evaluation: Labelled pictures; accuracy uses all of them, latency the first few hundred.
        modules: Runtimes that another module than `TRIAL_MODULE` opens, by name.
        files: Artifacts that lie elsewhere than in the folder, by file name.
        slowdown: See `Slowdown`; None for every real run.
    """

    folder: Path
    cases: Sequence[Case]
    plan: Plan
    evaluation: EvaluationSet
    modules: dict[str, str]
    files: dict[str, Path] = field(default_factory=dict)
    slowdown: Slowdown | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run gave, before verdict and environment are added."""

    accuracies: tuple[AccuracyRecord, ...]
    cases: tuple[CaseRecord, ...]
    conditions: Conditions


def run_job(job: Job, launcher: Launcher, scratch: Path, progress: Progress) -> RunRecord:
    """Run every case of a job.

    Args:
        job: What to run.
        launcher: Where.
        scratch: An empty local folder for pictures and scores.
        progress: Told how far it is.
    """
    refusals, accuracies = _measure_accuracies(job, launcher, scratch, progress)
    stream = scratch / "stream.npy"
    np.save(stream, job.evaluation.images[:_STREAM_IMAGES])
    runnable = [case for case in job.cases if _pair(case) not in refusals]
    bare = launcher.bare_memory_bytes()
    before, own_before, started = launcher.read_sensors(), launcher.own_cpu_s(), time.monotonic()
    rounds = _run_rounds(job, runnable, launcher, launcher.put(stream), progress)
    elapsed_s, after = time.monotonic() - started, launcher.read_sensors()
    own_s = _difference(own_before, launcher.own_cpu_s())
    busy_s = _difference(before.busy_cpu_s, after.busy_cpu_s)
    stolen_s = _difference(before.stolen_cpu_s, after.stolen_cpu_s)
    others_s = None if busy_s is None or own_s is None else max(0.0, busy_s - own_s)
    cases = tuple(
        _build_record(
            case,
            refusals.get(_pair(case)) or rounds.refusal_of(case),
            rounds.processes_of(case),
            bare,
        )
        for case in job.cases
    )
    conditions = Conditions(
        before=before,
        after=after,
        elapsed_s=elapsed_s,
        others_cpu_share=None if others_s is None else others_s / elapsed_s,
        stolen_cpu_share=None if stolen_s is None else stolen_s / elapsed_s,
        bare_memory_bytes=bare,
        harness=_join_harness_costs(cases),
    )
    return RunRecord(accuracies, cases, conditions)


def _measure_accuracies(
    job: Job, launcher: Launcher, scratch: Path, progress: Progress
) -> tuple[dict[tuple[str, str], Refusal], tuple[AccuracyRecord, ...]]:
    """Answer all pictures on every artifact × runtime; side by side, as nothing is timed."""
    pictures = scratch / "evaluation.npy"
    np.save(pictures, job.evaluation.images)
    images = launcher.put(pictures)
    pairs = list({_pair(case): case for case in job.cases}.values())

    # Made before anything runs: a launcher may have to copy files to the board.
    requests = [
        replace(
            _request(job, case, launcher, images),
            what="scores",
            threads=1,
            scores_to=launcher.scores_path(f"scores-{number}"),
        )
        for number, case in enumerate(pairs)
    ]

    def answer(case: Case, request: TrialRequest) -> TrialOutcome:
        return launcher.run(request, job.modules.get(case.runtime, TRIAL_MODULE))

    refusals: dict[tuple[str, str], Refusal] = {}
    records: list[AccuracyRecord] = []
    progress("accuracy", 0, len(pairs))
    # As many as the machine that runs them has cores, which need not be this one.
    with ThreadPoolExecutor(max_workers=launcher.describe_host().cores) as pool:
        for number, outcome in enumerate(pool.map(answer, pairs, requests)):
            case = pairs[number]
            if outcome.refusal is not None:
                refusals[_pair(case)] = outcome.refusal
            else:
                scores = launcher.take_scores(f"scores-{number}")
                records.append(
                    judge_scores(case.artifact.file, case.runtime, scores, job.evaluation)
                )
            progress("accuracy", number + 1, len(pairs))
    return refusals, tuple(records)


def _run_rounds(
    job: Job, cases: Sequence[Case], launcher: Launcher, images: str, progress: Progress
) -> Rounds[Case]:
    def run_case(case: Case) -> TrialOutcome:
        request = _request(job, case, launcher, images)
        return launcher.run(
            replace(request, spawned_ns=time.monotonic_ns()),
            job.modules.get(case.runtime, TRIAL_MODULE),
        )

    rounds = Rounds(run_case, job.plan.seed, progress)
    rounds.run(cases, job.plan.rounds)
    rounds.repeat_disturbed(cases, job.plan.rounds, job.plan.retries)
    return rounds


def _request(job: Job, case: Case, launcher: Launcher, images: str) -> TrialRequest:
    slowed = job.slowdown is not None and job.slowdown.runtime == case.runtime
    return TrialRequest(
        what="latency",
        artifact=launcher.put(job.files.get(case.artifact.file, job.folder / case.artifact.file)),
        backend=case.runtime,
        threads=case.threads,
        images=images,
        effort=job.plan.effort,
        slowdown=job.slowdown.factor if slowed and job.slowdown else 1.0,
    )


def _build_record(
    case: Case,
    refusal: Refusal | None,
    processes: tuple[Process, ...],
    bare_memory_bytes: int | None,
) -> CaseRecord:
    measured = refusal is None and bool(processes)
    refused = refusal is not None and refusal.kind in _REFUSALS
    return CaseRecord(
        artifact=case.artifact.file,
        runtime=case.runtime,
        runtime_version=processes[0].result.backend_version if processes else None,
        threads=case.threads,
        status="measured" if measured else "refused" if refused else "failed",
        reason=None if refusal is None else f"{refusal.kind}: {refusal.message}",
        summary=summarize(processes, bare_memory_bytes) if measured else None,
        processes=processes,
    )


def _join_harness_costs(cases: Iterable[CaseRecord]) -> HarnessCost | None:
    costs = [
        process.result.harness
        for case in cases
        for process in case.processes
        if process.result.harness is not None
    ]
    if not costs:
        return None
    return HarnessCost(
        clock_resolution_ns=int(median(cost.clock_resolution_ns for cost in costs)),
        call_ns=int(median(cost.call_ns for cost in costs)),
    )


def _pair(case: Case) -> tuple[str, str]:
    return case.artifact.file, case.runtime


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
