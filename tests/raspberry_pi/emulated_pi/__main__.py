"""Command line: ``python -m tests.raspberry_pi.emulated_pi``."""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .boards import BOARDS
from .counting import count_instructions
from .errors import EmulationUnavailableError, SetupError
from .machine import EmulatedPi, check_emulation, forbid_core_files, load_root
from .matrix_command import add_matrix_command
from .ssh import install_stand_ins, serving
from .storage import cache_folder
from .systems import SYSTEMS
from .wheels import build_wheel, install_wheel


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
    serve = actions.add_parser("serve", help="let a board answer SSH on 127.0.0.1 until ended")
    serve.add_argument("--board", choices=BOARDS, default="pi4", help="default: %(default)s")
    serve.add_argument("--system", choices=SYSTEMS, default="bookworm", help="default: %(default)s")
    serve.add_argument("--disk", type=Path, required=True, help="the folder that is its disk")
    serve.add_argument("--port", type=int, help="default: a free one")
    serve.set_defaults(action=_serve)
    count = actions.add_parser(
        "count", help="count a Python program's instructions; prints JSON: marks, output"
    )
    count.add_argument("--board", choices=BOARDS, default="pi4", help="default: %(default)s")
    count.add_argument(
        "--system", choices=("bookworm", "trixie"), default="bookworm", help="default: %(default)s"
    )
    count.add_argument("--runtime", default="litert", help="default: %(default)s")
    count.add_argument("--wheel", type=Path, help="default: built from the checkout")
    count.add_argument("program", nargs=argparse.REMAINDER, help="Python's arguments")
    count.set_defaults(action=_count)
    add_matrix_command(actions)
    return parser


def _setup(arguments: argparse.Namespace) -> int:
    check_emulation()
    for name in arguments.system or SYSTEMS:
        print(f"{name}: {load_root(SYSTEMS[name])}")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    pi = EmulatedPi.create(BOARDS[arguments.board], SYSTEMS[arguments.system], arguments.disk)
    install_stand_ins(pi)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serving(pi, arguments.port) as board, contextlib.suppress(KeyboardInterrupt):
        print(f"ssh -i {board.key} -p {board.port} pi@127.0.0.1", flush=True)
        signal.pause()
    return 0


def _count(arguments: argparse.Namespace) -> int:
    check_emulation()
    system = SYSTEMS[arguments.system]
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or build_wheel(Path(folder))
        site = install_wheel(system, arguments.runtime, wheel)
    marks, output = count_instructions(
        BOARDS[arguments.board],
        system,
        _program(arguments),
        environment={"PYTHONPATH": str(site)},
    )
    print(json.dumps({"marks": marks, "output": output}))
    return 0


def _program(arguments: argparse.Namespace) -> list[str]:
    listed: list[str] = arguments.program
    return listed[1:] if listed[:1] == ["--"] else listed


def _run(arguments: argparse.Namespace) -> int:
    program = _program(arguments)
    disk = arguments.disk or cache_folder() / arguments.system / "disk"
    shared = [Path.cwd(), *arguments.share]
    pi = EmulatedPi.create(BOARDS[arguments.board], SYSTEMS[arguments.system], disk, shared)
    command = pi.command(program or ["bash"], folder=Path.cwd(), uid=1000 if arguments.user else 0)
    return subprocess.run(command, check=False, preexec_fn=forbid_core_files).returncode


if __name__ == "__main__":
    sys.exit(main())
