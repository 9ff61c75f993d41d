"""Arm's answers beside x86's: every system, board, runtime and artifact, as a table.

The same pictures go through the same artifact and the same version of the runtime here and on the
emulated board. Boards of one system that answer alike to the last bit share a row.
"""

import itertools
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

_PROBE = Path(__file__).with_name("score_probe.py")
_CHECKOUT = Path(__file__).resolve().parents[3]
_FORMATS = {"litert": ".tflite", "tflite": ".tflite", "onnx": ".onnx"}
# An int8 softmax output counts in 256ths; differences of float outputs are shown in the same unit.
STEP = 1 / 256

Scores = npt.NDArray[np.float32]


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
        steps: Largest difference of any score, in 256ths.
        differing: Share of scores that differ at all.
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
    """Every artifact with every runtime that reads its format, on every system and board."""
    return [
        Case(system, board, runtime, artifact)
        for system in systems
        for runtime in SYSTEMS[system].runtimes
        for artifact in artifacts
        if artifact.suffix == _FORMATS[runtime]
        for board in boards
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
            with np.load(output) as held:
                found[runtime, artifact] = held["scores"]
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
    with np.load(output) as held:
        scores: Scores = held["scores"]
    return scores


def _compare(case: Case, arm: Scores, x86: Scores, labels: npt.NDArray[np.int64]) -> Outcome:
    difference = np.abs(arm.astype(np.float64) - x86)
    return Outcome(
        case,
        None,
        len(arm),
        int((arm.argmax(1) == x86.argmax(1)).sum()),
        float(difference.max() / STEP),
        float((difference > 0).mean()),
        int((arm.argmax(1) == labels).sum()),
        int((x86.argmax(1) == labels).sum()),
        zlib.crc32(arm.tobytes()),
    )


def format_table(outcomes: Sequence[Outcome]) -> str:
    """Markdown: one row per system, runtime and artifact, and per group of boards that agree."""
    images = max(outcome.images for outcome in outcomes)
    lines = [
        f"{images:,} test pictures each. *Difference* is the largest of any score, in 256ths "
        "(one step of an int8 output). Boards in one row answer alike to the last bit.",
        "",
        "| system | boards | runtime | artifact | loads | same label as x86 | difference "
        "| accuracy (x86) |",
        "|---|---|---|---|---|--:|--:|--:|",
    ]

    def row_key(one: Outcome) -> tuple[str, str, str, str, int]:
        name = one.case.artifact.name
        return one.case.system, one.case.runtime, name, one.refused or "", one.digest

    ordered = sorted(outcomes, key=lambda one: row_key(one)[:3])
    for _, group in itertools.groupby(ordered, key=row_key):
        alike = list(group)
        boards = ", ".join(one.case.board.replace("pi", "Pi ") for one in alike)
        lines.append(_format_row(alike[0], boards))
    return "\n".join(lines) + "\n"


def _format_row(one: Outcome, boards: str) -> str:
    case = one.case
    head = f"| {case.system} | {boards} | {case.runtime} | `{case.artifact.name}` |"
    if one.refused:
        return f"{head} no: {one.refused} | | | |"
    difference = "none" if one.steps == 0 else f"{one.steps:.2g}"
    accuracy, here = 100 * one.correct / one.images, 100 * one.correct_x86 / one.images
    return (
        f"{head} yes | {one.agreeing} of {one.images} | {difference} "
        f"| {accuracy:.1f} % ({here:.1f} %) |"
    )


def replace_between(text: str, name: str, content: str) -> str:
    """Put `content` between the marks ``<!-- name -->`` and ``<!-- /name -->`` of a document.

    Raises:
        SetupError: The document has no such marks.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, found, rest = text.partition(start)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise SetupError(f"the document has no marks {start} … {end}")
    return f"{head}{start}\n{content}{end}{tail}"
