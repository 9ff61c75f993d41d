"""What an export finds where it shall write: an earlier one's files, and others beside them."""

from dataclasses import dataclass
from pathlib import Path

from edge_runtime.document import from_json
from edge_runtime.errors import MetadataError
from export.manifest import FILE_NAME

# Beside the artifacts and the pictures of their changed answers, which the manifest tells.
_WRITTEN = (
    FILE_NAME,
    "evaluation.npz",
    "report.md",
    "figures/accuracy.png",
    "figures/classes.png",
    "figures/layer_noise.png",
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An artifact in a manifest of any version."""

    file: str
    format: str
    precision: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """What manifests of every version hold, and together no document of another program."""

    schema_version: int
    toolkit_version: str
    model_sha256: str
    artifacts: tuple[_Entry, ...]


def find_written(folder: Path) -> frozenset[str]:
    """Find what an earlier export wrote into a folder.

    Returns:
        Paths below the folder, with ``/``; empty where its manifest is none of ours, or is not
        there.
    """
    path = folder / FILE_NAME
    try:
        mark = from_json(_Mark, path.read_bytes(), str(path))
    except (MetadataError, OSError):
        return frozenset()
    artifacts = (entry.file for entry in mark.artifacts)
    flips = (f"figures/flips_{entry.precision}_{entry.format}.png" for entry in mark.artifacts)
    return frozenset((*_WRITTEN, *artifacts, *flips))
