"""What the search may choose: the widths of the network and the strength of the recipe."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_runtime.contract import InputSpec
from train.settings import TrainingSettings

if TYPE_CHECKING:
    import keras_tuner

# Multiples of 16 fill the vector lanes of int8 kernels; see docs/architecture.md.
_CHANNEL_STEP = 16


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
    settings: TrainingSettings, epochs: int, data: Path | None, spec: InputSpec
) -> str:
    """Return the command that trains with these settings on all of the data."""
    words = ["python -m train"]
    if data is not None:
        words.append(f"--data {shlex.quote(str(data))} --input-size {spec.height}x{spec.width}")
        words.append(f"--channels {spec.channels} --resize {spec.resize}")
        words.append(f"--polarity {spec.polarity}")
    widths = ",".join(str(width) for width in settings.widths)
    words.append(f"--widths {widths} --dropout {settings.dropout:g}")
    words.append(f"--learning-rate {settings.learning_rate:g} --epochs {epochs}")
    words.append(f"--batch-size {settings.batch_size} --seed {settings.seed}")
    how = settings.augmentation
    words.append(f"--shift {how.shift:g} --erase {how.erase:g}")
    if not how.flip:
        words.append("--no-flip")
    return " ".join(words)
