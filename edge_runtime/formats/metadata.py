"""Reading the description of an artifact: parsed, and proved to belong to just this file."""

import json
import os

from edge_runtime.contract import SCHEMA_VERSION, ArtifactMetadata
from edge_runtime.document import from_document
from edge_runtime.errors import ArtifactError, MetadataError, SchemaVersionError
from edge_runtime.formats.description import find_description
from edge_runtime.formats.model_file import ModelFile, load_model_file


def parse_metadata(text: str | bytes, where: str) -> ArtifactMetadata:
    """Parse the JSON document of an artifact.

    Raises:
        SchemaVersionError: It was written by a newer toolkit.
        MetadataError: It is malformed.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MetadataError(
            f"{where}: the description is not valid JSON ({error}). Copy or export it again."
        ) from error
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
    found = find_description(model)
    if found is None:
        return None
    metadata = parse_metadata(found.document, model.name)
    stated = metadata.content_sha256
    if stated is not None and found.compute_sha256(stated) != stated:
        raise ArtifactError(
            f"{model.name} is damaged: its content is not what was exported (its SHA-256 differs "
            "from the one it states). Copy it again."
        )
    return metadata
