"""What happened in each epoch of a training run, and its CSV form."""

import csv
import dataclasses
import io
from dataclasses import dataclass
from pathlib import Path

from train.files import replace_file


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training split.

    Attributes:
        epoch: Its number, from 1.
        learning_rate: The optimizer's rate at the end of the epoch.
        loss: Mean loss over the augmented training pictures.
        accuracy: Share of them labelled rightly while training.
        validation_loss: Mean loss over the validation split, not augmented.
        validation_accuracy: Share of the validation split labelled rightly.
        duration_s: Wall time of the epoch, validation included.
        input_wait_s: Part of it that the trainer waited for batches.
    """

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    duration_s: float
    input_wait_s: float


COLUMNS = tuple(field.name for field in dataclasses.fields(Epoch))


def format_history(epochs: tuple[Epoch, ...]) -> str:
    """Return the history as CSV text with a header line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for epoch in epochs:
        writer.writerow(f"{value:.6g}" for value in dataclasses.astuple(epoch))
    return text.getvalue()


def save_history(path: Path, epochs: tuple[Epoch, ...]) -> None:
    """Write the history as CSV."""
    with replace_file(path) as beside:
        beside.write_text(format_history(epochs))
