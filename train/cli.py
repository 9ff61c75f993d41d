"""The command line of training: ``python -m train`` and its subcommands."""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence

from edge_runtime.cli.failures import describe_failure, end_of_pipe
from edge_runtime.errors import EdgeRuntimeError
from train.commands import cost, data, fit, publish, release, results, tune, zoo
from train.errors import TrainError

# A first word that is none of these belongs to the training command itself.
_COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "cost": cost.main,
    "data": data.main,
    "publish": publish.main,
    "release": release.main,
    "results": results.main,
    "tune": tune.main,
    "zoo": zoo.main,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 done, 1 failure.

    Raises:
        SystemExit: Help was asked for (0), or the options are wrong (2).
    """
    words = list(sys.argv[1:] if argv is None else argv)
    command: Callable[[Sequence[str]], int] = fit.main
    if words and words[0] in _COMMANDS:
        command = _COMMANDS[words.pop(0)]
    try:
        status = command(words)
        sys.stdout.flush()  # what cannot be written is told of here, not when Python ends
        return status
    except KeyboardInterrupt:
        print(f"\nInterrupted.{_say_how_to_go_on(command, words)}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return end_of_pipe()
    except (TrainError, EdgeRuntimeError, OSError) as error:
        if "--debug" in words:
            traceback.print_exc()
        else:
            print(f"train: {describe_failure(error)}", file=sys.stderr)
        return 1


def _say_how_to_go_on(command: Callable[[Sequence[str]], int], words: Sequence[str]) -> str:
    if command not in (fit.main, release.main, tune.main):
        return ""
    if "--force" not in words:
        return " The same command goes on from the last whole epoch."
    if command is fit.main:
        return (
            " The same command starts anew; without --force it goes on from the last whole epoch, "
            "unless a complete run stands in its place."
        )
    return " The same command without --force goes on from the last whole epoch."
