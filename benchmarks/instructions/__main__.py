"""Command line: ``python -m benchmarks.instructions``."""

import argparse
import math
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.instructions.counts import (
    SCHEMA_VERSION,
    CountSet,
    InstructionCount,
    load_counts,
    save_counts,
)
from benchmarks.instructions.emulated import CountingError, count_case, list_cases
from benchmarks.instructions.prediction import CORES
from benchmarks.instructions.regression import TOLERANCE, find_regressions, format_change
from benchmarks.instructions.report import format_table, write_table
from edge_runtime.document import to_json
from edge_runtime.errors import EdgeRuntimeError

REFERENCE = Path(__file__).with_name("reference.json")


def main(argv: Sequence[str] | None = None) -> int:
    """Count, print, compare; 1 where an artifact became dearer than the reference allows."""
    arguments = _parser().parse_args(argv)
    artifacts = [path for given in arguments.artifacts for path in _expand(given)]
    cases = list_cases(artifacts, arguments.processor or list(CORES), arguments.runtime)
    if not cases:
        print("error: no .tflite or .onnx artifact was named", file=sys.stderr)
        return 2
    try:
        reference = load_counts(arguments.reference).counts if arguments.check else ()
        counts = _count(cases, arguments.runs, arguments.jobs)
    except (CountingError, EdgeRuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    found = CountSet(SCHEMA_VERSION, "Debian 12 arm64, Python 3.11, QEMU 7.2", tuple(counts))
    print(to_json(found) if arguments.json else format_table(counts), end="")
    if arguments.save:
        save_counts(found, arguments.save)
    if arguments.write:
        write_table(counts, arguments.write)
    changes = find_regressions(reference, counts, arguments.tolerance / 100)
    for change in changes:
        print(f"regression: {format_change(change)}", file=sys.stderr)
    if arguments.check and not {count.key for count in counts} & {one.key for one in reference}:
        print("error: the reference knows none of these artifacts", file=sys.stderr)
        return 1
    return 1 if changes else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.instructions",
        description="Count instructions per inference on emulated Raspberry Pi processors.",
    )
    parser.add_argument("artifacts", nargs="+", type=Path, help="files, or folders of them")
    parser.add_argument(
        "--processor", choices=CORES, action="append", help="which one (default: all three)"
    )
    parser.add_argument(
        "--runtime",
        nargs="+",
        default=["litert", "tflite", "onnx"],
        help="which ones (default: all three)",
    )
    parser.add_argument(
        "--runs", type=_count_from_1, default=2, help="fresh processes (default: 2)"
    )
    parser.add_argument(
        "--jobs", type=_count_from_1, default=2, help="at the same time (default: 2)"
    )
    parser.add_argument(
        "--save", type=Path, help="write the counts to this file; what it has of others stays"
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the table between this document's marks"
    )
    parser.add_argument("--check", action="store_true", help="compare with the reference")
    parser.add_argument(
        "--reference", type=Path, default=REFERENCE, help="default: the committed one"
    )
    parser.add_argument(
        "--tolerance", type=_percent, default=TOLERANCE * 100, help="percent (default: %(default)g)"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    return parser


def _count_from_1(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r}")
    return int(text)


def _percent(text: str) -> float:
    """Parse a tolerance; with one such as nan, nothing would ever be dearer than allowed."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"expected percent from 0, such as 3; found {text!r}")
    return value


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted((*path.rglob("*.tflite"), *path.rglob("*.onnx")))
    return [path]


def _count(cases: Sequence[tuple[Path, str, str]], runs: int, jobs: int) -> list[InstructionCount]:
    # Counts do not change with load, so cases may run side by side.
    with ThreadPoolExecutor(jobs) as pool:
        pending = [pool.submit(count_case, *case, runs) for case in cases]
        counts = []
        for number, future in enumerate(pending, 1):
            counts.append(future.result())
            if sys.stderr.isatty() or number == len(cases):
                print(f"\r{number} of {len(cases)} counted", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return counts


if __name__ == "__main__":
    sys.exit(main())
