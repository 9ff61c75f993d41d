"""Somebody's own ``.keras`` file: what it is, from the file itself and a few flags."""

import dataclasses
import importlib.util
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import InputSpec, ModelSpec, OutputSpec, Polarity, Resize
from export.errors import ExportError, ModelFileError, SampleError
from export.float_model import FloatClassifier, load_keras_model
from export.keras_file import find_first_line, read_loss
from export.model_check import (
    Shape,
    check_no_loops,
    check_one_answer,
    find_answer,
    find_input,
)
from export.picture_folder import find_label_folders, load_samples
from export.pixel_scaling import RAW_PIXELS, PixelScaling
from export.recipes import DEFAULT_CALIBRATION_SAMPLES
from export.source import Source, build_source
from export.tensorflow_import import load_keras

_PROBES = 64


@dataclass(frozen=True, slots=True)
class UserModel:
    """What a user says about a model of their own.

    Attributes:
        path: The ``.keras`` file.
        labels: A text file with one label per line, in the order of the outputs; None takes the
            names of the calibration folder's sub-folders, sorted.
        calibration: Folder per class, or .npz.
        evaluation: The same; None where there is none.
        name: For files; None takes the file's name.
        pixel_scaling: What the model needs done to raw pixels before its first layer.
        input_size: (height, width, channels) where the model leaves it open or takes rows.
        resize: How pictures of another size are brought to the model's.
        polarity: What kind of pictures the model was trained on.
        licence: SPDX identifier of the weights.
        custom_code: A Python file that registers classes the model is made of; it is executed.
        evaluation_samples: At most so many evaluation pictures are used.
        calibration_samples: At most so many calibration pictures are used.
    """

    path: Path
    labels: Path | None
    calibration: Path
    evaluation: Path | None = None
    name: str | None = None
    pixel_scaling: PixelScaling = RAW_PIXELS
    input_size: Shape | None = None
    resize: Resize = "stretch"
    polarity: Polarity = "any"
    licence: str = "unknown"
    custom_code: Path | None = None
    evaluation_samples: int = 10_000
    calibration_samples: int = DEFAULT_CALIBRATION_SAMPLES


def load_user_model(user: UserModel, tell: Callable[[str], None] = lambda _: None) -> Source:
    """Load somebody's own model with its pictures.

    Args:
        user: What the user says of it.
        tell: Told how far the reading of pictures is.

    Raises:
        ExportError: Something does not fit together; the message says what and what to do.
    """
    _check_pictures_exist(user)
    labels = _load_labels(user)
    if user.custom_code is not None:
        _run_custom_code(user.custom_code)
    model = load_keras_model(user.path)
    loss = read_loss(user.path)
    check_one_answer(model, loss.name)
    check_no_loops(model)
    takes = find_input(model, user.input_size)
    height, width, channels = takes.picture
    draft = ModelSpec(
        name=user.name or _to_name(user.path.stem),
        labels=labels,
        input=InputSpec(height, width, channels, user.resize, user.polarity),
        output=OutputSpec("logits"),
        licence=user.licence,
        description=f"Keras model {user.path.name}",
    )
    user.pixel_scaling.check_channels(channels)
    # Without evaluation pictures files are judged on the calibration pictures: the more the better.
    most = user.evaluation_samples if user.evaluation is None else user.calibration_samples
    calibration = load_samples(user.calibration, draft, "calibration", most, tell).interleaved()
    evaluation = None
    if user.evaluation is not None:
        most = user.evaluation_samples
        evaluation = load_samples(user.evaluation, draft, "evaluation", most, tell)
    probe = FloatClassifier(model, draft, user.pixel_scaling, takes.array)
    answer = find_answer(model, _probe(probe, user.path, calibration.images), labels, loss)
    spec = dataclasses.replace(draft, output=OutputSpec(answer.kind))
    classifier = dataclasses.replace(probe, spec=spec, is_binary=answer.is_binary)
    return build_source(user.path, classifier, calibration, evaluation)


def _probe(classifier: FloatClassifier, path: Path, images: npt.NDArray[np.uint8]) -> Any:
    """Ask the model for the first time; what it is made of may raise anything."""
    try:
        return classifier.measure_scores(images[:_PROBES])
    except ExportError:
        raise
    except Exception as error:
        shape = "×".join(map(str, classifier.spec.input.shape))
        line = find_first_line(error)
        raise ModelFileError(f"{path} cannot be run on pictures of {shape}: {line}") from error


def _check_pictures_exist(user: UserModel) -> None:
    """Before TensorFlow is loaded, and before labels are looked for in what is not there."""
    for what, path in (("calibration", user.calibration), ("evaluation", user.evaluation)):
        if path is not None and not path.exists():
            raise SampleError(f"there is no {what} file or folder {path}")


def _load_labels(user: UserModel) -> tuple[str, ...]:
    if user.labels is None:
        names = find_label_folders(user.calibration)
        if not names:
            raise ExportError(
                f"{user.calibration} has no sub-folders to name the labels: name them with "
                "--labels FILE, one per line in the order of the outputs"
            )
        return names
    try:
        lines = user.labels.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"cannot read the labels {user.labels}: {error}") from error
    while lines and not lines[-1].strip():
        lines.pop()
    labels = tuple(line.strip() for line in lines)
    for number, label in enumerate(labels, start=1):
        if not label:
            raise ExportError(f"{user.labels}: line {number} is empty")
        if label in labels[: number - 1]:
            raise ExportError(f"{user.labels}: line {number} repeats the label {label!r}")
    if len(labels) < 2:
        raise ExportError(f"{user.labels}: a classifier needs at least 2 labels, one per line")
    return labels


def _to_name(stem: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-") or "model"


def _run_custom_code(path: Path) -> None:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    if specification is None or specification.loader is None or not path.is_file():
        raise ExportError(f"--custom-code takes a Python file, found {path}")
    load_keras()  # before somebody's code imports it, for another backend perhaps
    module = importlib.util.module_from_spec(specification)
    # Keras finds the classes of a model by the module that they were saved from.
    sys.modules[path.stem] = module
    # As when Python runs the file itself, it finds the files beside it.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # somebody's code may raise anything, or exit
        raise ModelFileError(f"{path} failed: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.resolve().parent))
