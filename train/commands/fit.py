"""``python -m train``: train a classifier and leave a run folder."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from edge_runtime.document import to_document
from train.augmentation import Augmentation
from train.data.opening import open_dataset
from train.framework import load_keras
from train.progress import Progress
from train.run_folder import RunRecord
from train.settings import TrainingSettings
from train.zoo import ARCHITECTURES

_EPILOG = """\
commands:
  python -m train             train (this page)
  python -m train data        find or fetch Fashion-MNIST and verify it

An interrupted run goes on from its last whole epoch when the same command is given again. A run
that is complete is reused. Both start anew with --force.
"""
_DEFAULTS = TrainingSettings()


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Train an image classifier, on Fashion-MNIST unless told otherwise, and leave "
        "a run folder that python -m export takes up.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="folder with the four files of Fashion-MNIST (default: find or fetch them)",
    )
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="run folder to make (default: runs/NAME)"
    )
    parser.add_argument(
        "--model",
        choices=sorted(ARCHITECTURES),
        default=_DEFAULTS.architecture,
        help=f"architecture (default: {_DEFAULTS.architecture}): "
        + "; ".join(f"{name}: {entry.summary}" for name, entry in ARCHITECTURES.items()),
    )
    _add_number(parser, "epochs", int, "passes over the training pictures")
    _add_number(parser, "batch_size", int, "pictures a step")
    _add_number(parser, "learning_rate", float, "greatest learning rate of Adam")
    _add_number(parser, "label_smoothing", float, "share of each target spread over all classes")
    _add_number(
        parser, "validation_fraction", float, "share of the training pictures held out, 0–1"
    )
    _add_number(parser, "seed", int, "decides everything that chance does")
    add_augmentation(parser)
    parser.add_argument("--force", action="store_true", help="start anew and replace what is there")
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    return parser


def add_augmentation(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how training pictures are changed."""
    how = _DEFAULTS.augmentation
    group = parser.add_argument_group("changes to training pictures")
    group.add_argument(
        "--flip",
        action=argparse.BooleanOptionalAction,
        default=how.flip,
        help=f"mirror half of them (default: {'yes' if how.flip else 'no'})",
    )
    group.add_argument(
        "--shift",
        type=float,
        default=how.shift,
        help=f"largest shift, as a fraction of the longest side (default: {how.shift:g})",
    )
    group.add_argument(
        "--erase",
        type=float,
        default=how.erase,
        help=f"probability that a rectangle is erased (default: {how.erase:g})",
    )


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    try:
        settings = read_settings(arguments)
    except ValueError as error:
        parser.error(str(error))
    progress = Progress()
    dataset = open_dataset(arguments.data, progress)
    folder: Path = arguments.run or Path("runs") / f"{dataset.name}-{settings.architecture}"
    progress.say("Loading Keras")
    load_keras()
    from train.training import train_run

    record = train_run(dataset, settings, folder, progress, force=arguments.force)
    if arguments.json:
        print(json.dumps({"run": str(folder), **to_document(record)}, indent=1))
    else:
        print(format_result(folder, record))
    return 0


def read_settings(arguments: argparse.Namespace) -> TrainingSettings:
    """Turn parsed arguments into settings.

    Raises:
        ValueError: A value is out of range.
    """
    numbers = {
        field.name: getattr(arguments, field.name)
        for field in fields(TrainingSettings)
        if hasattr(arguments, field.name)
    }
    how = Augmentation(flip=arguments.flip, shift=arguments.shift, erase=arguments.erase)
    return TrainingSettings(architecture=arguments.model, augmentation=how, **numbers)


def format_result(folder: Path, record: RunRecord) -> str:
    """Return the outcome and the next step as text."""
    share = record.test_correct / record.test_count
    return (
        f"{share:.2%} of {record.test_count:,} test pictures labelled rightly, after "
        f"{record.duration_s:.0f} s of training\n"
        f"Run folder: {folder} (report.md and figures/ show it)\n"
        f"Next: python -m export --run {folder}"
    )


def _add_number(
    parser: argparse.ArgumentParser, name: str, kind: type[int] | type[float], what: str
) -> None:
    default = getattr(_DEFAULTS, name)
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=kind,
        default=default,
        metavar="N" if kind is int else "X",
        help=f"{what} (default: {default:g})",
    )
