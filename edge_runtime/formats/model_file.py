"""One artifact in memory: read once, so that everything that looks at it sees the same bytes."""

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge_runtime.errors import ArtifactError

Format = Literal["tflite", "onnx"]

# A TFLite flatbuffer carries its file identifier at this place (FlatBuffers, "file_identifier").
_TFLITE_MARK = slice(4, 8)
_TFLITE_IDENTIFIER = b"TFL3"
# Both formats count in 31 bits; larger models keep their weights elsewhere.
_MAX_BYTES = 2**31
_FORMATS: dict[str, Format] = {".tflite": "tflite", ".onnx": "onnx"}
# More names than this hide what the message says.
_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model's bytes and what they are.

    Attributes:
        path: Where it was read from.
        format: ``tflite`` or ``onnx``.
        data: The whole file.
    """

    path: Path
    format: Format
    data: bytes

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name


def load_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """Read a ``.tflite`` or ``.onnx`` file and check that its content is what its name says.

    Raises:
        ArtifactError: It is missing, empty, a folder, or no file of its format.
    """
    file = Path(path)
    try:
        _check_kind(file)
        file_format = check_format(file)
        data = file.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(
            f"{file}: there is no such file; name a .tflite or .onnx file"
        ) from None
    except OSError as error:
        raise ArtifactError(f"{file}: cannot be read: {error.strerror or error}") from error
    _check_content(file.name, file_format, data)
    return ModelFile(file, file_format, data)


def check_format(file: Path) -> Format:
    """The format that a file's name states; capitals too, as FAT drives give names back.

    Raises:
        ArtifactError: It states another one.
    """
    found = _FORMATS.get(file.suffix.lower())
    if found is None:
        remedy = (
            f". A Keras model is exported first: python -m export --model {file} "
            "--calibration PICTURES, or --run with the folder that training left"
            if file.suffix.lower() == ".keras"
            else ""
        )
        raise ArtifactError(f"{file}: expected a .tflite or .onnx file{remedy}")
    return found


def list_model_files(folder: Path) -> list[Path]:
    """The model files in a folder, by name; sub-folders are not searched."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in _FORMATS)


def _check_kind(file: Path) -> None:
    status = file.stat()
    if stat.S_ISDIR(status.st_mode):
        raise ArtifactError(f"{file} is a folder; {_describe_folder(file)}")
    # A pipe or a device would never end.
    if not stat.S_ISREG(status.st_mode):
        raise ArtifactError(f"{file}: expected a file, found a pipe or device")
    if status.st_size > _MAX_BYTES:
        raise ArtifactError(
            f"{file.name} has {status.st_size} bytes, more than the {_MAX_BYTES} that either "
            "format can have; it is not a model"
        )


def _describe_folder(folder: Path) -> str:
    """Which of its files to name instead."""
    names = [file.name for file in list_model_files(folder)]
    if not names:
        return "it holds no .tflite or .onnx file; name one elsewhere"
    recommended = _read_recommended(folder / "manifest.json")
    if recommended in names:
        return f"name the file that its manifest recommends: {folder / recommended}"
    rest = f" and {len(names) - _MOST_NAMES} others" if len(names) > _MOST_NAMES else ""
    return f"name one of the models in it: {', '.join(names[:_MOST_NAMES])}{rest}"


def _read_recommended(manifest: Path) -> str:
    """What a manifest recommends; empty where there is none, or none that can be read."""
    try:
        return str(json.loads(manifest.read_bytes())["recommended"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return ""


def _check_content(name: str, file_format: Format, data: bytes) -> None:
    if not data:
        raise ArtifactError(f"{name} is empty (0 bytes); copy it again")
    if data.startswith(b"version https://git-lfs"):
        raise ArtifactError(f"{name} is a Git LFS pointer, not the model; run: git lfs pull")
    is_tflite = data[_TFLITE_MARK] == _TFLITE_IDENTIFIER
    if file_format == "tflite" and not is_tflite:
        raise ArtifactError(
            f"{name} is not a TFLite model: expected the mark TFL3 at byte 4, "
            f"found {data[_TFLITE_MARK]!r}. Copy or export it again."
        )
    if file_format == "onnx" and is_tflite:
        raise ArtifactError(f"{name} holds a TFLite model; rename it to .tflite")
