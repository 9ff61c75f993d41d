"""Running every artifact on every runtime that is here, in child processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime.backends import PREFERENCE, load_backend
from edge_runtime.signal_names import name_signal
from export.children import Children
from export.recipes import Format
from export.replay import NOT_WRITTEN

# int16x8 runs on reference kernels: some milliseconds a picture for a large model.
TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of one artifact on one runtime.

    Attributes:
        backend: Short name of the runtime, such as ``litert``.
        runtime: Package and version, such as ``ai-edge-litert 2.3.0``; the package alone where it
            did not load.
        scores: (N, classes) float32, dequantized; None where it did not run.
        reason: Why it did not run; None where it did.
        output_step: Scale of the output tensor; 0.0 for float outputs.
        batch_error: Largest difference between a batch and its images one by one.
        fast_scores: (N, classes) float32 of this processor's saturating int8 kernels; None where
            it has none, or they give the same scores.
    """

    backend: str
    runtime: str
    scores: npt.NDArray[np.float32] | None
    reason: str | None = None
    output_step: float = 0.0
    batch_error: float = 0.0
    fast_scores: npt.NDArray[np.float32] | None = None


def find_backends(file_format: Format) -> tuple[str, ...]:
    """Names of the runtimes that load a format, best first."""
    return tuple(name for name in PREFERENCE if file_format in load_backend(name).formats)


def replay_all(
    files: Iterable[Path],
    images: npt.NDArray[np.uint8],
    folder: Path,
    backends: Callable[[Format], tuple[str, ...]] = find_backends,
    on_done: Callable[[Path, Replay], None] = lambda *_: None,
    workers: int | None = None,
) -> dict[Path, tuple[Replay, ...]]:
    """Run files on all their runtimes, a few children at a time.

    Args:
        files: ``.tflite`` and ``.onnx`` files.
        images: (N, height, width, channels) uint8.
        folder: For files between the processes; the caller removes it.
        backends: Names of the runtimes to use for a format.
        on_done: Called from worker threads after each file and runtime.
        workers: Children at a time; by default one per core, at most 4.

    Returns:
        Per file, one `Replay` per runtime that loads its format, in order of preference.
    """
    children = Children()
    np.save(folder / "images.npy", images)
    cases = [
        (file, backend)
        for file in files
        for backend in backends("tflite" if file.suffix == ".tflite" else "onnx")
    ]

    def run(case: tuple[Path, str]) -> Replay:
        replay = replay_in_child(*case, folder / "images.npy", folder, children=children)
        on_done(case[0], replay)
        return replay

    # The longest first, so that no core waits for it alone at the end.
    cases.sort(key=lambda case: "int16x8" not in case[0].name)
    with ThreadPoolExecutor(workers or min(4, os.cpu_count() or 1)) as pool:
        try:
            replays = list(pool.map(run, cases))
        except BaseException:  # an interruption, or a disk that is full: the rest is in vain
            children.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results: dict[Path, list[Replay]] = {}
    for (file, _), replay in zip(cases, replays, strict=True):
        results.setdefault(file, []).append(replay)
    return {file: tuple(found) for file, found in results.items()}


def replay_in_child(
    file: Path,
    backend: str,
    images: Path,
    folder: Path,
    timeout_s: float = TIMEOUT_S,
    python: str = sys.executable,
    children: Children | None = None,
) -> Replay:
    """Run one file on one runtime in a process of its own.

    Args:
        file: The artifact.
        backend: Short name of the runtime.
        images: uint8 (N, height, width, channels) .npy file.
        folder: For the scores.
        timeout_s: When to give up.
        python: Interpreter to use; it needs numpy and the runtime.
        children: Of which it becomes one, so that it ends with them.

    Raises:
        OSError: The scores could not be written, which says nothing about the file.
    """
    package = load_backend(backend).package
    target = folder / f"{file.name}.{backend}.npy"
    command = [python, "-m", "export.replay", str(file), "--backend", backend]
    command += ["--images", str(images), "--scores", str(target)]
    fast_target = folder / f"{file.name}.{backend}.fast.npy"
    if file.suffix == ".onnx":  # ONNX Runtime alone has two kinds of int8 kernels
        command += ["--fast-scores", str(fast_target)]
    try:
        child = (children or Children()).run(command, _child_environment(), timeout_s)
    except subprocess.TimeoutExpired:
        return Replay(backend, package, None, f"gave no answer within {timeout_s:g} s")
    try:
        answer = json.loads(child.stdout.decode("utf-8", "replace") or "null")
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return Replay(backend, package, None, _describe_crash(child))
    if answer.get("kind") == NOT_WRITTEN:
        raise OSError(answer["error"])
    if "error" in answer:
        return Replay(backend, package, None, str(answer["error"]))
    return Replay(
        backend,
        answer["runtime"],
        _take_scores(target),
        None,
        answer["output_step"],
        answer["batch_error"],
        _take_scores(fast_target) if answer["fast_differs"] else None,
    )


def _take_scores(file: Path) -> npt.NDArray[np.float32]:
    scores: npt.NDArray[np.float32] = np.load(file, allow_pickle=False)
    file.unlink()
    return scores


def _child_environment() -> dict[str, str]:
    # The checkout must be importable in the child even where it is not installed.
    root = str(Path(__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([root, inherited] if inherited else [root])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def _describe_crash(child: subprocess.CompletedProcess[bytes]) -> str:
    if child.returncode < 0:
        return f"the runtime crashed the process ({name_signal(-child.returncode)})"
    lines = child.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"the process ended with {child.returncode}: {lines[-1] if lines else 'no message'}"
