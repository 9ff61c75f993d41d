"""A ``.keras`` file before and after Keras refuses it: what it is, and what to do about it.

Keras's own messages name options that an export does not offer, such as switching safe mode off.
"""

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import ModelFileError

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def check_keras_file(path: Path) -> None:
    """Check that a file is a Keras 3 model at all, without loading it.

    Raises:
        ModelFileError: It is missing, cut short, or of another kind.
    """
    if path.is_dir():
        raise ModelFileError(
            f"{path} is a folder. A SavedModel cannot be exported again: load the Keras model that "
            "it was made from and save that with model.save('model.keras')"
        )
    if not path.is_file():
        raise ModelFileError(f"there is no model file {path}")
    with path.open("rb") as file:
        magic = file.read(len(_HDF5_MAGIC))
    if magic == _HDF5_MAGIC:
        raise ModelFileError(_explain_hdf5(path))
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except Exception as error:  # a damaged table of contents raises many kinds
        raise ModelFileError(
            f"{path} is not a .keras file, or is cut short or damaged "
            f"(no zip archive with an intact end: {error})"
        ) from error
    if "config.json" not in members:
        raise ModelFileError(f"{path} is a zip archive but no Keras model (no config.json)")


@dataclass(frozen=True, slots=True)
class Loss:
    """What a model was compiled with.

    Attributes:
        name: Such as ``sparse_categorical_crossentropy``; empty where it was not compiled.
        from_logits: Whether it takes logits; None where that is not known.
    """

    name: str = ""
    from_logits: bool | None = None


def read_loss(path: Path) -> Loss:
    """Read what loss the model was compiled with."""
    compiled = _read_json(path, "config.json").get("compile_config")
    loss = compiled.get("loss") if isinstance(compiled, dict) else None
    if isinstance(loss, dict) and "class_name" not in loss and len(loss) == 1:
        (loss,) = loss.values()  # by the name of the output
    if isinstance(loss, list) and len(loss) == 1:
        (loss,) = loss
    config = loss.get("config") if isinstance(loss, dict) else None
    if isinstance(loss, dict) and isinstance(config, dict):
        stated = config.get("from_logits")
        return Loss(_to_snake(loss.get("class_name")), stated if type(stated) is bool else None)
    # A bare function takes probabilities, unless told otherwise, which a name cannot.
    name = _to_snake(config or (loss.get("class_name") if isinstance(loss, dict) else loss))
    return Loss(name, False if name else None)


def _to_snake(name: Any) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in str(name or "")).lstrip("_")


def explain_refusal(path: Path, error: Exception) -> str:
    """Say in one sentence why Keras could not load a file, and what to do."""
    layers = [
        _find_name(node)
        for node in _find_objects(_read_json(path, "config.json"))
        if node.get("class_name") == "Lambda"
    ]
    if layers:
        return (
            f"it holds the Lambda layer {layers[0]!r}, whose code is not executed. Put that step "
            "into a layer of Keras's, or into a class of your own that --custom-code names, and "
            "save the model again"
        )
    unknown = re.search(r"Could not locate (?:class|function) '(\w+)'", str(error))
    if unknown:
        return (
            f"it is made of {unknown[1]!r}, which Keras does not know. Name the Python file that "
            "defines and registers it (@keras.saving.register_keras_serializable()) with "
            "--custom-code"
        )
    line = find_first_line(error)
    version = str(_read_json(path, "metadata.json").get("keras_version", ""))
    if version.startswith("2."):
        line += f" (Keras {version} saved it: save it again with Keras 3)"
    return line


def find_first_line(error: Exception) -> str:
    """The first line of an error that says something; its kind where none does."""
    return next((x for x in str(error).splitlines() if x.strip()), type(error).__name__)


def _explain_hdf5(path: Path) -> str:
    if path.name.endswith(".weights.h5"):
        return (
            f"{path} holds weights without the model. Build the model, load them with "
            "model.load_weights, and save it with model.save('model.keras')"
        )
    return (
        f"{path} is an HDF5 file, the format of Keras 2. Convert it once, with Keras 3: "
        f"keras.saving.load_model('{path.name}', compile=False).save('{path.stem}.keras')"
    )


def _find_name(layer: dict[str, Any]) -> str:
    config = layer.get("config")
    return str(config.get("name", "?")) if isinstance(config, dict) else "?"


def _find_objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of a configuration, nested ones too, however deep."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            node = list(node.values())
        if isinstance(node, list):
            waiting += reversed(node)


def _read_json(path: Path, member: str) -> dict[str, Any]:
    """A document inside the archive; empty where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            document = json.loads(archive.read(member))
    except Exception:  # a damaged archive or document raises many kinds
        return {}
    return document if isinstance(document, dict) else {}
