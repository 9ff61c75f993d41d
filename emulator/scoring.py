"""Scoring the same images on any processor, with any runtime that reads the artifact."""

import hashlib
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime.formats.description import find_description
from edge_runtime.formats.model_file import load_model_file

from .errors import SetupError
from .machine import EmulatedPi, X86Computer
from .processors import X86Level

CHECKOUT = Path(__file__).resolve().parents[1]
FORMATS = {"litert": ".tflite", "tflite": ".tflite", "onnx": ".onnx"}
_PROBE = Path(__file__).with_name("score_probe.py")
_TIMEOUT_S = 3600


@dataclass(frozen=True, slots=True)
class Samples:
    """Labelled images in a file, and how many of them are used.

    Attributes:
        path: An .npz file with ``images`` and ``labels``.
        count: Only so many, from the first.
    """

    path: Path
    count: int

    def load_labels(self) -> npt.NDArray[np.int64]:
        """The class indices, int64 (count,)."""
        with np.load(self.path) as held:
            labels: npt.NDArray[np.int64] = held["labels"][: self.count]
        return labels

    def hash_images(self) -> str:
        """SHA-256 of the images' pixels."""
        with np.load(self.path) as held:
            return hashlib.sha256(held["images"][: self.count].tobytes()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What an artifact predicted.

    Attributes:
        values: float32 (images, classes).
        step: Of an integer output, the difference of neighbouring values; 0 for a float one.
        version: The runtime's version.
        golden: How many golden samples the artifact has.
        failed: The golden samples that differ, in words.
    """

    values: npt.NDArray[np.float32]
    step: float
    version: str
    golden: int
    failed: tuple[str, ...]

    @classmethod
    def load(cls, path: Path) -> "Scores":
        """Read what the probe wrote."""
        with np.load(path) as held:
            return cls(
                held["scores"],
                float(held["step"]),
                str(held["version"]),
                int(held["golden"]),
                tuple(str(held["failed"]).splitlines()),
            )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there are no scores: the runtime refused the artifact, or a signal ended the program.

    Attributes:
        reason: In words.
        crashed: Whether the program was ended by a signal.
    """

    reason: str
    crashed: bool = False


def score_here(
    level: X86Level, artifact: Path, runtime: str, samples: Samples, output: Path
) -> Scores | Refusal:
    """Score with this Python environment, on an x86-64 processor.

    Raises:
        SetupError: The program failed otherwise than by a refusal or a signal.
    """
    done = X86Computer(level).run_python(
        _arguments(artifact, runtime, samples, output),
        environment={"PYTHONPATH": str(CHECKOUT)},
        timeout_s=_TIMEOUT_S,
    )
    return _read(done, output)


def score_on_pi(
    pi: EmulatedPi, site: Path, artifact: Path, runtime: str, samples: Samples, output: Path
) -> Scores | Refusal:
    """Score on an emulated board, with the packages of the folder `site`.

    Raises:
        SetupError: The program failed otherwise than by a refusal or a signal.
    """
    folders = (_PROBE.parent, artifact.parent, samples.path.parent, site, output.parent)
    shared = tuple(dict.fromkeys(path.resolve() for path in folders))
    done = EmulatedPi(pi.board, pi.system, pi.disk, shared).run(
        ["python3", *_arguments(artifact, runtime, samples, output)],
        environment={"PYTHONPATH": str(site)},
        timeout_s=_TIMEOUT_S,
    )
    return _read(done, output)


def _arguments(artifact: Path, runtime: str, samples: Samples, output: Path) -> list[str]:
    paths = (_PROBE, artifact.resolve(), runtime, samples.path.resolve(), samples.count, output)
    return [str(part) for part in paths]


def _read(done: subprocess.CompletedProcess[str], output: Path) -> Scores | Refusal:
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return Refusal(f"the program was ended by {name}", crashed=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        if last.startswith("edge_runtime.errors."):
            return Refusal(last.removeprefix("edge_runtime.errors."))
        raise SetupError(f"{output.stem}: {done.stderr[-1500:]}")
    scores = Scores.load(output)
    output.unlink()
    return scores


def expand_artifacts(given: Sequence[Path]) -> list[Path]:
    """The artifacts among files and, at any depth, in folders."""
    found: list[Path] = []
    for path in given:
        found += (
            sorted((*path.rglob("*.tflite"), *path.rglob("*.onnx"))) if path.is_dir() else [path]
        )
    return found


def hash_model(artifact: Path) -> str:
    """SHA-256 of an artifact without its description, which says when it was exported."""
    model = load_model_file(artifact)
    found = find_description(model)
    digest = hashlib.sha256()
    for part in found.model if found else (model.data,):
        digest.update(part)
    return digest.hexdigest()


def replace_between(text: str, name: str, content: str) -> str:
    """Put `content` between the marks ``<!-- name -->`` and ``<!-- /name -->`` of a document.

    Raises:
        SetupError: The document has no such marks.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, found, rest = text.partition(start)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise SetupError(f"the document has no marks {start} … {end}: add these two lines")
    return f"{head}{start}\n{content}{end}{tail}"
