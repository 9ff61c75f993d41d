"""``python -m train release``: train, export and measure a tier's runs, and keep their results."""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edge_runtime.document import to_document
from train.errors import RunError
from train.progress import Progress
from train.release.document import RESULTS, SHIPPED, RunResult, find_result, save_result
from train.release.making import RUNS, Order, make_run
from train.release.plan import (
    INGREDIENTS,
    TIERS,
    WHOLE,
    find_tier,
    name_with,
    name_without,
)

_EPILOG = """\
examples:
  python -m train release nano --short --teacher models/medium models/large
  python -m train release medium --short --left-out distillation --epochs 24
  KERAS_BACKEND=jax python -m train release small --teacher runs/fashion-wide_resnet
  python -m train release nano --short --left-out distillation --seeds 0,1
  python -m train release nano --short --teacher models/medium models/large --seeds 0 \\
      --against tests/fixtures/cnn_static_int8.tflite

Each run resumes from its last whole epoch when the same command is given again; one that is
complete is reused. python -m train results shows the result files as tables.
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train release",
        description="Train one tier's recipe with each seed, export it, ask the int8 files for "
        "every test picture, and leave one result file for each run.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tier", choices=[tier.name for tier in TIERS], help="what to train")
    parser.add_argument(
        "--seeds",
        type=parse_seeds,
        metavar="N,N,…",
        help="seeds, one run for each (default: all of the tier's)",
    )
    variant = parser.add_mutually_exclusive_group()
    variant.add_argument(
        "--left-out",
        choices=tuple(INGREDIENTS),
        metavar="NAME",
        help=f"an ingredient to do without, to see what it is worth: {', '.join(INGREDIENTS)} "
        "(default: none)",
    )
    addable = [name for name, part in INGREDIENTS.items() if part.added]
    variant.add_argument(
        "--added",
        choices=addable,
        metavar="NAME",
        help=f"an ingredient to add to a recipe that has it not: {', '.join(addable)} "
        "(default: none)",
    )
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="float epochs (default: the recipe's)"
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="the tier's short recipe, for a CPU: five to thirty minutes a run on one core",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        nargs="+",
        default=[],
        metavar="RUN",
        help="run folders of teachers (default: none)",
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="TFLite file to time the tier's int8 file against, in turn (default: do not time)",
    )
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="how often both are timed (default: 5)"
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=RUNS,
        metavar="FOLDER",
        help=f"where run folders and artifacts go (default: {RUNS})",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="FOLDER",
        help=f"where result files go (default: {RESULTS})",
    )
    parser.add_argument("--json", action="store_true", help="write the results as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    return parser


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1 or (arguments.epochs is not None and arguments.epochs < 1):
        parser.error("--rounds and --epochs must be at least 1")
    if arguments.against is not None and not arguments.against.is_file():
        raise RunError(
            f"there is no {arguments.against} to time against; make it with python -m train and "
            "python -m export --run runs/fashion-cnn, or leave out --against"
        )
    progress = Progress()
    tier = find_tier(arguments.tier)
    results = []
    for seed in arguments.seeds or tier.seeds:
        order = Order(
            tier.name,
            tier.recipes[-1] if arguments.short else tier.name,
            seed,
            _name_variant(arguments),
            arguments.epochs,
            tuple(arguments.teacher),
        )
        result = _add_latency(make_run(order, arguments.runs, progress), order, arguments)
        progress.say(f"Wrote {save_result(arguments.results, result)}")
        results.append(result)
    if arguments.json:
        print(json.dumps([to_document(result) for result in results], indent=1))
    else:
        print("\n".join(format_result(result) for result in results))
    return 0


def _name_variant(arguments: argparse.Namespace) -> str:
    if arguments.left_out is not None:
        return name_without(arguments.left_out)
    return WHOLE if arguments.added is None else name_with(arguments.added)


def format_result(result: RunResult) -> str:
    """Return one run's accuracies as a line."""
    found = (
        ("float", result.accuracy("float")),
        ("int8 steps as trained", result.accuracy("quantized")),
        *((file.key, result.accuracy(file.key)) for file in result.files),
    )
    shares = ", ".join(f"{name} {share:.2%}" for name, share in found if share is not None)
    return f"{result.tier}, seed {result.seed}: {shares}"


def parse_seeds(text: str) -> tuple[int, ...]:
    """Turn ``0,1,2`` into numbers."""
    if re.fullmatch(r"\d{1,6}(,\d{1,6})*", text) is None:
        raise argparse.ArgumentTypeError(f"expected seeds such as 0,1,2, found {text!r}")
    return tuple(int(number) for number in text.split(","))


def _add_latency(result: RunResult, order: Order, arguments: argparse.Namespace) -> RunResult:
    """Time the shipped file, or keep what was found when the same file was timed before."""
    file = result.find_file(SHIPPED[0])
    if file is None:
        return result
    if arguments.against is None:
        before = find_result(arguments.results, order.name)
        same = before is not None and before.find_file(SHIPPED[0]) == file
        return replace(result, latency=before.latency) if before and same else result
    from train.release.measuring import measure_ratio

    run = arguments.runs / order.name
    path = arguments.runs / "artifacts" / order.name / file.file
    latency = measure_ratio(path, file.key, arguments.against, run, arguments.rounds)
    return replace(result, latency=latency)
