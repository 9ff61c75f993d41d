"""The run folder: what training leaves behind and export takes up.

A folder that bears the run's name is complete: it is filled beside its place and moved in whole.
"""

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from edge_runtime.contract import InputSpec, LearnedRanges, ModelSpec
from edge_runtime.document import from_json, to_json
from edge_runtime.errors import MetadataError
from train.errors import RunError
from train.samples import LabelledImages
from train.settings import TrainingSettings

SCHEMA_VERSION = 2
RECORD, SPEC, MODEL = "training.json", "spec.json", "model.keras"
CALIBRATION, EVALUATION, HISTORY = "calibration.npz", "evaluation.npz", "history.csv"
RANGES, REPORT, FIGURES = "ranges.json", "report.md", "figures"
# Of a run with a quantized tail: the network before it.
FLOAT_MODEL = "float_model.keras"
COMPLETE = (RECORD, SPEC, MODEL, CALIBRATION, EVALUATION, HISTORY)
# All that training may write; what else lies there is a person's own.
WRITTEN = (*COMPLETE, RANGES, REPORT, FLOAT_MODEL, FIGURES)


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What makes two runs the same: how they train and on what.

    Attributes:
        settings: How to train.
        dataset: Short name of the data set.
        data_sha256: `ImageDataset.fingerprint` of it.
        input: How a picture from elsewhere is brought to the form of its pictures.
    """

    settings: TrainingSettings
    dataset: str
    data_sha256: str
    input: InputSpec


@dataclass(frozen=True, slots=True)
class RunRecord:
    """``training.json``: how a run came about and how it ended.

    Attributes:
        schema_version: Version of this document's form.
        created: When it ended, as an ISO 8601 UTC time.
        identity: What was asked for.
        train_count: Pictures trained on.
        validation_count: Pictures held out of the training split.
        test_count: Pictures of the test split.
        test_correct: Of these, labelled rightly by the stored model.
        parameters: Numbers in the stored model.
        duration_s: Wall time of all epochs together.
        machine: Processor architecture and system.
        versions: What it ran on, such as ``keras 3.15.1``.
        float_correct: Labelled rightly by the network before the quantized tail; None where there
            was none.
        quantized_correct: Labelled rightly by the stored model in int8 steps, as the tail trained
            it; None where there was none.
    """

    schema_version: int
    created: str
    identity: RunIdentity
    train_count: int
    validation_count: int
    test_count: int
    test_correct: int
    parameters: int
    duration_s: float
    machine: str
    versions: tuple[str, ...]
    float_correct: int | None = None
    quantized_correct: int | None = None


def current_versions() -> tuple[str, ...]:
    """Return the Python and package versions that a run's result depends on."""
    found = [f"python {platform.python_version()}"]
    for package in ("keras", "tensorflow", "jax", "torch", "numpy"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return tuple(found)


def current_time() -> str:
    """Return the time as ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def load_record(folder: Path) -> RunRecord | None:
    """Read a complete run's record; None where the folder does not exist or is empty.

    Raises:
        RunError: The folder holds something else, or a run with parts missing.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    missing = [name for name in COMPLETE if not (folder / name).is_file()]
    if missing:
        raise RunError(
            f"{folder} is no complete run: {', '.join(missing)} missing. Choose another place "
            "with --run, or replace it with --force."
        )
    try:
        return from_json(RunRecord, (folder / RECORD).read_bytes(), str(folder / RECORD))
    except (MetadataError, ValueError) as error:
        raise RunError(f"{error}. Train again with --force.") from error


def load_spec(folder: Path) -> ModelSpec:
    """Read a run's ``spec.json``.

    Raises:
        MetadataError: It is malformed.
        OSError: It is not there.
    """
    return from_json(ModelSpec, (folder / SPEC).read_bytes(), str(folder / SPEC))


def save_samples(path: Path, samples: LabelledImages) -> None:
    """Write pictures and labels in the form that `export` reads."""
    with path.open("wb") as file:
        np.savez_compressed(file, images=samples.images, labels=samples.labels)


def load_samples(path: Path) -> LabelledImages:
    """Read what `save_samples` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return LabelledImages(stored["images"], stored["labels"])


def save_contract(
    folder: Path,
    spec: ModelSpec,
    calibration: LabelledImages,
    evaluation: LabelledImages,
    ranges: LearnedRanges | None = None,
) -> None:
    """Write all that `export` needs besides the model itself into a folder.

    Args:
        folder: An existing folder, usually one given by `train.files.replace_folder`.
        spec: What the model is.
        calibration: Pictures of the training split, stratified.
        evaluation: The whole test split.
        ranges: What quantization-aware training learned, where it did.
    """
    (folder / SPEC).write_text(to_json(spec), encoding="utf-8")
    save_samples(folder / CALIBRATION, calibration)
    save_samples(folder / EVALUATION, evaluation)
    if ranges is not None:
        (folder / RANGES).write_text(to_json(ranges), encoding="utf-8")
