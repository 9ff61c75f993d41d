"""Command line: ``python -m tests.raspberry_pi.emulated_pi``."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .boards import BOARDS
from .errors import EmulationUnavailableError, SetupError
from .machine import EmulatedPi, check_emulation, forbid_core_files, load_root
from .storage import cache_folder
from .systems import SYSTEMS


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status, or that of the emulated program."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.action(arguments))
    except (EmulationUnavailableError, SetupError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.raspberry_pi.emulated_pi",
        description="An emulated Raspberry Pi, without root and without booting anything.",
    )
    actions = parser.add_subparsers(required=True, metavar="command")
    setup = actions.add_parser("setup", help="put systems together (downloads once)")
    setup.add_argument(
        "--system", choices=SYSTEMS, action="append", help="which one (default: all)"
    )
    setup.set_defaults(action=_setup)
    run = actions.add_parser("run", help="run a program on a board")
    run.add_argument("--board", choices=BOARDS, default="pi4", help="default: %(default)s")
    run.add_argument("--system", choices=SYSTEMS, default="bookworm", help="default: %(default)s")
    run.add_argument("--disk", type=Path, help="its disk (default: one per system in the cache)")
    run.add_argument(
        "--share", type=Path, action="append", default=[], help="show this folder there too"
    )
    run.add_argument("--user", action="store_true", help="as the user pi instead of root")
    run.add_argument("program", nargs=argparse.REMAINDER, help="the program and its arguments")
    run.set_defaults(action=_run)
    return parser


def _setup(arguments: argparse.Namespace) -> int:
    check_emulation()
    for name in arguments.system or SYSTEMS:
        print(f"{name}: {load_root(SYSTEMS[name])}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    program = arguments.program[1:] if arguments.program[:1] == ["--"] else arguments.program
    disk = arguments.disk or cache_folder() / arguments.system / "disk"
    shared = [Path.cwd(), *arguments.share]
    pi = EmulatedPi.create(BOARDS[arguments.board], SYSTEMS[arguments.system], disk, shared)
    command = pi.command(program or ["bash"], folder=Path.cwd(), uid=1000 if arguments.user else 0)
    return subprocess.run(command, check=False, preexec_fn=forbid_core_files).returncode


if __name__ == "__main__":
    sys.exit(main())
