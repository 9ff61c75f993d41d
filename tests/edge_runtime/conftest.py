"""Artifacts without a network, for tests over the fake backend."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_runtime.contract import (
    SCHEMA_VERSION,
    ArtifactMetadata,
    InputSpec,
    ModelSpec,
    OutputSpec,
    Quantization,
    Requirements,
)
from edge_runtime.document import to_json
from edge_runtime.formats.description import MEMBER

LABELS = ("black", "dark", "bright", "white")
GARMENT_INPUT = InputSpec(28, 28, 1, "fit", "light-on-dark", trim=True, sharpen=True)

WriteArtifact = Callable[..., Path]


@pytest.fixture
def write_artifact(tmp_path: Path) -> WriteArtifact:
    def write(text: str | None = None, name: str = "shades_fp32.tflite") -> Path:
        spec = ModelSpec("shades", LABELS, GARMENT_INPUT, OutputSpec("probabilities"))
        metadata = ArtifactMetadata(
            SCHEMA_VERSION,
            "0.1.0",
            "2026-01-01T00:00:00Z",
            spec,
            Quantization("fp32", "none"),
            Requirements(),
        )
        path = tmp_path / name
        # The mark of a TFLite file and nothing behind it: only the fake backend opens this.
        path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(56))
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(MEMBER, to_json(metadata) if text is None else text)
        return path

    return write
