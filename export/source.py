"""What an export starts from: a run folder of ours, or somebody's own model."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.contract import LearnedRanges, ModelSpec
from edge_runtime.document import from_json
from export.errors import ExportError
from export.float_model import FloatClassifier, check_classifier, load_keras_model
from export.samples import (
    Samples,
    check_disjoint,
    load_samples_npz,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A float classifier with the pictures to calibrate and check it on.

    Attributes:
        classifier: The float model and what it is.
        model_sha256: Of the ``.keras`` file.
        calibration: Pictures from the training data.
        evaluation: Pictures never used in training; None where the user has none.
        ranges: Learned by quantization-aware training; None for other models.
        warnings: For people.
    """

    classifier: FloatClassifier
    model_sha256: str
    calibration: Samples
    evaluation: Samples | None
    ranges: LearnedRanges | None = None
    warnings: tuple[str, ...] = ()


def load_run(run: Path) -> Source:
    """Load the run folder that training left.

    Raises:
        ExportError: Something is missing or does not fit together.
    """
    if not run.is_dir():
        raise ExportError(f"there is no run folder {run}; train one with: python -m train")
    missing = [
        name
        for name in ("model.keras", "spec.json", "calibration.npz", "evaluation.npz")
        if not (run / name).is_file()
    ]
    if missing:
        raise ExportError(
            f"{run} is no finished run: {', '.join(missing)} missing. Finish it with python -m "
            "train, or export a model of your own with --model"
        )
    spec = from_json(ModelSpec, (run / "spec.json").read_bytes(), str(run / "spec.json"))
    calibration = load_samples_npz(run / "calibration.npz", spec, "calibration")
    evaluation = load_samples_npz(run / "evaluation.npz", spec, "evaluation")
    ranges = None
    if (run / "ranges.json").is_file():
        where = run / "ranges.json"
        ranges = from_json(LearnedRanges, where.read_bytes(), str(where))
    model = load_keras_model(run / "model.keras")
    check_classifier(model, spec)
    return build_source(
        run / "model.keras", FloatClassifier(model, spec), calibration, evaluation, ranges
    )


def build_source(
    model_path: Path,
    classifier: FloatClassifier,
    calibration: Samples,
    evaluation: Samples | None,
    ranges: LearnedRanges | None = None,
) -> Source:
    """Check that the pictures can be trusted, and put everything together.

    Raises:
        SampleError: They cannot.
    """
    warnings = []
    if evaluation is None:
        warnings.append(
            "no evaluation pictures: files are judged on the calibration pictures, which flatters "
            "them, and no accuracy is written into them. Name some with --evaluation"
        )
    else:
        check_disjoint(calibration, evaluation)
    return Source(
        classifier=classifier,
        model_sha256=hashlib.sha256(model_path.read_bytes()).hexdigest(),
        calibration=calibration,
        evaluation=evaluation,
        ranges=ranges,
        warnings=tuple(warnings),
    )
