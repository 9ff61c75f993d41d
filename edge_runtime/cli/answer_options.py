"""The options by which `classify` and `watch` say how a picture is read and an answer is given."""

import argparse
from typing import cast

from edge_runtime.cli.limits import read_whole
from edge_runtime.contract import Polarity


def add_answer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--top`` and ``--polarity``."""
    parser.add_argument(
        "--top",
        type=parse_positive,
        default=3,
        metavar="N",
        help="predictions per picture (default: 3)",
    )
    add_polarity_argument(parser)


def add_polarity_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--polarity``."""
    parser.add_argument(
        "--polarity",
        choices=("auto", "light-on-dark", "dark-on-light"),
        default="auto",
        help="what the pictures show; auto finds out from each one's ground (default: auto)",
    )


def read_polarity(arguments: argparse.Namespace) -> Polarity | None:
    """What ``--polarity`` says, as `Classifier.classify` takes it."""
    return None if arguments.polarity == "auto" else cast(Polarity, arguments.polarity)


def parse_positive(text: str) -> int:
    """A number of 1 or more."""
    value = read_whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, found {text!r}")
    return value
