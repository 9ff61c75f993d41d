"""What a benchmark leaves behind: ``results.json``, from which every table and picture is drawn.

Times are nanoseconds, sizes bytes, shares fractions; only reports convert. The published form is
``results.schema.json`` beside this file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from benchmarks.artifacts import ArtifactRecord
from benchmarks.errors import ResultsError
from benchmarks.plan import Plan
from benchmarks.spread import Estimate
from edge_runtime.document import from_json, to_json
from edge_runtime.errors import MetadataError
from edge_runtime.measurement.host import Host, Sensors
from edge_runtime.measurement.steadiness import Finding
from edge_runtime.measurement.timing import HarnessCost
from edge_runtime.statistics import Interval
from edge_runtime.tuning.rounds import Process

SCHEMA_VERSION = 1
_NUMBERS = re.compile(r"\[((?:\s*\d+,?)+)\s*\]")

Status = Literal["measured", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the latencies of a run may be quoted, and why not."""

    valid: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """Hits among the pictures of one class."""

    label: str
    correct: int
    total: int


@dataclass(frozen=True, slots=True)
class ReferenceComparison:
    """An artifact against the float model, picture by picture; shares are fractions.

    Attributes:
        agreement: Share of pictures on which both name the same class.
        difference: Accuracy of the artifact minus that of the reference.
        interval: Of the difference, paired.
        only_artifact: Pictures that only the artifact labelled rightly.
        only_reference: Pictures that only the reference labelled rightly.
        mcnemar_p: Chance of so lopsided a count if both were equally accurate.
        largest_error: Largest difference of any score.
        mean_error: Mean absolute difference of scores.
    """

    agreement: float
    difference: float
    interval: Interval
    only_artifact: int
    only_reference: int
    mcnemar_p: float
    largest_error: float
    mean_error: float


@dataclass(frozen=True, slots=True)
class AccuracyRecord:
    """How right one artifact is on one runtime; threads do not matter to it.

    Attributes:
        artifact: File name.
        runtime: Name of the runtime.
        correct: Hits.
        total: Pictures.
        interval: Of the accuracy, Wilson's.
        per_class: Hits by true class.
        confusion: Pictures by true class (rows) and answer (columns).
        predictions: Every answer, as `benchmarks.accuracy.pack_predictions` writes them, so that
            later runs can be compared picture by picture.
        reference: Against the float model; None where its answers are not known.
    """

    artifact: str
    runtime: str
    correct: int
    total: int
    interval: Interval
    per_class: tuple[ClassAccuracy, ...]
    confusion: tuple[tuple[int, ...], ...]
    predictions: str
    reference: ReferenceComparison | None


@dataclass(frozen=True, slots=True)
class Summary:
    """One case over its processes: the undisturbed ones, or all where there are too few of those.

    Attributes:
        p50_ns: Median call, joined over processes with its interval.
        p90_ns: Early-stopping estimate over all samples; None with too few.
        p95_ns: The same for p95.
        p99_ns: The same for p99.
        samples: How many there are.
        left_out: Disturbed processes that are not in these figures.
        spread: How far the processes' medians lie apart, as a share; see
            `benchmarks.spread.relative_spread`.
        images_per_s: Throughput of batches, with its interval; None where not measured.
        cpu_ns: Processor time of one call.
        interpreter_ns: Python, numpy and edge_runtime until work begins; median.
        import_ns: Importing the runtime; median.
        load_ns: Loading the model; median.
        first_ns: The first call; median.
        decode_ns: Reading a picture file, within a whole call; None where not measured, and
        preprocess_ns: bringing it to the model's pixels, and
        invoke_ns: the model itself, and
        postprocess_ns: from scores to predictions; medians.
        peak_memory_bytes: Most memory of a process; median.
        memory_over_bare_bytes: The same less what a bare interpreter holds.
    """

    p50_ns: Estimate
    p90_ns: float | None
    p95_ns: float | None
    p99_ns: float | None
    samples: int
    left_out: int
    spread: float
    images_per_s: Estimate | None
    cpu_ns: float
    interpreter_ns: float | None
    import_ns: float
    load_ns: float
    first_ns: float
    decode_ns: float | None
    preprocess_ns: float | None
    invoke_ns: float | None
    postprocess_ns: float | None
    peak_memory_bytes: float | None
    memory_over_bare_bytes: float | None


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """An artifact on a runtime with a number of threads, measured or the reason why not."""

    artifact: str
    runtime: str
    runtime_version: str | None
    threads: int
    status: Status
    reason: str | None
    summary: Summary | None
    processes: tuple[Process, ...]


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """The pictures that accuracy was measured on.

    Attributes:
        images: How many.
        available: How many the evaluation set holds.
        sha256: Of pictures and labels; only results with the same sum are paired.
        class_names: One per class.
        labels: The true class of each picture, packed as predictions are.
        reference_correct: Hits of the float model; None where its answers are not known.
    """

    images: int
    available: int
    sha256: str
    class_names: tuple[str, ...]
    labels: str
    reference_correct: int | None


