"""The description inside an artifact: read back whole, refused when hostile."""

import json
import zipfile
from pathlib import Path

import pytest

from edge_runtime.document import to_document, to_json
from edge_runtime.errors import MetadataError, SchemaVersionError
from edge_runtime.formats.description import MEMBER
from edge_runtime.formats.metadata import parse_metadata, read_metadata

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.mark.parametrize("name", ["tiny_fp32.tflite", "tiny_fp32.onnx"])
def test_what_was_written_is_read_back(name: str) -> None:
    metadata = read_metadata(FIXTURES / name)
    assert metadata is not None
    assert metadata.model.name == "tiny"
    assert metadata.model.labels[9] == "Ankle boot"
    assert metadata.golden
    assert parse_metadata(to_json(metadata), name) == metadata


def test_a_newer_schema_says_what_to_upgrade() -> None:
    metadata = read_metadata(FIXTURES / "tiny_fp32.tflite")
    document = to_document(metadata) | {"schema_version": 99}
    with pytest.raises(SchemaVersionError, match=r"99.*Upgrade"):
        parse_metadata(json.dumps(document), "new.tflite")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": 3}, "an object"),
        ({"created": 7}, "text"),
        ({"schema_version": "1"}, "schema_version"),
        ({"golden": [{"pixels": "", "label": 0, "scores": [1.0]}]}, "classes"),
    ],
)
def test_a_malformed_description_names_the_place(change: dict[str, object], message: str) -> None:
    document = to_document(read_metadata(FIXTURES / "tiny_fp32.tflite")) | change
    with pytest.raises(MetadataError, match=message):
        parse_metadata(json.dumps(document), "x.tflite")


def test_a_zip_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(64))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, b" " * (64 * 1024 * 1024))
    with pytest.raises(MetadataError, match="larger"):
        read_metadata(path)
