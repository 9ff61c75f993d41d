"""Finding out what a Keras model takes and answers, and refusing what is no classifier."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from export.errors import NotAClassifierError

Shape = tuple[int, int, int]
_REGRESSION_LOSSES = ("mean_squared", "mean_absolute", "mse", "mae", "huber", "log_cosh", "poisson")


def find_input_shape(model: Any, stated: Shape | None) -> Shape:
    """Find (height, width, channels) of the model's one input.

    Args:
        model: A loaded Keras model.
        stated: What the user says, needed where the model leaves a side open.

    Raises:
        NotAClassifierError: It takes no single picture, or contradicts the user.
    """
    inputs = getattr(model, "inputs", None)
    if inputs is not None and len(inputs) != 1:
        raise NotAClassifierError(f"the model has {len(inputs)} inputs, expected one picture")
    shape = _read_shape(model)
    if shape is None:
        if stated is None:
            raise NotAClassifierError(
                "the model does not say what it takes; tell it with "
                "--input-size HEIGHTxWIDTHxCHANNELS"
            )
        return stated
    sides = tuple(shape[1:])
    if len(sides) != 3:
        raise NotAClassifierError(
            f"expected an input (batch, height, width, channels), the model takes {tuple(shape)}"
        )
    if stated is not None:
        if any(side not in (None, said) for side, said in zip(sides, stated, strict=True)):
            raise NotAClassifierError(f"--input-size says {stated}, the model takes {sides}")
        return stated
    if None in sides:
        raise NotAClassifierError(
            f"the model leaves its input size open {sides}; choose it with --input-size"
        )
    return sides[0], sides[1], sides[2]


def check_one_answer(model: Any, path: Path) -> None:
    """Refuse models that answer something else than one score per class.

    Raises:
        NotAClassifierError: It has several outputs, or was trained on something else.
    """
    outputs = getattr(model, "outputs", None)
    if outputs is not None and len(outputs) != 1:
        raise NotAClassifierError(
            f"the model has {len(outputs)} outputs ({', '.join(model.output_names)}), expected one "
            "row of class scores; cut the others off and save it again"
        )
    loss = _read_loss(path)
    if any(name in loss for name in _REGRESSION_LOSSES):
        raise NotAClassifierError(
            f"the model was trained with the loss {loss!r}: a regression, not a classifier"
        )


def find_output_kind(
    model: Any, scores: Any, labels: Sequence[str]
) -> Literal["probabilities", "logits"]:
    """Find out what the model answers, from its answers to real pictures.

    Args:
        model: A loaded Keras model.
        scores: (N, classes), its answers.
        labels: One per class.

    Raises:
        NotAClassifierError: The answers are no scores of the labels.
    """
    if scores.ndim != 2:
        raise NotAClassifierError(
            f"expected one row of scores per picture, the model answers {scores.shape}"
        )
    classes = scores.shape[1]
    if classes == 1:
        raise NotAClassifierError(
            "the model answers one number: a regression, or a yes/no classifier with a sigmoid. "
            "End it with Dense(2, activation='softmax') instead"
        )
    if classes != len(labels):
        raise NotAClassifierError(
            f"the model answers {classes} scores, but there are {len(labels)} labels"
        )
    if not np.isfinite(scores).all():
        raise NotAClassifierError("the model answers NaN or infinity on the calibration pictures")
    if (scores >= 0).all() and np.allclose(scores.sum(axis=1), 1.0, atol=1e-3):
        return "probabilities"
    last = model.layers[-1] if getattr(model, "layers", None) else None
    if getattr(getattr(last, "activation", None), "__name__", "") == "sigmoid":
        raise NotAClassifierError(
            "the model ends in a sigmoid: several labels may be true at once. This toolkit "
            "deploys classifiers that choose one; end it with a softmax or with logits"
        )
    return "logits"


def _read_shape(model: Any) -> Any:
    try:
        return model.input_shape
    except AttributeError:  # a subclassed model that was never called on a symbolic input
        config = model.get_build_config() or {}
        shape = config.get("input_shape") or config.get("shapes_dict", {}).get("input_shape")
        return tuple(shape) if shape else None


def _read_loss(path: Path) -> str:
    """Name of the loss that the model was compiled with; empty where it was not."""
    with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
        try:
            compiled = json.load(file).get("compile_config") or {}
        except (ValueError, AttributeError):
            return ""
    loss = compiled.get("loss")
    if isinstance(loss, dict):
        loss = loss.get("class_name") or loss.get("config")
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in str(loss or ""))
    return snake.lstrip("_")
