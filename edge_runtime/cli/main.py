"""Choosing a command, and what all of them share: options, noise, errors and exit codes."""

import argparse
import contextlib
import gc
import importlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from edge_runtime import __version__
from edge_runtime.cli.failures import describe_failure, end_of_pipe
from edge_runtime.cli.noise import runtime_noise_hidden
from edge_runtime.cli.plain_output import plain_output
from edge_runtime.errors import EdgeRuntimeError

# Command → what it does. Its module has the same name.
COMMANDS = {
    "classify": "say what pictures show",
    "watch": "stay and say what new pictures of a folder, or a camera's, show",
    "info": "show what an artifact says of itself",
    "verify": "replay an artifact's golden samples on this device",
    "evaluate": "measure accuracy on your own labelled pictures",
    "bench": "measure how fast one model answers on this machine",
    "tune": "find the best artifact, runtime and threads for this machine",
    "doctor": "say which runtimes work here, and the remedy where one does not",
}

DONE, FINDING, WRONG_USE = 0, 1, 2


class UsageError(Exception):
    """Arguments that contradict each other or make no sense; ends with exit code 2."""


def run_command_line(argv: Sequence[str]) -> int:
    """Run ``edge-runtime`` with `argv`, without the program's name.

    Returns:
        0 done, 1 a finding or failure, 2 wrong use.
    """
    try:
        with _imported_without_search():
            arguments = _parse(argv)
    except SystemExit as stop:
        # argparse ends the program itself after --help and on wrong use.
        return int(stop.code or DONE)
    try:
        return WRONG_USE if arguments is None else _run(arguments)
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def _imported_without_search() -> Iterator[None]:
    # Importing leaves no garbage; looking for it among what stays, now and later, takes a tenth of
    # the time of a short command.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _parse(argv: Sequence[str]) -> argparse.Namespace | None:
    name = argv[0] if argv else ""
    if name in COMMANDS:
        module = importlib.import_module(f"edge_runtime.cli.{name}")
        parser = argparse.ArgumentParser(
            prog=f"edge-runtime {name}",
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(parser)
        _add_shared_arguments(parser)
        arguments = parser.parse_args(argv[1:])
        arguments.run = module.run
        return arguments
    _build_overview().parse_args(argv)
    print(_build_overview().format_help(), file=sys.stderr)
    return None


def _build_overview() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {name:10} {summary}" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="edge-runtime",
        description="Image classification on CPU-only devices.\n\ncommands:\n" + listing,
        epilog="start with:\n"
        "  edge-runtime doctor               does everything work here?\n"
        "  edge-runtime classify photo.jpg   with the model that this package carries\n"
        "  edge-runtime COMMAND --help       what a command takes",
        usage="edge-runtime COMMAND [options]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"edge-runtime {__version__}")
    parser.add_argument("command", choices=COMMANDS, nargs="?", help=argparse.SUPPRESS)
    return parser


def _add_shared_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("messages")
    group.add_argument(
        "--verbose", action="store_true", help="show log lines, the runtimes' own too"
    )
    group.add_argument("--debug", action="store_true", help="show a traceback on failure")


def _run(arguments: argparse.Namespace) -> int:
    with _closed_streams_replaced(), plain_output():
        return _run_plainly(arguments)


@contextlib.contextmanager
def _closed_streams_replaced() -> Iterator[None]:
    """Let a program that was started without its streams (``>&-``) have empty ones."""
    with contextlib.ExitStack() as stack:
        for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
            if getattr(sys, name) is None:
                nowhere = os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8")
                setattr(sys, name, stack.enter_context(nowhere))
                stack.callback(setattr, sys, name, None)
        yield


def _run_plainly(arguments: argparse.Namespace) -> int:
    if arguments.verbose:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show µ or → gets a question mark in its place.
        sys.stdout.reconfigure(errors="replace")
    try:
        # Hiding noise puts another stream in standard error's place.
        with runtime_noise_hidden(arguments.verbose), plain_output():
            status: Any = arguments.run(arguments)
            sys.stdout.flush()
            return int(status)
    except (EdgeRuntimeError, UsageError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            return end_of_pipe()
        if arguments.debug:
            raise
        print(f"edge-runtime: {describe_failure(error)}", file=sys.stderr)
        return WRONG_USE if isinstance(error, UsageError) else FINDING
    except KeyboardInterrupt:
        print("edge-runtime: interrupted", file=sys.stderr)
        return 130
