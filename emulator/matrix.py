"""Arm's predictions beside x86's, for every system, board, runtime and artifact.

The same images go through the same artifact and the same version of the runtime on this machine and
on the emulated board.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .errors import SetupError
from .machine import EmulatedPi
from .processors import BOARDS, X86_LEVELS
from .scoring import FORMATS, Refusal, Samples, Scores, score_here, score_on_pi
from .systems import SYSTEMS
from .wheels import install_wheel

# Integer outputs count in steps of their own; differences of float outputs are shown in 256ths, the
# step of an int8 softmax.
_FLOAT_STEP = 1 / 256


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
        images: Images scored.
        agreeing: Images with the same label on Arm as on x86.
        steps: Largest difference of any score: of an integer output in its steps, else in 256ths.
        differing: Fraction of the scores that differ at all.
        correct: Images labelled correctly on Arm.
        correct_x86: Images labelled correctly on x86.
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
        if artifact.suffix == FORMATS[runtime]
        for board in (boards if SYSTEMS[system].bits == 64 else boards[:1])
    ]


def measure_matrix(
    cases: Sequence[Case],
    samples: Samples,
    wheel: Path,
    work: Path,
    report: Callable[[Outcome], None],
    jobs: int = 2,
) -> list[Outcome]:
    """Run all cases, `jobs` at a time; `report` hears of each as it is done.

    Args:
        cases: What to run.
        samples: What to score.
        wheel: Our wheel, installed on each board.
        work: Folder for disks and scores.
        report: Called with each outcome, in order.
        jobs: Emulators at the same time.

    Raises:
        SetupError: A program crashed.
    """
    labels = samples.load_labels()
    sites = {
        (case.system, case.runtime): install_wheel(SYSTEMS[case.system], case.runtime, wheel)
        for case in cases
    }
    for name in {case.system for case in cases}:
        EmulatedPi.create(BOARDS["pi4"], SYSTEMS[name], work / name)
    references = _score_here({(c.runtime, c.artifact) for c in cases}, samples, work)
    outcomes = []
    with ThreadPoolExecutor(jobs) as pool:
        pending = [
            pool.submit(_run_case, case, samples, sites[case.system, case.runtime], work)
            for case in cases
        ]
        for case, future in zip(cases, pending, strict=True):
            found = future.result()
            outcome = (
                Outcome(case, found.reason)
                if isinstance(found, Refusal)
                else _compare(case, found, references[case.runtime, case.artifact], labels)
            )
            report(outcome)
            outcomes.append(outcome)
    return outcomes


def _score_here(
    wanted: set[tuple[str, Path]], samples: Samples, work: Path
) -> dict[tuple[str, Path], Scores]:
    """What x86 predicts, each in a fresh process; what it refuses is left out."""
    found = {}
    for runtime, artifact in sorted(wanted):
        scores = score_here(X86_LEVELS["host"], artifact, runtime, samples, work / "x86.npz")
        if isinstance(scores, Scores):
            found[runtime, artifact] = scores
    return found


def _run_case(case: Case, samples: Samples, site: Path, work: Path) -> Scores | Refusal:
    """Scores of one case, or why the artifact is refused."""
    output = work / f"{case.system}-{case.board}-{case.runtime}-{case.artifact.name}.npz"
    pi = EmulatedPi(BOARDS[case.board], SYSTEMS[case.system], work / case.system)
    found = score_on_pi(pi, site, case.artifact, case.runtime, samples, output)
    if isinstance(found, Refusal) and found.crashed:
        raise SetupError(f"{output.stem}: {found.reason}")
    return found


def _compare(case: Case, arm: Scores, x86: Scores, labels: npt.NDArray[np.int64]) -> Outcome:
    difference = np.abs(arm.values.astype(np.float64) - x86.values)
    predicted, expected = arm.values.argmax(1), x86.values.argmax(1)
    return Outcome(
        case,
        None,
        len(predicted),
        int((predicted == expected).sum()),
        # Scores carry seven digits: without rounding, one step would come out as 1.0000001.
        round(float(difference.max() / (x86.step or _FLOAT_STEP)), 4),
        float((difference > 0).mean()),
        int((predicted == labels).sum()),
        int((expected == labels).sum()),
        zlib.crc32(arm.values.tobytes()),
    )
