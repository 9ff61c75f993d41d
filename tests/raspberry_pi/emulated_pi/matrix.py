"""Arm's answers beside x86's, for every system, board, runtime and artifact.

The same pictures go through the same artifact and the same version of the runtime here and on the
emulated board.
"""

import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .boards import BOARDS
from .errors import SetupError
from .machine import EmulatedPi
from .systems import SYSTEMS
from .wheels import install_wheel

_PROBE = Path(__file__).parents[1] / "on_board" / "score_probe.py"
_CHECKOUT = Path(__file__).resolve().parents[3]
_FORMATS = {"litert": ".tflite", "tflite": ".tflite", "onnx": ".onnx"}
# Integer outputs count in steps of their own; differences of float outputs are shown in 256ths, the
# step of an int8 softmax.
_FLOAT_STEP = 1 / 256


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What an artifact answered.

    Attributes:
        values: float32 (pictures, classes).
        step: Of an integer output, the difference of neighbouring values; 0 for a float one.
    """

    values: npt.NDArray[np.float32]
    step: float

    @classmethod
    def load(cls, path: Path) -> "Scores":
        """Read what the probe wrote."""
        with np.load(path) as held:
            return cls(held["scores"], float(held["step"]))


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the matrix: names of system, board and runtime, and the artifact's path."""

    system: str
    board: str
    runtime: str
    artifact: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case.

    Attributes:
        case: What was run.
        refused: The error's last line where the artifact does not load; else None.
        images: Pictures scored.
        agreeing: Pictures with the same label on Arm as on x86.
        steps: Largest difference of any score: of an integer output in its steps, else in 256ths.
        differing: Share of the scores that differ at all.
        correct: Pictures labelled rightly on Arm.
        correct_x86: Pictures labelled rightly on x86.
        digest: Checksum of the exact scores.
    """

    case: Case
    refused: str | None
    images: int = 0
    agreeing: int = 0
    steps: float = 0.0
    differing: float = 0.0
    correct: int = 0
    correct_x86: int = 0
    digest: int = 0


def list_cases(
    artifacts: Sequence[Path], systems: Iterable[str], boards: Sequence[str]
) -> list[Case]:
    """Every artifact with every runtime that reads its format, on every system and board.

    Of a 32-bit system only one board is listed: one processor is emulated for them all.
    """
    return [
        Case(system, board, runtime, artifact)
        for system in systems
        for runtime in SYSTEMS[system].runtimes
        for artifact in artifacts
        if artifact.suffix == _FORMATS[runtime]
        for board in (boards if SYSTEMS[system].bits == 64 else boards[:1])
    ]


def measure_matrix(
    cases: Sequence[Case],
    samples: Path,
    count: int,
    wheel: Path,
    work: Path,
    report: Callable[[Outcome], None],
    jobs: int = 2,
) -> list[Outcome]:
    """Run all cases, `jobs` at a time; `report` hears of each as it is done.

    Args:
        cases: What to run.
        samples: File with ``images`` and ``labels``, as `export` leaves it.
        count: How many pictures of it to score.
        wheel: Our wheel, installed on each board.
        work: Folder for disks and scores.
        report: Called with each outcome, in order.
        jobs: Emulators at the same time.
    """
    with np.load(samples) as held:
        labels = held["labels"][:count]
    sites = {
        (case.system, case.runtime): install_wheel(SYSTEMS[case.system], case.runtime, wheel)
        for case in cases
    }
    for name in {case.system for case in cases}:
        EmulatedPi.create(BOARDS["pi4"], SYSTEMS[name], work / name)
    references = _score_here({(c.runtime, c.artifact) for c in cases}, samples, count, work)
    outcomes = []
    with ThreadPoolExecutor(jobs) as pool:
        pending = [
            pool.submit(_run_case, case, samples, count, sites[case.system, case.runtime], work)
            for case in cases
        ]
        for case, future in zip(cases, pending, strict=True):
            found = future.result()
            outcome = (
                Outcome(case, found)
                if isinstance(found, str)
                else _compare(case, found, references[case.runtime, case.artifact], labels)
            )
            report(outcome)
            outcomes.append(outcome)
    return outcomes


def _score_here(
    wanted: set[tuple[str, Path]], samples: Path, count: int, work: Path
) -> dict[tuple[str, Path], Scores]:
    """What x86 answers, each in a fresh process; what it refuses is left out."""
    found = {}
    for number, (runtime, artifact) in enumerate(sorted(wanted)):
        output = work / f"x86-{number}.npz"
        paths = [str(path) for path in (_PROBE, artifact, runtime, samples, count, output)]
        done = subprocess.run(
            [sys.executable, *paths],
            cwd=_CHECKOUT,
            env={"PYTHONPATH": str(_CHECKOUT)},
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            found[runtime, artifact] = Scores.load(output)
    return found


def _run_case(case: Case, samples: Path, count: int, site: Path, work: Path) -> Scores | str:
    """Scores of one case, or why the artifact is refused."""
    output = work / f"{case.system}-{case.board}-{case.runtime}-{case.artifact.name}.npz"
    shared = [_PROBE.parent, case.artifact.parent, samples.parent, site, work]
    pi = EmulatedPi.create(
        BOARDS[case.board], SYSTEMS[case.system], work / case.system, list(dict.fromkeys(shared))
    )
    done = pi.run(
        ["python3", _PROBE, case.artifact.resolve(), case.runtime, samples, str(count), output],
        environment={"PYTHONPATH": str(site)},
        timeout_s=3600,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        if last.startswith("edge_runtime.errors."):
            return last.removeprefix("edge_runtime.errors.")
        raise SetupError(f"{output.stem}: {done.stderr[-1500:]}")
    return Scores.load(output)


def _compare(case: Case, arm: Scores, x86: Scores, labels: npt.NDArray[np.int64]) -> Outcome:
    difference = np.abs(arm.values.astype(np.float64) - x86.values)
    given, expected = arm.values.argmax(1), x86.values.argmax(1)
    return Outcome(
        case,
        None,
        len(given),
        int((given == expected).sum()),
        # Scores carry seven digits: without rounding, one step would come out as 1.0000001.
        round(float(difference.max() / (x86.step or _FLOAT_STEP)), 4),
        float((difference > 0).mean()),
        int((given == labels).sum()),
        int((expected == labels).sum()),
        zlib.crc32(arm.values.tobytes()),
    )
