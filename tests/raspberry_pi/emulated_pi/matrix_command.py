"""The command ``matrix``: measure, print, and write the table into a document."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .boards import BOARDS
from .matrix import Case, Outcome, list_cases, measure_matrix
from .matrix_record import Record
from .matrix_table import format_table, replace_between
from .systems import SYSTEMS
from .wheels import build_wheel

RECORD = Path(__file__).with_name("answers.jsonl")


def add_matrix_command(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = actions.add_parser("matrix", help="compare Arm's answers with x86's; prints a table")
    parser.add_argument("artifacts", type=Path, nargs="+", help="files, or folders of them")
    parser.add_argument(
        "--samples", type=Path, help="default: evaluation.npz beside the first artifact"
    )
    parser.add_argument("--images", type=int, default=1000, help="pictures (default: 1000)")
    parser.add_argument("--system", choices=SYSTEMS, action="append", help="default: all")
    parser.add_argument("--board", choices=BOARDS, action="append", help="default: all")
    parser.add_argument("--jobs", type=int, default=2, help="at the same time (default: 2)")
    parser.add_argument(
        "--record",
        type=Path,
        default=RECORD,
        help="file of outcomes; what it holds is not run again (default: the committed one)",
    )
    parser.add_argument("--write", type=Path, help="document to put the table into")
    parser.set_defaults(action=_run)


def _run(arguments: argparse.Namespace) -> int:
    artifacts = [path for given in arguments.artifacts for path in _expand(given)]
    cases = list_cases(artifacts, arguments.system or SYSTEMS, arguments.board or list(BOARDS))
    if not cases:
        print("error: no artifact was named that these systems run", file=sys.stderr)
        return 2
    samples = (arguments.samples or artifacts[0].parent / "evaluation.npz").resolve()
    record = Record.load(arguments.record, samples, arguments.images)
    missing = [case for case in cases if record.find(case) is None]
    print(f"{len(cases) - len(missing)} of {len(cases)} are recorded", file=sys.stderr, flush=True)
    _measure(missing, samples, arguments.images, record, arguments.jobs)
    outcomes = [found for case in cases if (found := record.find(case))]
    table = format_table(outcomes)
    print(table, end="")
    if arguments.write:
        text = arguments.write.read_text(encoding="utf-8")
        arguments.write.write_text(replace_between(text, "matrix", table), encoding="utf-8")
    return 0 if all(one.agreeing == one.images for one in outcomes if not one.refused) else 1


def _measure(cases: Sequence[Case], samples: Path, images: int, record: Record, jobs: int) -> None:
    done = 0

    def report(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        record.add(outcome)
        case = outcome.case
        name = f"{case.system} {case.board} {case.runtime} {case.artifact.name}"
        found = outcome.refused or f"{outcome.agreeing} of {outcome.images} labels agree"
        print(f"[{done}/{len(cases)}] {name}: {found}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        measure_matrix(cases, samples, images, build_wheel(work), work, report, jobs)


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted((*path.rglob("*.tflite"), *path.rglob("*.onnx")))
    return [path]
