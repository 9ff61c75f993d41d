"""Put an exported model into the package as its default.

    python -m edge_runtime.models.install_default FOLDER

Takes the folder's static int8 (or quantization-aware int8) artifact in both formats. Run it from a
checkout before building the wheel.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_runtime.errors import ArtifactError, EdgeRuntimeError
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.models import DEFAULT_STEM, FOLDER

# The wheel stays under 1 MB with both formats.
_MAX_TOTAL_BYTES = 900_000
_PRECISIONS = ("qat_int8", "static_int8")


def install_default(folder: Path) -> tuple[Path, ...]:
    """Copy the best int8 artifact of `folder` in both formats; returns what was written.

    Raises:
        ArtifactError: A format is missing, carries no description, or both are too large.
    """
    sources = {suffix: _find(folder, suffix) for suffix in (".tflite", ".onnx")}
    total = sum(source.stat().st_size for source in sources.values())
    if total > _MAX_TOTAL_BYTES:
        raise ArtifactError(f"{total} bytes are more than the {_MAX_TOTAL_BYTES} a wheel may carry")
    written = []
    for suffix, source in sources.items():
        if read_metadata(source) is None:
            raise ArtifactError(f"{source.name} carries no description of itself")
        target = FOLDER / (DEFAULT_STEM + suffix)
        beside = target.with_name(target.name + ".part")
        shutil.copyfile(source, beside)
        beside.replace(target)
        written.append(target)
    return tuple(written)


def _find(folder: Path, suffix: str) -> Path:
    for precision in _PRECISIONS:
        for found in sorted(folder.glob(f"*_{precision}{suffix}")):
            return found
    raise ArtifactError(f"{folder} holds no *_static_int8{suffix} or *_qat_int8{suffix}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 failure, 2 wrong use."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        print("usage: python -m edge_runtime.models.install_default FOLDER", file=sys.stderr)
        return 2
    try:
        for path in install_default(Path(arguments[0])):
            print(f"{path}  {path.stat().st_size} bytes")
    except (EdgeRuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
