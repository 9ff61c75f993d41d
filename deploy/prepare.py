"""Prepare a release on the workstation: ``python -m deploy.prepare`` (the role calls it).

Builds our wheel unless one is named, collects the wheelhouse for the board's platform, checks the
artifact against the manifest beside it, and prints one JSON document that says what to copy.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.wheelhouse import Target, WheelhouseError, build_wheelhouse, find_tool, hash_file

_CHECKOUT = Path(__file__).resolve().parents[1]
_BACKENDS = {".tflite": ("litert", "tflite"), ".onnx": ("onnx",)}


class ArtifactError(ValueError):
    """The artifact is missing, of an unknown kind, or not the file that was verified."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the release plan as JSON; 1 where something is wrong with it."""
    arguments = _parser().parse_args(argv)
    try:
        print(json.dumps(build_plan(arguments)))
    except (ArtifactError, WheelhouseError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.prepare", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="artifact, or folder of them")
    parser.add_argument("--profile", type=Path, help="a profile that 'edge-runtime tune' saved")
    parser.add_argument("--wheel", type=Path, help="our wheel (default: built from the checkout)")
    parser.add_argument("--runtime", default="auto", help="litert, tflite, onnx (default: auto)")
    parser.add_argument("--machine", required=True, help="aarch64, armv7l or x86_64")
    parser.add_argument("--glibc", required=True, type=_glibc, help="of the board, such as 2.36")
    parser.add_argument("--python", required=True, help="of the board, such as 3.11")
    parser.add_argument(
        "--system-packages", action="store_true", help="let the release see apt's, as picamera2"
    )
    parser.add_argument("--folder", type=Path, required=True, help="where wheelhouses are kept")
    return parser


def _glibc(text: str) -> str:
    if re.fullmatch(r"2\.\d+", text) is None:
        raise argparse.ArgumentTypeError(f"expected a version such as 2.36, found {text!r}")
    return text


def build_plan(arguments: argparse.Namespace) -> dict[str, object]:
    """Do the work; returns what the role needs to know.

    Raises:
        ArtifactError: The artifact cannot be deployed.
        WheelhouseError: The wheels cannot be collected.
    """
    model = find_artifact(arguments.model)
    model_sha256 = check_artifact(model)
    wanted = arguments.runtime
    if arguments.profile:
        wanted = check_profile(arguments.profile, model, model_sha256, wanted)
    runtime = choose_runtime(model, wanted, arguments.machine)
    if arguments.wheel and not arguments.wheel.is_file():
        raise WheelhouseError(f"there is no wheel {arguments.wheel}: name one, or leave it out")
    wheel = arguments.wheel or build_wheel(arguments.folder)
    target = Target(arguments.machine, arguments.glibc, arguments.python, runtime)
    house = build_wheelhouse(target, wheel, arguments.folder)
    files = {model.name: model_sha256}
    if arguments.profile:
        files["profile.json"] = hash_file(arguments.profile)
    # numpy of a 32-bit system comes from apt alone.
    system_packages = arguments.system_packages or arguments.machine == "armv7l"
    identity = json.dumps([house.digest, sorted(files.items()), system_packages])
    return {
        "release": f"{model.stem}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}",
        "runtime": runtime,
        # A symbolic link goes to the board under its own name, which is the one in `files`.
        "model": str(model.absolute()),
        "archive": str(house.archive.resolve()),
        "digest": house.digest,
        "files": files,
        "system_packages": system_packages,
    }


def find_artifact(path: Path) -> Path:
    """The artifact itself; of an artifacts folder, the one that its manifest recommends.

    Raises:
        ArtifactError: It does not exist.
    """
    if path.is_dir():
        try:
            path /= json.loads((path / "manifest.json").read_text())["recommended"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{path} recommends no artifact: name a file") from error
    if not path.is_file():
        raise ArtifactError(f"{path} does not exist: name the artifact with -e model=FILE")
    if path.suffix not in _BACKENDS:
        raise ArtifactError(f"{path.name} is neither a .tflite nor an .onnx file")
    return path


def check_artifact(model: Path) -> str:
    """Compare an artifact with ``manifest.json`` beside it, where there is one; its SHA-256.

    Raises:
        ArtifactError: It differs.
    """
    found = hash_file(model)
    manifest = model.with_name("manifest.json")
    if manifest.is_file():
        expected = _read_manifest(manifest).get(model.name)
        if expected is not None and expected != found:
            raise ArtifactError(
                f"{model.name} is not the file that was verified: SHA-256 {found}, expected "
                f"{expected} ({manifest}). Export it again or copy it anew; nothing was changed "
                "on any board"
            )
    return found


def check_profile(profile: Path, model: Path, sha256: str, wanted: str) -> str:
    """See that a profile chose this artifact; returns the runtime that it chose.

    Raises:
        ArtifactError: It chose another artifact or runtime, or is no profile.
    """
    try:
        document = json.loads(profile.read_text())
        chosen, expected = Path(document["artifact"]).name, str(document["sha256"])
        runtime = str(document["backend"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{profile} is no profile of edge-runtime tune: {error}") from error
    if (chosen, expected) != (model.name, sha256):
        raise ArtifactError(
            f"{profile.name} chose {chosen} with SHA-256 {expected}, but {model.name} has "
            f"{sha256}. Name the artifact that it chose, or run edge-runtime tune again there"
        )
    if wanted not in ("auto", runtime):
        raise ArtifactError(
            f"{profile.name} chose the runtime {runtime}, not {wanted}: leave out one of the two"
        )
    return runtime


def _read_manifest(path: Path) -> dict[str, str]:
    """Sums by file name."""
    try:
        document = json.loads(path.read_text())
        return {str(entry["file"]): str(entry["sha256"]) for entry in document["artifacts"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}") from error


def choose_runtime(model: Path, wanted: str, machine: str) -> str:
    """The runtime for an artifact on a kind of board.

    Raises:
        ArtifactError: The wanted one does not run this format, or none does there.
    """
    fitting = _BACKENDS[model.suffix]
    if machine == "armv7l":
        fitting = tuple(name for name in fitting if name == "tflite")
    if wanted == "auto" and fitting:
        return fitting[0]
    if wanted not in fitting:
        raise ArtifactError(
            f"{model.name} on {machine} runs with {' or '.join(fitting) or 'no runtime'}, "
            f"not with {wanted}"
        )
    return wanted


def build_wheel(folder: Path) -> Path:
    """Build our wheel from the checkout; the same sources give the same bytes."""
    target = folder / "own"
    target.mkdir(parents=True, exist_ok=True)
    command = [find_tool("uv"), "build", "--wheel", "--quiet", "--out-dir", str(target)]
    done = subprocess.run([*command, str(_CHECKOUT)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise WheelhouseError(f"building the wheel failed:\n{done.stderr[-1500:]}")
    return max(target.glob("edge_runtime-*.whl"), key=lambda path: path.stat().st_mtime)


if __name__ == "__main__":
    sys.exit(main())
