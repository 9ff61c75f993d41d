"""Picks the command, and turns our errors into one line and an exit code."""

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence

from benchmarks.errors import InputError, OutputExistsError, PlanError, ResultsError
from edge_runtime.cli.failures import describe_failure, end_of_pipe
from edge_runtime.errors import EdgeRuntimeError

# Name → module and one line of what it does. `run` may be left out.
_COMMANDS = {
    "run": ("benchmarks.cli.run", "measure accuracy, latency, memory and size (the default)"),
    "compare": ("benchmarks.cli.compare", "tell what changed between two runs of one machine"),
    "merge": ("benchmarks.cli.merge", "put runs of several machines side by side"),
    "readme": ("benchmarks.cli.readme", "write a README's table and picture from a judged run"),
    "agreement": ("benchmarks.cli.agreement", "check our figures against MLPerf's and LiteRT's"),
    "selfcheck": ("benchmarks.cli.selfcheck", "show that compare finds a slowdown and no ghosts"),
    "schema": ("benchmarks.cli.schema", "print the JSON Schema of results.json"),
}
_WRONG_USE = (InputError, OutputExistsError, PlanError, ResultsError)


def build_parser(command: str) -> argparse.ArgumentParser:
    """Build the parser of one command; only its own module is imported."""
    module_name, summary = _COMMANDS[command]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks" if command == "run" else f"python -m benchmarks {command}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=_list_commands() if command == "run" else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    importlib.import_module(module_name).add_arguments(parser)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: 0 done, 1 a finding or failure, 2 wrong use."""
    words = list(sys.argv[1:] if argv is None else argv)
    command = words.pop(0) if words and not words[0].startswith("-") else "run"
    if command not in _COMMANDS:
        print(f"error: there is no command {command!r}\n{_list_commands()}", file=sys.stderr)
        return 2
    parser = build_parser(command)
    if not words and command != "schema":
        parser.print_help()
        return 2
    arguments = parser.parse_args(words)
    try:
        status = int(importlib.import_module(_COMMANDS[command][0]).run(arguments))
        sys.stdout.flush()  # Here, where it is known what to do if nobody reads on.
        return status
    except BrokenPipeError:
        return end_of_pipe()
    except (EdgeRuntimeError, OSError) as error:
        if arguments.debug:
            traceback.print_exc()
        print(f"error: {describe_failure(error)}", file=sys.stderr)
        return 2 if isinstance(error, _WRONG_USE) else 1
    except KeyboardInterrupt:
        print("interrupted; no unfinished report was written", file=sys.stderr)
        return 130


def _list_commands() -> str:
    width = max(map(len, _COMMANDS))
    lines = [f"  {name.ljust(width)}  {summary}" for name, (_, summary) in _COMMANDS.items()]
    return "\n".join(["commands (python -m benchmarks COMMAND --help):", *lines])
