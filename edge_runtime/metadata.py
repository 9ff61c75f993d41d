"""Finding and reading the description inside an artifact file.

In a ``.tflite`` it is the member `MEMBER` of a zip archive that is appended to the flatbuffer
(loaders ignore what follows it); in an ``.onnx`` it is the entry `ONNX_KEY` of ``metadata_props``.
"""

import io
import json
import os
import zipfile
import zlib
from pathlib import Path

from edge_runtime.contract import SCHEMA_VERSION, ArtifactMetadata
from edge_runtime.document import from_document
from edge_runtime.errors import MetadataError, SchemaVersionError
from edge_runtime.model_file import ModelFile, load_model_file

MEMBER = "metadata.json"
ONNX_KEY = "edge_runtime"
# The largest description that is read. Real ones are a few ten kilobytes; a zip bomb is not.
MAX_BYTES = 16 * 1024 * 1024
# The mark of a zip archive's last record, and how far from the end of the file it may stand.
_ZIP_END = b"PK\x05\x06"
_ZIP_END_REACH = 22 + 65_535


def parse_metadata(text: str | bytes, where: str) -> ArtifactMetadata:
    """Parse the JSON document of an artifact.

    Raises:
        SchemaVersionError: It was written by a newer toolkit.
        MetadataError: It is malformed.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"{where}: the description is not valid JSON: {error}") from error
    # Before anything else: a newer form may differ in everything but this key.
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise MetadataError(f"{where}: the description has no valid schema_version")
    if version > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{where}: its description has schema version {version}, this edge-runtime reads up to "
            f"{SCHEMA_VERSION}. Upgrade it (pip install -U edge-runtime) or export the model again."
        )
    return from_document(ArtifactMetadata, document, where)


def read_metadata(path: str | os.PathLike[str]) -> ArtifactMetadata | None:
    """Read the description of a ``.tflite`` or ``.onnx`` file; None where it carries none.

    Needs no runtime for either format.

    Raises:
        MetadataError: A description is there but damaged, or of a newer schema.
        ArtifactError: The file is missing, damaged or of another kind.
    """
    return read_model_metadata(load_model_file(path))


def read_model_metadata(model: ModelFile) -> ArtifactMetadata | None:
    """Read the description of a model that is already in memory; see `read_metadata`."""
    if model.format == "tflite":
        text = _read_appended(model.data, model.name)
    else:
        from edge_runtime.onnx_file import read_onnx_header

        text = read_onnx_header(model.data, model.name).metadata.get(ONNX_KEY)
    if text is None:
        return None
    if len(text) > MAX_BYTES:
        raise MetadataError(
            f"{model.name}: its description is larger than {MAX_BYTES // 2**20} MiB; refused"
        )
    return parse_metadata(text, model.name)


def read_appended_metadata(path: Path) -> ArtifactMetadata | None:
    """Read the description of a ``.tflite`` file; see `read_metadata`."""
    return read_model_metadata(ModelFile(path, "tflite", path.read_bytes()))


def _read_appended(data: bytes, name: str) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if MEMBER not in archive.namelist():
                return None
            with archive.open(MEMBER) as member:
                # One byte more than allowed tells a bomb without inflating it.
                return member.read(MAX_BYTES + 1)
    except zipfile.BadZipFile as error:
        if _ZIP_END not in data[-_ZIP_END_REACH:]:
            return None
        raise MetadataError(f"{name}: its description is damaged: {error}") from error
    except (zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise MetadataError(f"{name}: its description is damaged: {error}") from error