@dataclass(frozen=True, slots=True)
class Conditions:
    """The machine while latency was measured.

    Attributes:
        before: Sensors before the first round.
        after: Sensors after the last.
        elapsed_s: Time of all rounds.
        others_cpu_share: Processor time that other programs used, as a share of one core.
        stolen_cpu_share: Time that a virtual machine's host took away, as a share of one core.
        bare_memory_bytes: Peak memory of a Python that does nothing.
        harness: Clock resolution and cost of measuring; medians over processes.
    """

    before: Sensors
    after: Sensors
    elapsed_s: float
    others_cpu_share: float | None
    stolen_cpu_share: float | None
    bare_memory_bytes: int | None
    harness: HarnessCost | None


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that is known after a run.

    Attributes:
        recommended: File name of the artifact that its export recommends, the smallest precision
            that is still right; None where no manifest says so.
    """

    schema_version: int
    toolkit_version: str
    created: str
    command: tuple[str, ...]
    plan: Plan
    verdict: Verdict
    host: Host
    conditions: Conditions
    evaluation: EvaluationRecord
    artifacts: tuple[ArtifactRecord, ...]
    accuracies: tuple[AccuracyRecord, ...]
    cases: tuple[CaseRecord, ...]
    recommended: str | None = None

    def accuracy_of(self, case: CaseRecord) -> AccuracyRecord | None:
        """Return the accuracy that belongs to a case; None where there is none."""
        for record in self.accuracies:
            if (record.artifact, record.runtime) == (case.artifact, case.runtime):
                return record
        return None

    def artifact_of(self, case: CaseRecord) -> ArtifactRecord:
        """Return the artifact that a case measured."""
        return next(record for record in self.artifacts if record.file == case.artifact)


def save_results(results: Results, path: Path) -> None:
    """Write ``results.json``, beside its place first and then moved in."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(_join_numbers(to_json(results)), encoding="utf-8")
    partial.replace(path)


def _join_numbers(text: str) -> str:
    """Put each list of whole numbers on one line: samples would fill a hundred thousand lines."""
    return _NUMBERS.sub(lambda found: f"[{' '.join(found.group(1).split())}]", text)


def load_results(path: Path) -> Results:
    """Read a ``results.json``.

    Raises:
        ResultsError: It is missing, malformed or of a newer form.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"cannot read {path}: {error}") from error
    try:
        results = from_json(Results, text, str(path))
    except (MetadataError, ValueError) as error:
        raise ResultsError(f"{error}. Is it a results.json of python -m benchmarks?") from error
    if results.schema_version != SCHEMA_VERSION:
        raise ResultsError(
            f"{path} has schema version {results.schema_version}, this toolkit reads "
            f"{SCHEMA_VERSION}; use the toolkit that wrote it"
        )
    lacking = next(_find_contradictions(results), None)
    if lacking is not None:
        raise ResultsError(f"{path} is damaged or was changed: {lacking}; measure again")
    return results


def _find_contradictions(results: Results) -> Iterator[str]:
    """What the types cannot tell, and everything that reads results relies on."""
    try:
        datetime.fromisoformat(results.created)
    except ValueError:
        yield f"created is no time, found {results.created!r}"
    files = {artifact.file for artifact in results.artifacts}
    for case in results.cases:
        if case.artifact not in files:
            yield f"a case names {case.artifact}, which is not among its artifacts"
        if case.summary is not None and not case.processes:
            yield f"{case.artifact} on {case.runtime} has a summary of no process"
        for process in case.processes if case.summary is not None else ():
            stream = process.result.stream
            if stream is None or min(stream.samples_ns, default=0) <= 0:
                yield f"{case.artifact} on {case.runtime} has a process without times above 0"
    for record in results.accuracies:
        if not 0 < record.total == results.evaluation.images or record.correct > record.total:
            yield (
                f"{record.artifact} on {record.runtime} has {record.correct} of {record.total} "
                f"right, of {results.evaluation.images} pictures"
            )
