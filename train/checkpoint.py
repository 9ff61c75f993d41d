"""The state of an unfinished run: enough to go on from its last epoch as if nothing happened."""

import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge_runtime.document import from_document, to_document
from train.errors import RunError
from train.files import replace_file
from train.history import Epoch

FILE_NAME = "checkpoint.npz"
# What numpy raises on an archive that was cut short or altered.
_UNREADABLE = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What `load_checkpoint` found: which run this is, and what it has done.

    Attributes:
        identity: Settings and data of the run, as a JSON document.
        epochs: One entry for each epoch that is done.
    """

    identity: str
    epochs: tuple[Epoch, ...]


def save_checkpoint(
    folder: Path, model: keras.Model, identity: str, epochs: tuple[Epoch, ...]
) -> None:
    """Store weights, optimizer state and random states of a compiled model, atomically.

    Raises:
        RunError: It cannot be written; the one before it stays.
    """
    arrays = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(_variables(model))}
    about = json.dumps({"identity": identity, "epochs": [to_document(epoch) for epoch in epochs]})
    # Whole in memory first: on a full disk numpy's archive complains again when Python lets it go.
    content = io.BytesIO()
    np.savez(content, about=np.array(about), **arrays)
    try:
        with replace_file(folder / FILE_NAME) as beside:
            beside.write_bytes(content.getbuffer())
    except OSError as error:
        raise RunError(
            f"the checkpoint cannot be written to {folder} ({error.strerror}). Once it can, the "
            "same command goes on from the last whole epoch"
        ) from error


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Read what an unfinished run says of itself; None where there is none.

    Raises:
        RunError: A checkpoint is there but cannot be read.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    try:
        # Opened here because numpy leaves the file open where it is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            about: dict[str, Any] = json.loads(str(stored["about"]))
        epochs = tuple(from_document(Epoch, epoch, path.name) for epoch in about["epochs"])
        return Checkpoint(str(about["identity"]), epochs)
    except (*_UNREADABLE, KeyError) as error:
        raise RunError(f"{path} is damaged ({error}); start again with --force") from error


def restore_checkpoint(folder: Path, model: keras.Model) -> None:
    """Put a stored state back into a freshly built and compiled model of the same kind.

    Raises:
        RunError: The state is damaged, or another network's.
    """
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            values = dict(stored)
    except _UNREADABLE as error:
        raise RunError(f"{path} is damaged ({error}); start again with --force") from error
    for i, variable in enumerate(_variables(model)):
        value = values.get(f"v{i}")
        if value is None or value.shape != tuple(variable.shape):
            raise RunError(f"{path} belongs to another network; start again with --force")
        variable.assign(value)


def _variables(model: keras.Model) -> list[Any]:
    """All state of a compiled model: its weights, its random generators', its optimizer's."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
