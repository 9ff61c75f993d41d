"""One artifact in memory: read once, so that everything that looks at it sees the same bytes."""

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
    formats: dict[str, Format] = {".tflite": "tflite", ".onnx": "onnx"}
    file_format = formats.get(file.suffix.lower())
    if file_format is None:
        raise ArtifactError(f"{file.name}: expected a .tflite or .onnx file")
    try:
        _check_kind(file)
        data = file.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(f"{file}: there is no such file") from None
    except OSError as error:
        raise ArtifactError(f"{file}: cannot be read: {error.strerror or error}") from error
    _check_content(file.name, file_format, data)
    return ModelFile(file, file_format, data)


def _check_kind(file: Path) -> None:
    status = file.stat()
    # A pipe or a device would never end.
    if not stat.S_ISREG(status.st_mode):
        raise ArtifactError(f"{file}: expected a file, found a folder, pipe or device")
    if status.st_size > _MAX_BYTES:
        raise ArtifactError(
            f"{file.name} has {status.st_size} bytes, more than the {_MAX_BYTES} that either "
            "format can have; it is not a model"
        )


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
