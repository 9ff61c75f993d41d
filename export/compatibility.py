"""Which recipe's file runs on which version of which runtime: tried, not read off a list.

``python -m export.compatibility ARTIFACTS… --out docs/compatibility.md`` makes one virtual
environment per runtime version (once; they are used again), runs every artifact in each on the
first pictures of the artifacts' evaluation set, and writes the table. Whether a file is accurate
is not asked here, so ``--max-accuracy-drop 100`` is a fair way to export for it.
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime.document import from_json
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.evaluation.labelled_arrays import load_labelled_arrays
from export.manifest import FILE_NAME, Manifest
from export.progress import Progress
from export.recipes import RECIPES
from export.verification import Replay, replay_in_child

PICTURES = 200


@dataclass(frozen=True, slots=True)
class RuntimeVersion:
    """One released runtime.

    Attributes:
        backend: Short name in `edge_runtime`.
        package: Distribution.
        version: Its version.
        numpy: Requirement for numpy: releases of before June 2024 break under numpy 2.
    """

    backend: str
    package: str
    version: str
    numpy: str = "numpy<2"


VERSIONS: tuple[RuntimeVersion, ...] = (
    RuntimeVersion("tflite", "tflite-runtime", "2.14.0"),
    RuntimeVersion("litert", "ai-edge-litert", "1.0.1"),
    RuntimeVersion("litert", "ai-edge-litert", "1.2.0"),
    RuntimeVersion("litert", "ai-edge-litert", "1.4.0"),
    RuntimeVersion("litert", "ai-edge-litert", "2.0.3"),
    RuntimeVersion("litert", "ai-edge-litert", "2.1.0"),
    RuntimeVersion("litert", "ai-edge-litert", "2.3.0"),
    RuntimeVersion("onnx", "onnxruntime", "1.14.1"),
    RuntimeVersion("onnx", "onnxruntime", "1.15.1"),
    RuntimeVersion("onnx", "onnxruntime", "1.17.3"),
    RuntimeVersion("onnx", "onnxruntime", "1.20.1"),
    RuntimeVersion("onnx", "onnxruntime", "1.23.2"),
    RuntimeVersion("onnx", "onnxruntime", "1.31.1"),
)


Result = tuple[RuntimeVersion, str, Replay]


def main(argv: list[str] | None = None) -> int:
    """Write the table; 0 done, 1 where nothing could be tried, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog="python -m export.compatibility",
        description="Try every artifact on many versions of every runtime and write the table.",
    )
    parser.add_argument("artifacts", type=Path, nargs="*", help="folders that export made")
    parser.add_argument(
        "--environments",
        type=Path,
        default=Path(".compatibility"),
        help="folder for the virtual environments (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, help="Markdown file (default: standard output)")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    arguments = parser.parse_args(argv)
    folders: list[Path] = arguments.artifacts
    if not folders or not all((folder / "evaluation.npz").is_file() for folder in folders):
        parser.print_usage(sys.stderr)
        print("name folders that python -m export made, with evaluation.npz", file=sys.stderr)
        return 2
    try:
        origins = {folder: describe_origin(folder) for folder in folders}
        pictures = {folder: _load_pictures(folder) for folder in folders}
    except (EdgeRuntimeError, OSError) as error:
        print(f"export.compatibility: {error}", file=sys.stderr)
        return 1
    environments = make_environments(arguments.environments, VERSIONS)
    if not environments:
        print(
            f"export.compatibility: no runtime could be installed into {arguments.environments}, "
            "so nothing was tried or written. Is the package index within reach?",
            file=sys.stderr,
        )
        return 1
    results = {folder: try_all(folder, pictures[folder], environments) for folder in folders}
    if arguments.json:
        rows = [
            [str(folder), version.package, version.version, file, replay.reason]
            for folder, found in results.items()
            for version, file, replay in found
        ]
        print(json.dumps(rows))
    table = format_page(results, origins, [v for v in VERSIONS if v not in environments])
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        present = arguments.out.read_text(encoding="utf-8") if arguments.out.is_file() else ""
        arguments.out.write_text(place_page(table, present), encoding="utf-8")
    elif not arguments.json:
        print(table)
    return 0


def describe_origin(folder: Path) -> str:
    """Say what the files of a folder are of and what made them, by its manifest.

    Raises:
        MetadataError: The manifest is damaged.
    """
    where = folder / FILE_NAME
    manifest = from_json(Manifest, where.read_bytes(), str(where))
    made = manifest.versions
    return (
        f"Files of the model `{manifest.model.name}`, exported for the target `{manifest.target}` "
        f"with TensorFlow {made.tensorflow}, tf2onnx {made.tf2onnx}, ONNX {made.onnx} and ONNX "
        f"Runtime {made.onnxruntime}."
    )


def make_environments(
    folder: Path, versions: Sequence[RuntimeVersion]
) -> dict[RuntimeVersion, Path]:
    """Make one virtual environment per version that can be installed here."""
    progress = Progress(len(versions))
    made = {}
    for version in versions:
        python = make_environment(folder, version)
        if python is not None:
            made[version] = python
        note = "" if python else " cannot be installed here"
        progress.advance(f"environment of {version.package} {version.version}{note}")
    progress.finish()
    return made


def _load_pictures(artifacts: Path) -> npt.NDArray[np.uint8]:
    images, _ = load_labelled_arrays(artifacts / "evaluation.npz")
    return images[:PICTURES]


def try_all(
    artifacts: Path,
    images: npt.NDArray[np.uint8],
    environments: Mapping[RuntimeVersion, Path],
) -> list[Result]:
    """Run every artifact of a folder on every version.

    Args:
        artifacts: Folder that export made.
        images: (N, height, width, channels) uint8, the pictures to run them on.
        environments: The Python interpreter that has each version.
    """
    progress = Progress(len(environments))
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="edge-compatibility-") as name:
        folder = Path(name)
        np.save(folder / "images.npy", images)
        for version, python in environments.items():
            ending = "onnx" if version.backend == "onnx" else "tflite"
            for file in sorted(artifacts.glob(f"*.{ending}")):
                replay = replay_in_child(
                    file, version.backend, folder / "images.npy", folder, python=str(python)
                )
                results.append((version, file.name, replay))
            progress.advance(f"{artifacts.name} on {version.package} {version.version}")
    progress.finish()
    return results


