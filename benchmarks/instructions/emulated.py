"""Counting on emulated boards, through the command of the emulator.

A process, not an import: `benchmarks` knows nothing of how boards are emulated.
"""

import itertools
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.instructions.counts import InstructionCount, to_count

_CHECKOUT = Path(__file__).resolve().parents[2]
_PROBE = Path(__file__).with_name("probe.py")
_RUNTIMES = {".tflite": ("litert", "tflite"), ".onnx": ("onnx",)}
_BOARDS = {"cortex-a53": "pi3", "cortex-a72": "pi4", "cortex-a76": "pi5"}
_REFUSALS = ("IncompatibleArtifactError", "ArtifactError")


class CountingError(RuntimeError):
    """Counting is not possible here, or the counted program failed."""


def list_cases(
    artifacts: Sequence[Path], processors: Sequence[str], runtimes: Sequence[str]
) -> list[tuple[Path, str, str]]:
    """(artifact, runtime, processor) for every runtime that reads the artifact's format."""
    return [
        (artifact, runtime, processor)
        for artifact in artifacts
        for runtime in _RUNTIMES.get(artifact.suffix, ())
        if runtime in runtimes
        for processor in processors
    ]


def count_case(artifact: Path, runtime: str, processor: str, runs: int) -> InstructionCount:
    """Count one case in `runs` fresh processes.

    Raises:
        CountingError: This machine cannot emulate, or the program failed otherwise than by
            refusing the artifact.
    """
    rounds: list[float] = []
    version = "unknown"
    for _ in range(runs):
        done = _run_probe(artifact, runtime, _BOARDS[processor])
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            if any(name in last for name in _REFUSALS):
                reason = last.split(": ", 1)[-1]
                return InstructionCount(
                    artifact.name, runtime, processor, 0.0, 0.0, 0.0, 0, version, reason
                )
            raise CountingError(f"{artifact.name} with {runtime}: {done.stderr.strip()[-2000:]}")
        answer = json.loads(done.stdout)
        said = json.loads(answer["output"])
        version = said["version"]
        marks = answer["marks"]
        rounds += [
            (later - earlier) / said["per_round"] for earlier, later in itertools.pairwise(marks)
        ]
    return to_count(artifact.name, runtime, processor, version, rounds)


def _run_probe(artifact: Path, runtime: str, board: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emulator", "count", "--processor", board]
    command += ["--runtime", runtime, "--", str(_PROBE), str(artifact.absolute()), runtime]
    return subprocess.run(command, cwd=_CHECKOUT, capture_output=True, text=True, check=False)
