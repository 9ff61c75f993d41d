"""The artifacts of a folder, and the pictures they are judged by."""

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from benchmarks.errors import InputError
from edge_runtime.contract import ModelSpec
from edge_runtime.document import from_document
from edge_runtime.errors import DataError, EdgeRuntimeError, MetadataError
from edge_runtime.evaluation.labelled_arrays import load_labelled_arrays
from edge_runtime.formats.metadata import read_metadata

Format = Literal["tflite", "onnx", "keras"]
_FORMATS: dict[str, Format] = {".tflite": "tflite", ".onnx": "onnx", ".keras": "keras"}
_PRECISIONS = ("fp32", "fp16", "dynamic_int8", "static_int8", "int16x8", "qat_int8")


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """One model file.

    Attributes:
        file: Its name.
        model: Name of the model, as the file name tells it.
        format: ``tflite``, ``onnx``, or ``keras`` for the float model that they were made of.
        precision: How its numbers are stored; ``unknown`` where the file name does not tell.
        size_bytes: On disk.
        sha256: Of the whole file.
    """

    file: str
    model: str
    format: Format
    precision: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Labelled pictures, and what the float model answered for them.

    Attributes:
        images: (N, height, width, channels) uint8.
        labels: (N,) int64, class indices.
        reference_scores: (N, classes) float32 of the float Keras model; None where not given.
        class_names: One per class.
        sha256: Of pictures and labels; results of other pictures are not paired with these.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    reference_scores: npt.NDArray[np.float32] | None
    class_names: tuple[str, ...]
    sha256: str

    def first(self, count: int | None) -> "EvaluationSet":
        """Return the first `count` pictures, or all of them for None."""
        if count is None or count >= len(self.labels):
            return self
        reference = None if self.reference_scores is None else self.reference_scores[:count]
        images, labels = self.images[:count], self.labels[:count]
        return EvaluationSet(images, labels, reference, self.class_names, _digest(images, labels))


def load_artifacts(folder: Path) -> list[ArtifactRecord]:
    """List the ``.tflite`` and ``.onnx`` files of a folder, by format and precision.

    Raises:
        InputError: The folder is missing or holds no artifact.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; make one with: python -m export")
    files = [path for path in folder.iterdir() if path.suffix in (".tflite", ".onnx")]
    if not files:
        raise InputError(
            f"{folder} holds no .tflite or .onnx file; make some with: python -m export"
        )
    return sorted((describe_artifact(path) for path in files), key=_in_table_order)


def describe_artifact(path: Path) -> ArtifactRecord:
    """Describe one artifact file from its name and bytes; no runtime is needed.

    Raises:
        InputError: It is no file of a known format.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    if path.suffix not in _FORMATS:
        raise InputError(f"{path} does not end in {', '.join(_FORMATS)}")
    data = path.read_bytes()
    found = re.fullmatch(rf"(.+)_({'|'.join(_PRECISIONS)})", path.stem)
    model, precision = found.groups() if found else (path.stem, "unknown")
    return ArtifactRecord(
        file=path.name,
        model=model,
        format=_FORMATS[path.suffix],
        precision="fp32" if path.suffix == ".keras" else precision,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def load_evaluation(folder: Path, file: Path | None = None) -> EvaluationSet:
    """Read ``evaluation.npz`` beside the artifacts, or another file of that form.

    Raises:
        InputError: It is missing, malformed, or its arrays do not fit together.
    """
    path = file or folder / "evaluation.npz"
    images, labels, reference = _read_arrays(path)
    _check_reference(path, reference, len(images))
    count = int(labels.max()) + 1 if reference is None else reference.shape[1]
    classes = _load_class_names(folder) or tuple(map(str, range(count)))
    if labels.max() >= len(classes):
        raise InputError(f"{path}: label {labels.max()} has no name among {len(classes)} classes")
    if reference is not None and reference.shape[1] != len(classes):
        raise InputError(
            f"{path}: reference_scores are for {reference.shape[1]} classes, the model has "
            f"{len(classes)}; export the model again, or name its own pictures (--evaluation)"
        )
    return EvaluationSet(images, labels, reference, classes, _digest(images, labels))


def _read_arrays(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], Any]:
    if not path.exists():
        raise InputError(
            f"there is no evaluation set at {path}; export writes one, or name one (--evaluation)"
        )
    try:
        images, labels = load_labelled_arrays(path)
    except DataError as error:
        raise InputError(f"{path} is no evaluation set: {error}") from error
    try:
        # Opened here: of a damaged file numpy leaves its own handle open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return images, labels, arrays.get("reference_scores")
    except Exception as error:  # a damaged array raises whatever the part that meets it raises
        raise InputError(
            f"{path}: its array reference_scores cannot be read; export the model again, or name "
            "pictures of your own (--evaluation)"
        ) from error


def _check_reference(path: Path, reference: Any, count: int) -> None:
    if reference is None:
        return
    if reference.ndim != 2 or len(reference) != count or reference.dtype.kind != "f":
        raise InputError(
            f"{path}: reference_scores must be floats (N, classes) for {count} pictures, "
            f"found {reference.dtype} {reference.shape}"
        )
    if not np.isfinite(reference).all():
        raise InputError(f"{path}: reference_scores hold nan or infinity; export the model again")


def _load_class_names(folder: Path) -> tuple[str, ...] | None:
    """Labels from the manifest that export leaves, or from an artifact itself; None without."""
    path = folder / "manifest.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return from_document(ModelSpec, document["model"], "manifest.json: model").labels
    except FileNotFoundError:
        return _read_labels_inside(folder)
    except KeyError as error:
        raise InputError(f"{path} has no {error}; export the model again") from error
    except (OSError, ValueError, TypeError, RecursionError, MetadataError) as error:
        raise InputError(f"{path} cannot be read: {error}; export the model again") from error


def load_recommended(folder: Path) -> str | None:
    """The file that the manifest beside the artifacts recommends; None without one there."""
    try:
        name = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["recommended"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return next((record.file for record in load_artifacts(folder) if record.file == name), None)


def _read_labels_inside(folder: Path) -> tuple[str, ...] | None:
    """Labels of the first artifact that carries some; what damaged ones lack, the table tells."""
    for record in load_artifacts(folder):
        with contextlib.suppress(EdgeRuntimeError):
            metadata = read_metadata(folder / record.file)
            if metadata is not None:
                return metadata.model.labels
    return None


def _digest(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> str:
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(np.ascontiguousarray(images).data)
    digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()


def _in_table_order(record: ArtifactRecord) -> tuple[Any, ...]:
    known = _PRECISIONS.index(record.precision) if record.precision in _PRECISIONS else 99
    return record.model, record.format != "tflite", known, record.file