def make_environment(folder: Path, version: RuntimeVersion) -> Path | None:
    """Make (or find) a virtual environment with one runtime; None where it cannot be installed."""
    home = folder.resolve() / f"{version.package}-{version.version}"
    python = home / "bin" / "python"
    if (home / ".ready").is_file():
        return python
    shutil.rmtree(home, ignore_errors=True)
    wanted = [f"{version.package}=={version.version}", version.numpy]
    uv = shutil.which("uv")
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(home)]
        install = [uv, "pip", "install", "--quiet", "--python", str(python), *wanted]
    else:
        make = [sys.executable, "-m", "venv", str(home)]
        install = [str(python), "-m", "pip", "install", "--quiet", *wanted]
    for command in (make, install):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return None
    (home / ".ready").touch()
    return python


def format_page(
    results: Mapping[Path, Sequence[Result]],
    origins: Mapping[Path, str],
    missing: Sequence[RuntimeVersion] = (),
) -> str:
    """Format the findings as a Markdown page.

    Args:
        results: Per folder, what came of every file on every version.
        origins: Per folder, a sentence that says what made it.
        missing: Versions that could not be installed here.
    """
    names = " ".join(f"artifacts/{folder.name}" for folder in results)
    lines = [
        "# Which file runs where",
        "",
        f"Every cell was tried: `python -m export.compatibility {names} --out "
        f"docs/compatibility.md` ran each file on {PICTURES} test pictures in a fresh environment "
        f"(Python {platform.python_version()}, {platform.machine()}). ✓ means that it ran; a "
        "number beside it, that this many pictures got another answer than on the newest version "
        "of that runtime.",
    ]
    if missing:
        names = ", ".join(f"{version.package} {version.version}" for version in missing)
        lines[-1] += f" Could not be installed there, and so not tried: {names}."
    notes: list[str] = []
    for folder, found in results.items():
        lines += ["", f"## {folder.name}", "", origins[folder]]
        for ending in ("tflite", "onnx"):
            chosen = [result for result in found if result[1].endswith(ending)]
            if chosen:
                lines += ["", f"### .{ending}", "", *_format_block(chosen, notes)]
    if notes:
        lines += ["", *(f"{number}. {note}" for number, note in enumerate(notes, start=1))]
    return "\n".join(lines) + "\n"


def place_page(page: str, present: str) -> str:
    """Put the page between the marks that a document has for it; without them, it is all of it."""
    head, start, rest = present.partition("<!-- runtimes -->\n")
    _, end, tail = rest.partition("<!-- /runtimes -->\n")
    return f"{head}{start}{page}{end}{tail}" if start and end else page


def _format_block(results: Sequence[Result], notes: list[str]) -> list[str]:
    versions = list(dict.fromkeys(version for version, _, _ in results))
    files = list(dict.fromkeys(file for _, file, _ in results))
    found = {(version, file): replay for version, file, replay in results}
    lines = ["| runtime | " + " | ".join(_to_recipe(file) for file in files) + " |"]
    lines.append("|---|" + ":-:|" * len(files))
    for version in versions:
        newest = [other for other in versions if other.package == version.package][-1]
        cells = [_format_cell(found[version, file], found[newest, file], notes) for file in files]
        lines.append(f"| {version.package} {version.version} | {' | '.join(cells)} |")
    return lines


def _format_cell(replay: Replay, newest: Replay, notes: list[str]) -> str:
    if replay.scores is None:
        note = str(replay.reason)
        if note not in notes:
            notes.append(note)
        return f"no ({notes.index(note) + 1})"
    if newest.scores is None:
        return "✓"
    others = int((replay.scores.argmax(axis=1) != newest.scores.argmax(axis=1)).sum())
    return f"✓ {others}" if others else "✓"


def _to_recipe(file: str) -> str:
    # A model's name may hold "_" as precisions do, so the end of the name is what tells.
    stem = file.rpartition(".")[0]
    return next((r.precision for r in RECIPES if stem.endswith(f"_{r.precision}")), stem)


if __name__ == "__main__":
    sys.exit(main())
