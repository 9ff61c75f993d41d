"""``python -m benchmarks merge A B …``: several machines side by side in one report."""

import argparse
from pathlib import Path

from benchmarks.cli.output import check_out
from benchmarks.merging import format_merged, merge_runs
from benchmarks.report.earlier_report import MERGED
from benchmarks.report.writing import write_merged
from benchmarks.results import load_results


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.add_argument("results", type=Path, nargs="+", help="results.json of each machine")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("report/merged"),
        metavar="DIR",
        help="where the report goes (default: report/merged)",
    )
    parser.add_argument("--force", action="store_true", help="replace a report that is there")


def run(arguments: argparse.Namespace) -> int:
    """Write one page and one table over all machines, and print the table."""
    check_out(arguments.out, arguments.force, kind=MERGED)
    merged = merge_runs([load_results(path) for path in arguments.results])
    lines = format_merged(merged)
    write_merged(merged.runs, lines, arguments.out)
    print("\n".join(lines))
    print(f"\nReport: {arguments.out / 'report.html'} (also report.md)")
    return 0
