"""Released artifacts on every processor: do they verify there, and which labels do they give?

Each artifact is replayed with every runtime that reads it, on emulated boards and x86-64
processors and on this machine: first its golden samples, as ``edge-runtime verify`` does, then
labelled images.
"""

import gzip
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime.evaluation.labelled_arrays import load_labelled_arrays

from .errors import SetupError
from .machine import EmulatedPi
from .processors import BOARDS, PROCESSORS, X86_LEVELS, Board
from .scoring import CHECKOUT, FORMATS, Refusal, Samples, Scores, score_here, score_on_pi
from .systems import PINS, SYSTEMS
from .wheels import DISTRIBUTIONS, build_wheel, install_wheel

# The system on which all three runtimes exist.
BOARD_SYSTEM = SYSTEMS["bookworm"]
# What lies before and behind the pixels of an IDX file: no more than a header.
_IDX_IMAGES_HEADER, _IDX_LABELS_HEADER = 16, 8


@dataclass(frozen=True, slots=True)
class Cell:
    """One artifact with one runtime on one processor; processor and runtime by name."""

    artifact: Path
    runtime: str
    processor: str

    def __str__(self) -> str:
        return f"{self.processor} {self.runtime} {self.artifact.name}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a cell.

    Attributes:
        problem: Why it does not verify: a refusal, a crash, or the golden samples that differ, in
            words; empty where all golden samples pass.
        images: Images labelled.
        wrong: The label given to each image that was labelled wrongly, by the image's index.
        crashed: Whether a signal ended the program; such an outcome is not recorded.
    """

    problem: str
    images: int = 0
    wrong: dict[str, int] = field(default_factory=dict)
    crashed: bool = False

    @property
    def passed(self) -> bool:
        """Whether the artifact verifies."""
        return not self.problem

    @property
    def accuracy(self) -> float:
        """Fraction of the images labelled correctly."""
        return 1 - len(self.wrong) / self.images

    def count_differences(self, other: "Outcome") -> int:
        """How many of the same images have another label there."""
        indices = self.wrong.keys() | other.wrong.keys()
        return sum(self.wrong.get(index) != other.wrong.get(index) for index in indices)


def list_released() -> list[Path]:
    """The artifacts of this repository: those of `models`, and the default ones of the wheel."""
    folders = ("models/*", "edge_runtime/models")
    return [
        path
        for folder in folders
        for ending in ("*.onnx", "*.tflite")
        for path in sorted(CHECKOUT.glob(f"{folder}/{ending}"))
    ]


def find_version(runtime: str, processor: str) -> str | None:
    """The version of a runtime that a processor is tried with; None where it is not installed."""
    distribution = DISTRIBUTIONS[runtime]
    if processor in BOARDS:
        return PINS[distribution]
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def list_cells(artifacts: Sequence[Path], processors: Sequence[str]) -> list[Cell]:
    """Every artifact with every runtime that reads its format and is installed, on each processor.

    The longest-running come first, so that none of them is waited for alone at the end.
    """
    cells = [
        Cell(artifact, runtime, processor)
        for artifact in artifacts
        for runtime, ending in FORMATS.items()
        if artifact.suffix == ending
        for processor in processors
        if find_version(runtime, processor)
    ]
    return sorted(cells, key=lambda cell: -cell.artifact.stat().st_size)


def load_samples(given: Path | None, count: int, folder: Path) -> Samples:
    """Write the first `count` labelled images into `folder`.

    Args:
        given: File with ``images`` and ``labels``; None for Fashion-MNIST's test images, which
            ``python -m train data`` finds or fetches.
        count: How many.
        folder: Where the file of samples goes.

    Raises:
        SetupError: There are fewer, or none were found.
        DataError: The file given is damaged or something else.
    """
    images, labels = load_labelled_arrays(given) if given else _load_fashion_mnist()
    if len(images) < count:
        raise SetupError(
            f"expected {count} images, found {len(images)} in {given or 'Fashion-MNIST'}: "
            f"pass --images {len(images)} or less"
        )
    path = folder / "samples.npz"
    np.savez(path, images=images[:count], labels=labels[:count])
    return Samples(path, count)


def _load_fashion_mnist() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The 10,000 test images and their labels; a process, because `train` is not imported here."""
    done = subprocess.run(
        [sys.executable, "-m", "train", "data", "--json"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SetupError(f"Fashion-MNIST was not found ({last}): pass --samples FILE.npz")
    paths = [Path(entry["file"]) for entry in json.loads(done.stdout)["files"]]
    (image_file,) = (path for path in paths if path.name.startswith("t10k-images"))
    (label_file,) = (path for path in paths if path.name.startswith("t10k-labels"))
    pixels = np.frombuffer(_read(image_file), np.uint8, offset=_IDX_IMAGES_HEADER)
    labels = np.frombuffer(_read(label_file), np.uint8, offset=_IDX_LABELS_HEADER)
    return pixels.reshape(-1, 28, 28, 1), labels.astype(np.int64)


def _read(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def measure_cells(
    cells: Sequence[Cell],
    samples: Samples,
    work: Path,
    report: Callable[[Cell, Outcome], None],
    jobs: int = 2,
) -> None:
    """Run all cells, `jobs` at a time; `report` hears of each as it is done, in any order.

    Args:
        cells: What to run.
        samples: What is labelled.
        work: Folder for disks and scores.
        report: Called with each outcome, in this thread.
        jobs: Processes at the same time.

    Raises:
        EmulationUnavailableError: This machine cannot emulate.
        SetupError: A download failed, or a program failed for a reason of its own.
    """
    labels = samples.load_labels()
    runtimes = {cell.runtime for cell in cells if cell.processor in BOARDS}
    sites = {}
    if runtimes:
        wheel = build_wheel(work)
        sites = {name: install_wheel(BOARD_SYSTEM, name, wheel) for name in sorted(runtimes)}
        EmulatedPi.create(BOARDS["pi4"], BOARD_SYSTEM, work / "disk")
    pool = ThreadPoolExecutor(jobs)
    try:
        pending = {
            pool.submit(_score, cell, samples, sites.get(cell.runtime), work, number): cell
            for number, cell in enumerate(cells)
        }
        for future in as_completed(pending):
            report(pending[future], _judge(future.result(), labels))
    finally:
        pool.shutdown(cancel_futures=True)


def _score(
    cell: Cell, samples: Samples, site: Path | None, work: Path, number: int
) -> Scores | Refusal:
    output = work / f"{number}.npz"
    processor = PROCESSORS[cell.processor]
    if isinstance(processor, Board) and site:
        pi = EmulatedPi(processor, BOARD_SYSTEM, work / "disk")
        return score_on_pi(pi, site, cell.artifact, cell.runtime, samples, output)
    return score_here(X86_LEVELS[cell.processor], cell.artifact, cell.runtime, samples, output)


def _judge(found: Scores | Refusal, labels: npt.NDArray[np.int64]) -> Outcome:
    if isinstance(found, Refusal):
        return Outcome(found.reason, crashed=found.crashed)
    predicted = found.values.argmax(1)
    wrong = {str(index): int(predicted[index]) for index in np.flatnonzero(predicted != labels)}
    problem = "; ".join(found.failed) if found.golden else "it has no golden samples"
    return Outcome(problem, len(labels), wrong)
