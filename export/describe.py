"""Writing an artifact's description of itself into its own file.

    python -m export.describe FILE…

fills in the content digest of artifacts from before there was one; the network stays as it is.
"""

import argparse
import io
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edge_runtime.contract import ArtifactMetadata
from edge_runtime.document import to_json
from edge_runtime.errors import EdgeRuntimeError, MetadataError
from edge_runtime.formats.description import MEMBER, ONNX_KEY, UNSEALED, find_description
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.formats.model_file import ModelFile, load_model_file
from export.recipes import Format

# The zip format's oldest date: the file must not depend on when it was written.
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def to_described(content: bytes, file_format: Format, metadata: ArtifactMetadata) -> bytes:
    """Put the description into a bare model file; the same input gives the same bytes.

    Args:
        content: The model, without a description.
        file_format: Its format.
        metadata: The description; its content digest is filled in.
    """
    draft = _put(content, file_format, replace(metadata, content_sha256=UNSEALED))
    found = find_description(ModelFile(Path(f"draft.{file_format}"), file_format, draft))
    assert found is not None
    digest = found.compute_sha256(UNSEALED)
    return _put(content, file_format, replace(metadata, content_sha256=digest))


def _put(content: bytes, file_format: Format, metadata: ArtifactMetadata) -> bytes:
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


def add_digest(path: Path) -> None:
    """Describe an artifact again, with the digest of its content.

    Raises:
        ArtifactError: It is damaged, or carries no description.
    """
    model = load_model_file(path)
    found, metadata = find_description(model), read_metadata(path)
    if found is None or metadata is None:
        raise MetadataError(f"{path.name} carries no description of itself")
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(to_described(b"".join(found.model), model.format, metadata))
    beside.replace(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 failure, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog="python -m export.describe",
        description="Add to what artifacts say of themselves the digest of their content, which "
        "files from before there was one lack.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="artifact")
    try:
        for file in parser.parse_args(argv).files:
            add_digest(file)
    except (EdgeRuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
