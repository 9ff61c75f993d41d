"""Finding the description inside an artifact, and telling whether the artifact is as exported.

In a ``.tflite`` the description is the member `MEMBER` of a zip archive that is appended to the
flatbuffer (loaders ignore what follows it); in an ``.onnx`` it is the entry `ONNX_KEY` of
``metadata_props``.
"""

import io
import zipfile
import zlib
from dataclasses import dataclass

from edge_runtime.errors import MetadataError
from edge_runtime.formats.model_file import ModelFile

MEMBER = "metadata.json"
ONNX_KEY = "edge_runtime"
# The largest description that is read. Real ones are a few ten kilobytes; a zip bomb is not.
MAX_BYTES = 16 * 1024 * 1024
# What stands where the digest stands, while the digest is computed.
UNSEALED = "0" * 64

# The mark of a zip archive's last record, its size, and how far from the end of the file it may
# stand; the mark of a record that stands before it in archives of gigabytes; that of a member.
_ZIP_END, _ZIP_END_BYTES, _ZIP_END_REACH = b"PK\x05\x06", 22, 22 + 65_535
_ZIP_64, _ZIP_64_BYTES = b"PK\x06\x07", 20
_ZIP_MEMBER, _ZIP_NAME_PLACE = b"PK\x03\x04", 30
# How the description may be packed: the others need libraries that a board may lack.
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# The list of members of an archive with a few of them; one of thousands is an attack on memory.
_MAX_LIST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Description:
    """An artifact's description and the rest of it.

    Attributes:
        document: The JSON text, UTF-8.
        model: The file without it, in pieces: for ``.tflite`` what stands before the appended
            archive, for ``.onnx`` what stands before and behind the entry.
    """

    document: bytes
    model: tuple[memoryview, ...]

    def compute_sha256(self, stated: str) -> str:
        """Digest of the model and then of the description with zeros for `stated`, as hex."""
        # Imported here: it loads a library of its own, and a file without a digest needs none.
        import hashlib

        digest = hashlib.sha256()
        for piece in self.model:
            digest.update(piece)
        digest.update(self.document.replace(stated.encode(), UNSEALED.encode()))
        return digest.hexdigest()


def find_description(model: ModelFile) -> Description | None:
    """Find an artifact's description; None where it carries none.

    Raises:
        MetadataError: It is there but damaged, cut off or too large.
        ArtifactError: The file around it is damaged.
    """
    found = _find_appended(model) if model.format == "tflite" else _find_entry(model)
    if found is not None and len(found.document) > MAX_BYTES:
        raise MetadataError(
            f"{model.name}: its description is larger than {MAX_BYTES // 2**20} MiB; refused"
        )
    return found


def _find_entry(model: ModelFile) -> Description | None:
    # Imported here: most boards read TFLite alone.
    from edge_runtime.formats.onnx_file import read_onnx_header

    header, view = read_onnx_header(model.data, model.name), memoryview(model.data)
    if ONNX_KEY not in header.metadata:
        return None
    start, end = header.entry_spans[ONNX_KEY]
    return Description(header.metadata[ONNX_KEY], (view[:start], view[end:]))


def _find_appended(model: ModelFile) -> Description | None:
    if not _has_archive(model):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(model.data)) as archive:
            entries = archive.infolist()
            count = sum(entry.filename == MEMBER for entry in entries)
            if count == 0:
                return None
            if count > 1:
                raise MetadataError(f"{model.name} holds {count} descriptions; export it again")
            if archive.getinfo(MEMBER).compress_type not in _COMPRESSIONS:
                raise _damaged(model, "it is packed in another way than stored or deflated")
            start = min(entry.header_offset for entry in entries)
            with archive.open(MEMBER) as member:
                # One byte more than allowed tells a bomb without inflating it.
                document = member.read(MAX_BYTES + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
        OSError,
        OverflowError,  # A place beyond what a file can have.
    ) as error:
        raise _damaged(model, str(error)) from error
    return Description(document, (memoryview(model.data)[: max(start, 0)],))


def _has_archive(model: ModelFile) -> bool:
    """Whether an archive is appended; refuses one that only a hostile file would have."""
    data = model.data
    # The place where `zipfile` looks first, then where it looks next.
    place = len(data) - _ZIP_END_BYTES
    if data[place : place + 4] != _ZIP_END:
        place = data.rfind(_ZIP_END, -_ZIP_END_REACH)
    if place < 0:
        begun = data.rfind(_ZIP_MEMBER)
        name = data[begun + _ZIP_NAME_PLACE :][: len(MEMBER)]
        if begun >= 0 and name == MEMBER.encode():
            raise _damaged(model, "it is cut off")
        return False
    list_bytes = int.from_bytes(data[place + 12 : place + 16], "little")
    if list_bytes > _MAX_LIST_BYTES or data[place - _ZIP_64_BYTES :].startswith(_ZIP_64):
        raise _damaged(model, "the archive that holds it lists far too many members")
    return True


def _damaged(model: ModelFile, reason: str) -> MetadataError:
    return MetadataError(
        f"{model.name}: its description is damaged ({reason}). Copy or export it again."
    )
