"""What exported files answer on the test split, and how fast: measured through `edge_runtime`."""

import statistics
from pathlib import Path

import numpy as np

from edge_runtime.classifier import Classifier
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.measurement.host import describe_host
from train.errors import RunError
from train.files import sha256_of
from train.release.document import RESULT_VERSION, SHIPPED, FileResult, LatencyResult, RunResult
from train.run_folder import EVALUATION, load_record, load_samples, load_spec
from train.samples import LabelledImages
from train.tuning.exported import measure_latency

_BACKENDS = {".tflite": "litert", ".onnx": "onnx"}
_PACKAGES = {"litert": "ai-edge-litert", "onnx": "onnxruntime"}
# Integer files only: float ones answer as the float model, which the run has counted.
_MEASURED = ("static_int8.tflite", "static_int8.onnx", *SHIPPED)


def measure_run(run: Path, artifacts: Path, tier: str, recipe: str, variant: str) -> RunResult:
    """Gather what one run and its exported files gave.

    Args:
        run: A complete run folder.
        artifacts: What `export` made of it.
        tier: Name of the tier.
        recipe: Name of the recipe.
        variant: ``whole``, or the ingredient that it did without or had more.

    Raises:
        RunError: The run or the files are not there.
    """
    record, spec = load_record(run), load_spec(run)
    if record is None:
        raise RunError(f"there is no run in {run}")
    samples = load_samples(run / EVALUATION)
    files = [
        measure_file(path, key, samples)
        for key in _MEASURED
        if (path := artifacts / f"{spec.name}_{key}").is_file()
    ]
    if not files:
        raise RunError(f"{artifacts} holds no int8 file of {spec.name}; export the run first")
    correct = record.test_correct if record.float_correct is None else record.float_correct
    return RunResult(
        schema_version=RESULT_VERSION,
        tier=tier,
        recipe=recipe,
        variant=variant,
        seed=record.identity.settings.seed,
        settings=record.identity.settings,
        dataset=record.identity.dataset,
        data_sha256=record.identity.data_sha256,
        licence=spec.licence,
        labels=spec.labels,
        train_count=record.train_count,
        validation_count=record.validation_count,
        test_count=record.test_count,
        parameters=record.parameters,
        duration_s=record.duration_s,
        machine=record.machine,
        versions=record.versions,
        created=record.created,
        float_correct=correct,
        quantized_correct=record.quantized_correct,
        files=tuple(files),
    )


def measure_file(path: Path, key: str, samples: LabelledImages) -> FileResult:
    """Ask one file for every picture, on the runtime of its format."""
    backend = _BACKENDS[path.suffix]
    with Classifier.load(path, backend=backend) as classifier:
        given = classifier.scores(samples.images).argmax(1)
        runtime = f"{_PACKAGES[backend]} {classifier.backend_version}"
        classes = len(classifier.labels)
    flat = np.bincount(samples.labels * classes + given, minlength=classes * classes)
    confusion = flat.reshape(classes, classes)
    return FileResult(
        file=path.name,
        key=key,
        runtime=runtime,
        size_bytes=path.stat().st_size,
        sha256=sha256_of(path),
        correct=int(np.trace(confusion)),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def _read_accuracy(artifact: Path) -> float | None:
    metadata = read_metadata(artifact)
    measured = None if metadata is None else metadata.accuracy
    return None if measured is None else measured.correct / measured.total


def measure_ratio(file: Path, key: str, against: Path, run: Path, rounds: int) -> LatencyResult:
    """Time two TFLite files in turn, each time in a fresh process, one thread, LiteRT.

    Args:
        file: The one in question.
        key: Its precision and format.
        against: The other.
        run: Whose evaluation pictures are shown.
        rounds: How often both are timed.
    """
    images = load_samples(run / EVALUATION).images
    own, other = [], []
    for _ in range(rounds):
        own.append(measure_latency(file, images))
        other.append(measure_latency(against, images))
    return LatencyResult(
        key=key,
        median_us=statistics.median(own),
        against=against.name,
        against_us=statistics.median(other),
        against_accuracy=_read_accuracy(against),
        ratio=statistics.median(a / b for a, b in zip(own, other, strict=True)),
        rounds=rounds,
        cpu=describe_host().processor or "unknown",
    )
