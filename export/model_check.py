"""Finding out what a Keras model takes and answers, and refusing what is no classifier."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from export.errors import NotAClassifierError
from export.keras_file import Loss

Shape = tuple[int, int, int]
NO_LOSS = Loss()
_REGRESSION_LOSSES = ("mean_squared", "mean_absolute", "mse", "mae", "huber", "log_cosh", "poisson")


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What a classifier takes.

    Attributes:
        picture: (height, width, channels) of a picture.
        array: What the model wants a picture shaped as: the same, or (height, width) of a gray
            one, or (numbers,) of one laid out in a row.
    """

    picture: Shape
    array: tuple[int, ...]


def find_input(model: Any, stated: Shape | None) -> ModelInput:
    """Find out what pictures the model takes, and in which shape.

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
        return ModelInput(stated, stated)
    sides = tuple(shape[1:])
    if len(sides) == 1:
        return _find_row(sides[0], stated)
    if len(sides) == 2:
        picture = _find_picture((*sides, 1), stated)
        return ModelInput(picture, picture[:2])
    if len(sides) != 3:
        raise NotAClassifierError(
            "expected an input (batch, height, width, channels), or (batch, height, width) for "
            f"gray pictures, the model takes {tuple(shape)}"
        )
    picture = _find_picture(sides, stated)
    return ModelInput(picture, picture)


def _find_row(length: int | None, stated: Shape | None) -> ModelInput:
    if stated is None:
        raise NotAClassifierError(
            f"the model takes rows of {length or 'some'} numbers; say with --input-size "
            "HEIGHTxWIDTHxCHANNELS what pictures they are, row after row"
        )
    if length not in (None, math.prod(stated)):
        raise NotAClassifierError(
            f"--input-size says {stated}, {math.prod(stated)} numbers; the model takes {length}"
        )
    return ModelInput(stated, (math.prod(stated),))


def _find_picture(sides: tuple[int | None, ...], stated: Shape | None) -> Shape:
    if stated is not None:
        if any(side not in (None, said) for side, said in zip(sides, stated, strict=True)):
            raise NotAClassifierError(f"--input-size says {stated}, the model takes {sides}")
        return stated
    if sides[2] not in (1, 3, None):
        order = " (channels first? build it channels last)" if sides[0] in (1, 3) else ""
        raise NotAClassifierError(
            f"a picture has 1 or 3 channels, the model takes (height, width, channels) {sides}"
            + order
        )
    height, width, channels = sides
    if height is None or width is None or channels is None:
        raise NotAClassifierError(
            f"the model leaves its input size open {sides}; choose it with --input-size"
        )
    return height, width, channels


def check_one_answer(model: Any, loss: str) -> None:
    """Refuse models that answer something else than one score per class.

    Args:
        model: A loaded Keras model.
        loss: Name of what it was compiled with; may be empty.

    Raises:
        NotAClassifierError: It has several outputs, or was trained on something else.
    """
    outputs = getattr(model, "outputs", None)
    if outputs is not None and len(outputs) != 1:
        raise NotAClassifierError(
            f"the model has {len(outputs)} outputs ({', '.join(model.output_names)}), expected one "
            "row of class scores; cut the others off and save it again"
        )
    if any(name in loss for name in _REGRESSION_LOSSES):
        raise NotAClassifierError(
            f"the model was trained with the loss {loss!r}: a regression, not a classifier"
        )


def check_no_loops(model: Any) -> None:
    """Refuse recurrent layers that loop: no converter here makes operators of their loops.

    Args:
        model: A loaded Keras model.

    Raises:
        NotAClassifierError: It has such layers.
    """
    looping = [
        layer.name for layer in model._flatten_layers() if getattr(layer, "unroll", None) is False
    ]
    if looping:
        raise NotAClassifierError(
            f"the model loops over time ({', '.join(looping)}), which no exported file can. Build "
            "it again with unroll=True in these layers, copy the weights with set_weights, and "
            "save that"
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a classifier answers.

    Attributes:
        kind: ``probabilities`` (after softmax or sigmoid) or ``logits``.
        is_binary: It is one number, for yes or no.
    """

    kind: Literal["probabilities", "logits"]
    is_binary: bool = False


def find_answer(model: Any, scores: Any, labels: Sequence[str], loss: Loss = NO_LOSS) -> Answer:
    """Find out what the model answers, from its answers to real pictures.

    Args:
        model: A loaded Keras model.
        scores: (N, classes), its answers.
        labels: One per class; two for a model that answers one number.
        loss: What it was compiled with.

    Raises:
        NotAClassifierError: The answers are no scores of the labels.
    """
    if scores.ndim != 2:
        raise NotAClassifierError(
            f"expected one row of scores per picture, the model answers {scores.shape}"
        )
    if not np.isfinite(scores).all():
        raise NotAClassifierError("the model answers NaN or infinity on the calibration pictures")
    classes = scores.shape[1]
    if classes == 1:
        return _find_binary_answer(model, scores, labels, loss)
    if classes != len(labels):
        raise NotAClassifierError(
            f"the model answers {classes} scores, but there are {len(labels)} labels"
        )
    if (scores >= 0).all() and np.allclose(scores.sum(axis=1), 1.0, atol=1e-3):
        return Answer("probabilities")
    if _are_shares(scores):
        raise NotAClassifierError(
            "the model ends in a sigmoid, or answers as if it did (from 0 to 1, but not 1 in all): "
            "several labels may be true at once. This toolkit deploys classifiers that choose one; "
            "end it with a softmax or with logits"
        )
    return Answer("logits")


def _find_binary_answer(model: Any, scores: Any, labels: Sequence[str], loss: Loss) -> Answer:
    has_sigmoid = _ends_in_sigmoid(model)
    if not has_sigmoid and "binary" not in loss.name:
        raise NotAClassifierError(
            "the model answers one number: a regression. A classifier of yes and no is known by a "
            "sigmoid at its end, or by the loss binary_crossentropy that it was compiled with"
        )
    if len(labels) != 2:
        raise NotAClassifierError(
            f"the model answers one number, for yes or no, which takes 2 labels (first the one "
            f"of low numbers), found {len(labels)}"
        )
    # A sigmoid may be hidden in somebody's own code. Where neither the loss nor a layer tells, the
    # answers do: logits of many pictures do not all lie between 0 and 1.
    is_logit = not _are_shares(scores) or (not has_sigmoid and bool(loss.from_logits))
    return Answer("logits" if is_logit else "probabilities", is_binary=True)


def _are_shares(scores: Any) -> bool:
    return bool(((scores >= 0) & (scores <= 1)).all())


def _ends_in_sigmoid(model: Any) -> bool:
    # A functional model may end in an operation that is no layer, or in another model.
    steps = getattr(model, "operations", None) or getattr(model, "layers", None)
    if steps:
        return _ends_in_sigmoid(steps[-1])
    names = (getattr(getattr(model, "activation", None), "__name__", ""), type(model).__name__)
    return any("sigmoid" in name.lower() for name in names)


def _read_shape(model: Any) -> Any:
    try:
        return model.input_shape
    except AttributeError:  # a subclassed model that was never called on a symbolic input
        config = model.get_build_config() or {}
        shape = config.get("input_shape") or config.get("shapes_dict", {}).get("input_shape")
        return tuple(shape) if shape else None
