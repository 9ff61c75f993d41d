"""``--host``: the same plan on one board or several, over SSH."""

import argparse
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.cli.output import check_out
from benchmarks.errors import HostError, PlanError
from benchmarks.launching import Launcher
from benchmarks.merging import format_merged, merge_runs
from benchmarks.remote import DEPLOYED_PYTHON, connect
from benchmarks.report.earlier_report import MERGED
from benchmarks.report.writing import write_merged
from benchmarks.results import Results
from edge_runtime.document import to_json

Measure = Callable[[argparse.Namespace, AbstractContextManager[Launcher] | None], Results]
Report = Callable[[argparse.Namespace, Results, Path], int]


def add_host_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that name other machines."""
    group = parser.add_argument_group("other machines")
    group.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="HOST",
        help="measure there, over ssh: pi@raspberrypi.local or ssh://pi@host:22; may be repeated, "
        "then the boards are shown side by side too (default: this machine)",
    )
    group.add_argument(
        "--host-python",
        default=DEPLOYED_PYTHON,
        metavar="FILE",
        help="the Python there that has edge_runtime (default: %(default)s)",
    )
    group.add_argument(
        "--ssh-option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of ssh, as after its -o; may be repeated",
    )


def open_host(arguments: argparse.Namespace, host: str) -> AbstractContextManager[Launcher]:
    """Connect to one of the machines."""
    return connect(host, arguments.host_python, arguments.ssh_option)


def run_on_each(arguments: argparse.Namespace, out: Path, measure: Measure, report: Report) -> int:
    """Measure on one machine after the other; a machine that fails does not stop the others.

    Each has a folder of its own below `out`; ``side-by-side`` shows them together.
    """
    folders = {host: out / name_folder(host) for host in arguments.host}
    together = out / "side-by-side"
    if len({*folders.values(), together}) <= len(folders):
        raise PlanError(
            f"two of {', '.join(folders)} would have the same folder in {out}, and one report "
            "replace the other; call each machine by one name"
        )
    for folder in folders.values():
        check_out(folder, arguments.force)
    check_out(together, arguments.force, kind=MERGED)
    runs: list[Results] = []
    codes: list[int] = []
    for host, folder in folders.items():
        print(f"{host}:", file=sys.stderr)
        try:
            results = measure(arguments, open_host(arguments, host))
        except HostError as error:
            print(f"error: {error}", file=sys.stderr)
            codes.append(1)
            continue
        folder.parent.mkdir(parents=True, exist_ok=True)
        codes.append(report(arguments, results, folder))
        runs.append(results)
    if len(runs) > 1:
        lines = format_merged(merge_runs(runs))
        write_merged(runs, lines, together)
        if not arguments.json:
            print("\n".join(["", *lines]))
            print(f"\nSide by side: {together / 'report.html'} (also report.md)")
    if arguments.json:
        sys.stdout.write(to_json(runs))
    return max(codes)


def name_folder(host: str) -> str:
    """A folder name for a machine: ``ssh://pi@10.0.0.7:2222`` becomes ``pi-10.0.0.7-2222``."""
    bare = host.removeprefix("ssh://")
    return re.sub(r"[^A-Za-z0-9.]+", "-", bare).strip("-.") or "host"
