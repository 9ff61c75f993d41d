"""Writing an artifact's description of itself into its own file."""

import io
import zipfile

from edge_runtime.contract import ArtifactMetadata
from edge_runtime.document import to_json
from edge_runtime.metadata import MEMBER, ONNX_KEY
from export.recipes import Format

# The zip format's oldest date: the file must not depend on when it was written.
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def to_described(content: bytes, file_format: Format, metadata: ArtifactMetadata) -> bytes:
    """Put the description into a bare model file; the same input gives the same bytes.

    Args:
        content: The model, without a description.
        file_format: Its format.
        metadata: The description.
    """
    document = to_json(metadata)
    if file_format == "tflite":
        return _append_zip(content, document)
    return _set_metadata_props(content, document)


def _append_zip(content: bytes, document: str) -> bytes:
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        member = zipfile.ZipInfo(MEMBER, _FIXED_DATE)
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = 0o644 << 16
        archive.writestr(member, document)
    return file.getvalue()


def _set_metadata_props(content: bytes, document: str) -> bytes:
    import onnx

    model = onnx.load_model_from_string(content)
    del model.metadata_props[:]
    model.metadata_props.add(key=ONNX_KEY, value=document)
    return bytes(model.SerializeToString(deterministic=True))
