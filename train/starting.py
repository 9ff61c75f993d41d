"""The model that a run starts from: fresh, pretrained, or another run's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras

from train.errors import RunError
from train.initial_run import InitialRun
from train.settings import TrainingSettings
from train.stored_network import load_network
from train.zoo import ARCHITECTURES
from train.zoo.backbones import BACKBONES, build_backbone


@dataclass(frozen=True, slots=True, eq=False)
class StartingModel:
    """An uncompiled model and what must be known of it.

    Attributes:
        model: Fed raw pixels 0–255 through an input named ``input``.
        output: What its last layer gives.
        summary: One line for people.
        to_deployable: Turns it, once trained, into the model to store.
    """

    model: keras.Model
    output: Literal["probabilities", "logits"]
    summary: str
    to_deployable: Callable[[keras.Model], keras.Model]


def build_starting_model(
    settings: TrainingSettings,
    input_shape: tuple[int, int, int],
    class_names: tuple[str, ...],
    initial: InitialRun | None,
) -> StartingModel:
    """Build what the settings ask for; with ``freeze`` only the last layer stays trainable.

    Raises:
        RunError: The initial run does not fit the data, or pretrained weights cannot be had.
    """
    name = settings.architecture
    if initial is not None:
        start = _continue_run(initial, input_shape, class_names)
    elif name in BACKBONES:
        start = StartingModel(
            build_backbone(name, settings.init or "random", input_shape, len(class_names)),
            "probabilities",
            f"{name} of Keras Applications with a new last layer",
            _as_it_is,
        )
    else:
        architecture = ARCHITECTURES[name]
        options: dict[str, Any] = {}
        if settings.widths:
            options["widths"] = settings.widths
        if settings.dropout is not None:
            options["dropout"] = settings.dropout
        if options and not architecture.tunable:
            raise RunError(f"{name} has no widths or dropout to choose")
        if not settings.branches:
            if not architecture.branched:
                raise RunError(f"{name} has no branches to leave out")
            options["branched"] = False
        try:
            model = architecture.build(input_shape, len(class_names), **options)
        except ValueError as error:
            raise RunError(
                f"{name} cannot be built for pictures of {input_shape[0]}×{input_shape[1]} pixels: "
                f"{_find_reason(error)}. Small pictures need a larger --input-size."
            ) from error
        start = StartingModel(
            model, architecture.output, architecture.summary, architecture.to_deployable
        )
    if settings.freeze:
        for layer in start.model.layers[:-1]:
            layer.trainable = False
    return start


def _find_reason(error: ValueError) -> str:
    """Its first line that says something: Keras puts one about its own calls before it."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Exception encountered")]
    return (told or lines or ["a layer refuses them"])[0].rstrip(".")


def _continue_run(
    initial: InitialRun, input_shape: tuple[int, int, int], class_names: tuple[str, ...]
) -> StartingModel:
    spec = initial.spec
    if spec.input.shape != input_shape:
        raise RunError(
            f"{initial.folder} takes pictures of {spec.input.shape}, the data has {input_shape}"
        )
    model = load_network(initial)
    for layer in model._flatten_layers(include_self=False):
        layer.trainable = True  # whatever was frozen when it was trained
    if spec.labels != class_names:
        model = _replace_last_layer(model, len(class_names), spec.output.kind, initial.folder)
    summary = spec.description.rsplit(": ", 1)[-1] or spec.name
    return StartingModel(model, spec.output.kind, summary, _as_it_is)


def _replace_last_layer(model: keras.Model, classes: int, output: str, folder: Path) -> keras.Model:
    last = model.layers[-1]
    if not isinstance(last, keras.layers.Dense):
        raise RunError(
            f"the model of {folder} ends in a {type(last).__name__}; only a Dense layer can be "
            "replaced by one for other classes"
        )
    fresh = keras.layers.Dense(
        classes, activation="softmax" if output == "probabilities" else None, name=last.name
    )
    return keras.Model(model.inputs, fresh(last.input), name=model.name)


def _as_it_is(model: keras.Model) -> keras.Model:
    return model
