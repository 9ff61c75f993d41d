"""One whole measurement: a job, a place to run it, and out comes a `Results`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import edge_runtime
from benchmarks.accuracy import pack_predictions
from benchmarks.artifacts import EvaluationSet, load_recommended
from benchmarks.launching import Launcher
from benchmarks.results import SCHEMA_VERSION, EvaluationRecord, Results
from benchmarks.runner import Job, run_job
from benchmarks.verdict import judge_run
from edge_runtime.tuning.rounds import Progress


def measure(
    job: Job, launcher: Launcher, scratch: Path, available: int, progress: Progress
) -> Results:
    """Run a job and put everything that is known about it into one document.

    Args:
        job: What to run.
        launcher: Where.
        scratch: An empty local folder.
        available: Pictures that the evaluation set holds, of which the job may use fewer.
        progress: Told how far it is.
    """
    host = launcher.describe_host()
    record = run_job(job, launcher, scratch, progress)
    return Results(
        schema_version=SCHEMA_VERSION,
        toolkit_version=edge_runtime.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=("python", "-m", "benchmarks", *sys.argv[1:]),
        plan=job.plan,
        verdict=judge_run(record.conditions, record.cases, job.plan),
        host=host,
        conditions=record.conditions,
        evaluation=_describe_evaluation(job.evaluation, available),
        artifacts=tuple(dict.fromkeys(case.artifact for case in job.cases)),
        accuracies=record.accuracies,
        cases=record.cases,
        recommended=load_recommended(job.folder),
    )


def _describe_evaluation(evaluation: EvaluationSet, available: int) -> EvaluationRecord:
    reference = evaluation.reference_scores
    return EvaluationRecord(
        images=len(evaluation.labels),
        available=available,
        sha256=evaluation.sha256,
        class_names=evaluation.class_names,
        labels=pack_predictions(evaluation.labels),
        reference_correct=None
        if reference is None
        else int((reference.argmax(axis=1) == evaluation.labels).sum()),
    )
