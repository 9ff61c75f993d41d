"""The command ``matrix``: measure, print, and write the table into a document."""

import argparse
import sys
import tempfile
from pathlib import Path

from .boards import BOARDS
from .matrix import Outcome, format_table, list_cases, measure_matrix, replace_between
from .systems import SYSTEMS
from .wheels import build_wheel


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
    parser.add_argument("--write", type=Path, help="document to put the table into")
    parser.set_defaults(action=_run)


def _run(arguments: argparse.Namespace) -> int:
    artifacts = [path for given in arguments.artifacts for path in _expand(given)]
    cases = list_cases(artifacts, arguments.system or SYSTEMS, arguments.board or list(BOARDS))
    if not cases:
        print("error: no artifact was named that these systems run", file=sys.stderr)
        return 2
    samples = arguments.samples or artifacts[0].parent / "evaluation.npz"
    done = 0

    def say(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        case = outcome.case
        name = f"{case.system} {case.board} {case.runtime} {case.artifact.name}"
        found = outcome.refused or f"{outcome.agreeing} of {outcome.images} labels agree"
        print(f"[{done}/{len(cases)}] {name}: {found}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        wheel = build_wheel(work)
        outcomes = measure_matrix(
            cases, samples.resolve(), arguments.images, wheel, work, say, arguments.jobs
        )
    table = format_table(outcomes)
    print(table, end="")
    if arguments.write:
        text = arguments.write.read_text(encoding="utf-8")
        arguments.write.write_text(replace_between(text, "matrix", table), encoding="utf-8")
    return 0 if all(one.agreeing == one.images for one in outcomes if not one.refused) else 1


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted((*path.rglob("*.tflite"), *path.rglob("*.onnx")))
    return [path]
