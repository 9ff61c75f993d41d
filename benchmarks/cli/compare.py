"""``python -m benchmarks compare OLD NEW``: what changed beyond the noise."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from benchmarks.comparability import list_software_changes
from benchmarks.comparing import Change, compare_results
from benchmarks.results import Results, load_results

_WORDS = {"worse": "WORSE ", "better": "better", "same": "same  "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.add_argument("old", type=Path, help="results.json of before")
    parser.add_argument("new", type=Path, help="results.json of after, from the same machine")
    parser.add_argument("--all", action="store_true", help="list what stayed the same, too")
    parser.add_argument("--json", action="store_true", help="print the changes as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what changed; 1 if anything became slower, larger, less accurate or stopped working."""
    old, new = load_results(arguments.old), load_results(arguments.new)
    changes = compare_results(old, new)
    worse = [change for change in changes if change.direction == "worse"]
    _warn_of_invalid(old, new)
    for difference in list_software_changes(old, new):
        print(f"changed on the machine: {difference}", file=sys.stderr)
    if arguments.json:
        print(json.dumps([dataclasses.asdict(change) for change in changes], indent=1))
        return 1 if worse else 0
    shown = [change for change in changes if arguments.all or change.direction != "same"]
    for change in shown:
        print(format_change(change))
    better = sum(change.direction == "better" for change in changes)
    print(f"{len(worse)} worse, {better} better, {len(changes) - len(worse) - better} the same")
    return 1 if worse else 0


def format_change(change: Change) -> str:
    """One change as one line."""
    return f"{_WORDS[change.direction]} {change.quantity:8} {change.subject}: {change.text}"


def _warn_of_invalid(*runs: Results) -> None:
    for results in runs:
        if not results.verdict.valid:
            codes = [f.code for f in results.verdict.findings if f.severity == "invalid"]
            print(
                f"warning: the run of {results.created} is INVALID ({', '.join(codes)}); "
                "its latencies may mislead",
                file=sys.stderr,
            )
