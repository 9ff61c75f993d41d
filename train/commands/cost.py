"""``python -m train cost``: what augmentation adds to an epoch."""

import argparse
import json
from collections.abc import Sequence

from train.commands.options import (
    add_data,
    add_model,
    add_training,
    fit_to_data,
    read_settings,
    read_wishes,
)
from train.commands.recipe_options import add_recipe, parse_with_recipe
from train.data.opening import open_dataset
from train.framework import load_keras
from train.input_cost import format_cost, measure_input_cost
from train.progress import Progress


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train cost",
        description="Train with and without augmentation in turn and compare the times: what "
        "augmentation costs by itself, and what the trainer notices of it.",
        allow_abbrev=False,  # `parse_with_recipe` must see the recipe's name before all else
    )
    parser.add_argument(
        "--pairs", type=int, default=3, metavar="N", help="epochs of each kind (default: 3)"
    )
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    add_recipe(parser)
    add_data(parser)
    add_model(parser)
    add_training(parser)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = build_parser()
    arguments = parse_with_recipe(parser, argv)
    try:
        settings = read_settings(arguments)
        if arguments.pairs < 1:
            raise ValueError(f"--pairs must be at least 1, found {arguments.pairs}")
        if arguments.init is not None:
            raise ValueError("weights do not change what an epoch costs; leave out --init")
    except ValueError as error:
        parser.error(str(error))
    progress = Progress()
    dataset = open_dataset(
        arguments.data, progress, read_wishes(arguments), arguments.test_fraction, settings.seed
    )
    settings = fit_to_data(settings, dataset)
    progress.say("Loading Keras")
    load_keras()
    cost = measure_input_cost(dataset, settings, arguments.pairs, progress)
    print(json.dumps(cost.to_document(), indent=1) if arguments.json else format_cost(cost))
    return 0
