"""Command line: ``python -m emulator``."""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edge_runtime.errors import EdgeRuntimeError

from .counting import count_instructions
from .errors import EmulationUnavailableError, SetupError
from .machine import EmulatedPi, X86Computer, check_emulation, forbid_core_files, load_root
from .matrix_report import add_matrix_command
from .processors import BOARDS, PROCESSORS, X86Level
from .qemu import load_x86_emulator
from .ssh import install_stand_ins, serving
from .storage import cache_folder
from .systems import SYSTEMS
from .verify_report import add_verify_command
from .wheels import build_wheel, install_wheel


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status, or that of the emulated program."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.action(arguments))
    except (EdgeRuntimeError, EmulationUnavailableError, SetupError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="Emulated Raspberry Pis and x86-64 processors, without root or booting.",
    )
    actions = parser.add_subparsers(required=True, metavar="command")
    setup = actions.add_parser("setup", help="put systems together (downloads once)")
    setup.add_argument(
        "--system", choices=SYSTEMS, action="append", help="which one (default: all)"
    )
    setup.set_defaults(action=_setup)
    run = actions.add_parser("run", help="run a program on a processor")
    run.add_argument("--processor", choices=PROCESSORS, default="pi4", help="default: %(default)s")
    board = run.add_argument_group("for boards")
    board.add_argument("--system", choices=SYSTEMS, help="default: bookworm")
    board.add_argument("--disk", type=Path, help="its disk (default: one per system in the cache)")
    board.add_argument("--share", type=Path, action="append", help="show this folder there too")
    board.add_argument("--user", action="store_true", help="as the user pi instead of root")
    run.add_argument("program", nargs=argparse.REMAINDER, help="the program and its arguments")
    run.set_defaults(action=_run)
    serve = actions.add_parser("serve", help="let a board accept SSH on 127.0.0.1 until ended")
    serve.add_argument("--processor", choices=BOARDS, default="pi4", help="default: %(default)s")
    serve.add_argument("--system", choices=SYSTEMS, default="bookworm", help="default: %(default)s")
    serve.add_argument("--disk", type=Path, required=True, help="the folder that is its disk")
    serve.add_argument("--port", type=int, help="default: a free one")
    serve.set_defaults(action=_serve)
    count = actions.add_parser(
        "count", help="count a Python program's instructions; prints JSON: marks, output"
    )
    count.add_argument("--processor", choices=BOARDS, default="pi4", help="default: %(default)s")
    count.add_argument(
        "--system", choices=("bookworm", "trixie"), default="bookworm", help="default: %(default)s"
    )
    count.add_argument("--runtime", default="litert", help="default: %(default)s")
    count.add_argument("--wheel", type=Path, help="default: built from the checkout")
    count.add_argument("program", nargs=argparse.REMAINDER, help="Python's arguments")
    count.set_defaults(action=_count)
    add_matrix_command(actions)
    add_verify_command(actions)
    return parser


def _setup(arguments: argparse.Namespace) -> int:
    check_emulation()
    for name in arguments.system or SYSTEMS:
        print(f"{name}: {load_root(SYSTEMS[name])}")
    print(f"x86-64: {load_x86_emulator()}")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    pi = EmulatedPi.create(BOARDS[arguments.processor], SYSTEMS[arguments.system], arguments.disk)
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
        BOARDS[arguments.processor],
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
    program = _program(arguments) or ["bash"]
    processor = PROCESSORS[arguments.processor]
    if isinstance(processor, X86Level):
        if arguments.system or arguments.disk or arguments.share or arguments.user:
            print(
                f"error: --system, --disk, --share and --user are for boards; {processor.name} "
                "runs this machine's own programs and sees all its files: leave them out",
                file=sys.stderr,
            )
            return 2
        return X86Computer(processor).run(program)
    system = arguments.system or "bookworm"
    disk = arguments.disk or cache_folder() / system / "disk"
    shared = [Path.cwd(), *(arguments.share or ())]
    pi = EmulatedPi.create(processor, SYSTEMS[system], disk, shared)
    command = pi.command(program, folder=Path.cwd(), uid=1000 if arguments.user else 0)
    return subprocess.run(command, check=False, preexec_fn=forbid_core_files).returncode


if __name__ == "__main__":
    sys.exit(main())
