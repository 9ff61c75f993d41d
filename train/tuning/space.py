"""What the search may choose: the widths of the network and the strength of the recipe."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_runtime.contract import InputSpec
from train.recipes import DEFAULT, RECIPES
from train.settings import TrainingSettings

if TYPE_CHECKING:
    import keras_tuner

# Multiples of 16 fill the vector lanes of int8 kernels; see docs/models.md.
_CHANNEL_STEP = 16
# Settings that an option of the same name gives to ``python -m train``.
_VALUES = (
    "optimizer",
    "learning_rate",
    "batch_size",
    "seed",
    "shift",
    "erase",
    "mixup",
    "cutmix",
    "label_smoothing",
    "weight_decay",
    "ema",
    "validation_fraction",
)


def declare_space() -> "keras_tuner.HyperParameters":
    """Return the search space."""
    import keras_tuner

    space = keras_tuner.HyperParameters()
    space.Int("conv1", 16, 48, step=_CHANNEL_STEP)
    space.Int("conv2", 16, 96, step=_CHANNEL_STEP)
    space.Int("dense", 32, 192, step=32)
    space.Float("dropout", 0.0, 0.4, step=0.1)
    space.Float("learning_rate", 5e-4, 5e-3, sampling="log")
    space.Float("shift", 0.0, 0.08, step=0.04)
    space.Float("erase", 0.0, 0.3, step=0.1)
    return space


def to_settings(values: Mapping[str, Any], base: TrainingSettings) -> TrainingSettings:
    """Turn a point of the space into settings; what it leaves open comes from `base`."""
    return replace(
        base,
        widths=(int(values["conv1"]), int(values["conv2"]), int(values["dense"])),
        dropout=round(float(values["dropout"]), 3),
        # Three digits are what a person can type, and more than training can tell apart.
        learning_rate=float(f"{values['learning_rate']:.3g}"),
        augmentation=replace(
            base.augmentation,
            shift=round(float(values["shift"]), 3),
            erase=round(float(values["erase"]), 3),
        ),
    )


def format_command(
    settings: TrainingSettings,
    epochs: int,
    data: Path | None,
    spec: InputSpec,
    test_fraction: float | None,
) -> str:
    """Return the command that trains with these settings on all of the data.

    Args:
        settings: Of the trial.
        epochs: Of the whole training.
        data: Folder of the data set; None for Fashion-MNIST.
        spec: Of its pictures.
        test_fraction: What the search kept for the test, so that the training does too; None for
            the usual.
    """
    words = ["python -m train"]
    if data is not None:
        words.append(f"--data {shlex.quote(str(data))} --input-size {spec.height}x{spec.width}")
        words.append(f"--channels {spec.channels} --resize {spec.resize}")
        words.append(f"--polarity {spec.polarity}")
        words += [] if test_fraction is None else [f"--test-fraction {test_fraction:g}"]
    widths = ",".join(str(width) for width in settings.widths)
    words.append(f"--widths {widths} --dropout {settings.dropout:g} --epochs {epochs}")
    values, usual = _list_values(settings), _list_values(RECIPES[DEFAULT])
    words += [
        f"--{name.replace('_', '-')} {values[name]}"
        for name in _VALUES
        if values[name] != usual[name]
    ]
    words += [] if settings.augmentation.flip else ["--no-flip"]
    words += ["--mixed-precision"] if settings.mixed_precision else []
    return " ".join(words)


def _list_values(settings: TrainingSettings) -> dict[str, Any]:
    return asdict(settings) | asdict(settings.augmentation) | asdict(settings.mixing)
