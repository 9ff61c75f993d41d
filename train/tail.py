"""The end of a run that trains with int8 in the loop, after its float training is over."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from edge_runtime.contract import LearnedRanges
from train.files import replace_folder
from train.history import Epoch
from train.quantization.network import build_quantized, read_ranges
from train.run_folder import FLOAT_MODEL
from train.samples import Images

_FOLDER = "float"


@dataclass(frozen=True, slots=True, eq=False)
class TailOutcome:
    """What the tail leaves behind.

    Attributes:
        float_model: The plain network before it.
        model: The plain network after it, to be stored.
        quantized: The same network in int8 steps; shares its variables.
        ranges: What its layers learned.
        epochs: One entry for each epoch of the whole run.
    """

    float_model: keras.Model
    model: keras.Model
    quantized: keras.Model
    ranges: LearnedRanges
    epochs: tuple[Epoch, ...]


def keep_float_model(unfinished: Path, train_float: Callable[[], keras.Model]) -> Path:
    """Return where the trained plain network lies, training it if it is not there yet.

    The tail always starts from the file, so that a resumed run and an uninterrupted one do alike.
    """
    folder = unfinished / _FOLDER
    if not (folder / FLOAT_MODEL).is_file():
        model = train_float()
        with replace_folder(folder) as beside:
            model.save(beside / FLOAT_MODEL)
    return folder / FLOAT_MODEL


def train_tail(
    float_model: Path, images: Images, fit_tail: Callable[[keras.Model], tuple[Epoch, ...]]
) -> TailOutcome:
    """Train a plain network on in int8 steps.

    Args:
        float_model: File of the plain network.
        images: uint8 (N, height, width, channels) of the training split; they give the first
            ranges.
        fit_tail: Trains the quantized network, and returns the whole run's epochs.
    """
    model = keras.models.load_model(float_model)
    quantized = build_quantized(model, images)
    epochs = fit_tail(quantized)
    before = keras.models.load_model(float_model)
    return TailOutcome(before, model, quantized, read_ranges(quantized), epochs)
