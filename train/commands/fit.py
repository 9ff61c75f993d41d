"""``python -m train``: train a classifier and leave a run folder."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edge_runtime.contract import InputSpec
from edge_runtime.document import to_document
from edge_runtime.folder_exchange import check_can_be_made
from train.commands.options import (
    add_data,
    add_model,
    add_training,
    fit_to_data,
    list_said,
    read_settings,
    read_wishes,
)
from train.commands.recipe_options import (
    add_recipe,
    add_teacher,
    parse_with_recipe,
    read_teacher_share,
)
from train.data.image_folder import InputWishes
from train.data.opening import open_dataset
from train.errors import RunError
from train.framework import load_keras
from train.initial_run import InitialRun, open_initial_run
from train.progress import Progress
from train.recipes import with_teachers
from train.reuse import find_complete_run
from train.run_folder import RECORD, RunIdentity, RunRecord

# What builds a network, and would say nothing where a run's own goes on.
_INPUT = ("input_size", "channels", "resize", "polarity")
_NETWORK = ("model", "weights", "widths", "dropout", "branches")
_EPILOG = """\
commands:
  python -m train             train (this page)
  python -m train data        find or fetch Fashion-MNIST and verify it
  python -m train cost        measure what augmentation adds to an epoch
  python -m train tune        search recipe and width under a budget
  python -m train zoo         count what each network costs
  python -m train release     train, export and measure a tier's runs
  python -m train results     show what the tiers' runs gave
  python -m train publish     place a tier's files beside its model card

examples:
  python -m train
  python -m train --recipe nano
  python -m train --recipe micro --teacher runs/fashion-large runs/fashion-medium --seed 1
  python -m train --data pictures --input-size 64
  python -m train --data pictures --init runs/fashion-cnn --freeze
  python -m train --data pictures --model MobileNetV2 --input-size 96

An interrupted run goes on from its last whole epoch when the same command is given again. A run
that is complete is reused. Both start anew with --force.
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Train an image classifier, on Fashion-MNIST unless told otherwise, and leave "
        "a run folder that python -m export takes up.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # `parse_with_recipe` must see the recipe's name before all else
    )
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="run folder to make (default: runs/NAME)"
    )
    parser.add_argument("--force", action="store_true", help="start anew and replace what is there")
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    add_recipe(parser)
    add_data(parser)
    add_model(parser)
    add_training(parser)
    add_teacher(parser)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = build_parser()
    arguments = parse_with_recipe(parser, argv)
    # In an order of their own, so that their mean does not depend on the command's.
    teachers = sorted(map(open_initial_run, arguments.teacher), key=InitialRun.digest)
    digests = [teacher.digest() for teacher in teachers]
    try:
        share = read_teacher_share(arguments)
        settings = with_teachers(read_settings(arguments), digests, share)
    except ValueError as error:
        parser.error(str(error))
    wishes: InputWishes | InputSpec = read_wishes(arguments)
    if arguments.init is not None:
        _check_init_alone(parser, argv)
    progress = Progress()
    initial = None
    if arguments.init is not None:
        initial = open_initial_run(arguments.init)
        wishes = initial.spec.input
        settings = replace(settings, architecture=initial.architecture(), init=initial.digest())
    dataset = open_dataset(arguments.data, progress, wishes, arguments.test_fraction, settings.seed)
    settings = fit_to_data(settings, dataset)
    folder: Path = arguments.run or (
        Path("runs") / f"{dataset.name}-{settings.architecture.lower()}"
    )
    check_place(folder)
    identity = RunIdentity(settings, dataset.name, dataset.fingerprint(), dataset.input)
    record = None if arguments.force else find_complete_run(folder, identity)
    if record is not None:
        progress.say(f"{folder} is complete already; reusing it (--force trains again)")
    else:
        progress.say("Loading Keras")
        load_keras()
        # Imported late: it loads Keras at its top.
        from train.training import train_run

        record = train_run(
            dataset,
            settings,
            folder,
            progress,
            force=arguments.force,
            initial=initial,
            teachers=teachers,
        )
    if arguments.json:
        print(json.dumps({"run": str(folder), **to_document(record)}, indent=1))
    else:
        print(format_result(folder, record))
    return 0


def _check_init_alone(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    """Refuse beside ``--init`` what the run that it names has settled."""
    said = list_said(build_parser(), argv)
    if not said.isdisjoint(_INPUT):
        parser.error("--init takes its input from that run; leave out what describes the input")
    unused = [f"--{name}" for name in _NETWORK if name in said]
    if unused:
        parser.error(f"--init takes its network from that run; leave out {', '.join(unused)}")


def check_place(folder: Path) -> None:
    """Check that a run may stand there: ``--force`` replaces runs, never what else people keep.

    Raises:
        RunError: There is a file, a folder with something in it and no run's record, the folder
            that the command was started in, or no way to write.
    """
    try:
        check_can_be_made(folder)
    except OSError as error:
        raise RunError(f"{error}; name another place with --run") from error
    if Path.cwd().is_relative_to(folder.resolve()):
        # Another folder takes its place: who stands in it would go on looking at the old one.
        raise RunError(f"{folder} is the folder you are in; name another with --run")
    if not folder.exists() or (folder / RECORD).is_file():
        return
    if not folder.is_dir():
        raise RunError(f"{folder} is a file; name a folder with --run")
    if any(folder.iterdir()):
        raise RunError(
            f"{folder} holds files and no run ({RECORD} is missing); --force replaces runs only. "
            "Choose another place with --run"
        )


def format_result(folder: Path, record: RunRecord) -> str:
    """Return the outcome and the next step as text."""
    share = record.test_correct / record.test_count
    return (
        f"{share:.2%} of {record.test_count:,} test pictures labelled rightly, after "
        f"{record.duration_s:.0f} s of training\n"
        f"Run folder: {folder} (report.md and figures/ show it)\n"
        f"Next: python -m export --run {folder}"
    )
