"""Finding and reading the description inside an artifact file.

In a ``.tflite`` it is the member `MEMBER` of a zip archive that is appended to the flatbuffer
(loaders ignore what follows it); in an ``.onnx`` it is the entry `ONNX_KEY` of ``metadata_props``.
"""

import io
import json
import zipfile
import zlib
from pathlib import Path

from edge_runtime.contract import SCHEMA_VERSION, ArtifactMetadata
from edge_runtime.document import from_document
from edge_runtime.errors import MetadataError, SchemaVersionError

MEMBER = "metadata.json"
ONNX_KEY = "edge_runtime"
# The largest description that is read. Real ones are a few ten kilobytes; a zip bomb is not.
MAX_BYTES = 16 * 1024 * 1024


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


def read_appended_metadata(path: Path) -> ArtifactMetadata | None:
    """Read the description of a ``.tflite`` file; None where it carries none.

    Raises:
        MetadataError: A description is there but damaged.
    """
    data = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if MEMBER not in archive.namelist():
                return None
            with archive.open(MEMBER) as member:
                text = member.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise MetadataError(f"{path.name}: its description is damaged: {error}") from error
    if len(text) > MAX_BYTES:
        raise MetadataError(
            f"{path.name}: its description is larger than {MAX_BYTES // 2**20} MiB; refused"
        )
    return parse_metadata(text, path.name)
