"""Exporting a trial's run and measuring the file, each in a child process.

Stages meet only through folders on disk, so the export is asked for by its command, and its
outcome read from the file that it leaves.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_runtime.document import from_json, to_json
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.measurement.records import TrialOutcome, TrialRequest
from edge_runtime.measurement.timing import Effort
from train.errors import RunError
from train.samples import Images

RECIPE = "static_int8.tflite"
_BACKEND = "litert"
_PICTURES = 64
_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """What was measured on an exported file."""

    path: Path
    size_bytes: int
    accuracy: float
    latency_us: float


def export_and_measure(run: Path, artifacts: Path, images: Images) -> ExportedFile:
    """Export one run to static int8 TFLite and measure size, accuracy and latency.

    Args:
        run: A complete run folder; its evaluation pictures give the accuracy.
        artifacts: Folder to make.
        images: uint8 (N, height, width, channels), to time single pictures with.

    Raises:
        RunError: The export or the measurement failed; holds what it said last.
    """
    command = [sys.executable, "-m", "export", "--run", str(run), "--out", str(artifacts)]
    # The search judges accuracy itself: no file may be kept out before it is seen.
    command += ["--recipes", RECIPE, "--max-accuracy-drop", "100", "--force"]
    run_command(command, "the export")
    path = next(artifacts.glob("*_static_int8.tflite"), None)
    metadata = None if path is None else read_metadata(path)
    if path is None or metadata is None or metadata.accuracy is None:
        raise RunError(f"the export left no measured static_int8 file in {artifacts}")
    found = metadata.accuracy
    return ExportedFile(
        path, path.stat().st_size, found.correct / found.total, measure_latency(path, images)
    )


def measure_latency(path: Path, images: Images) -> float:
    """Return the median time of one picture in µs: a fresh process, LiteRT, one thread.

    Raises:
        RunError: The measurement failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures.npy"
        np.save(pictures, images[:_PICTURES])
        request = TrialRequest(
            what="latency",
            artifact=str(path),
            backend=_BACKEND,
            threads=1,
            images=str(pictures),
            effort=Effort(offline_ns=0, stage_calls=0),
        )
        command = [sys.executable, "-m", "edge_runtime.measurement.trial"]
        answer = run_command(command, "timing", to_json(request))
    outcome = from_json(TrialOutcome, answer, "the answer of the timing process")
    if outcome.result is None or outcome.result.stream is None:
        reason = outcome.refusal.message if outcome.refusal is not None else "no result"
        raise RunError(f"{path.name} cannot be timed: {reason}")
    return statistics.median(outcome.result.stream.samples_ns) / 1000


def run_command(command: list[str], what: str, text: str | None = None) -> str:
    """Run a command in a child process, hand it `text`, and return its standard output.

    Raises:
        RunError: It failed or took too long; holds what it said last.
    """
    # A worker of a distributed search is told so by its environment; its children are none.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KERASTUNER_")}
    try:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RunError(f"{what} took more than {_TIMEOUT_S} s") from error
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise RunError(f"{what} failed with status {done.returncode}: {said}")
    return done.stdout
