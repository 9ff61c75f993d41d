"""Options that several commands share, and how they become settings."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Literal, get_args

from train.data.image_folder import DEFAULT_SIDE, InputWishes
from train.recipes import DEFAULT, RECIPES
from train.samples import ImageDataset
from train.settings import OptimizerName, TrainingSettings
from train.zoo import ARCHITECTURES
from train.zoo.backbones import BACKBONES

DEFAULTS = RECIPES[DEFAULT]
# Settings that are not read from an option of the same name.
NOT_NUMBERS = ("architecture", "augmentation", "mixing", "init", "teacher", "teacher_share")


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what to learn from."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="folder with a folder of pictures for each class (any size, gray or colour; with "
        "train and test inside it, that split is kept), or with the four files of Fashion-MNIST "
        "(default: Fashion-MNIST, found or fetched)",
    )
    group.add_argument(
        "--input-size",
        type=parse_size,
        metavar="PIXELS",
        help="height and width of the model's input, as 96 or 64x96 (default: the pictures' own "
        f"where they agree and are at most {DEFAULT_SIDE}, else {DEFAULT_SIDE})",
    )
    group.add_argument(
        "--channels",
        choices=("1", "3"),
        help="1 for gray, 3 for colour (default: 3 where a picture has colour)",
    )
    group.add_argument(
        "--resize",
        choices=("crop", "fit", "stretch"),
        help="how a picture of another ratio becomes the input (default: crop)",
    )
    group.add_argument(
        "--polarity",
        choices=("any", "light-on-dark", "dark-on-light"),
        help="what the pictures are; a device then inverts the other kind (default: any, which "
        "inverts none)",
    )
    group.add_argument(
        "--test-fraction",
        type=parse_fraction,
        metavar="X",
        help="share of each class that becomes the test split, 0–1, where the folder has none "
        "(default: 0.2)",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what to train and from what."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        choices=(*ARCHITECTURES, *BACKBONES),
        default=DEFAULTS.architecture,
        metavar="NAME",
        help="architecture: "
        + "; ".join(f"{name} ({entry.summary})" for name, entry in ARCHITECTURES.items())
        + f"; or one of Keras Applications: {', '.join(BACKBONES)} "
        f"(default: {DEFAULTS.architecture})",
    )
    group.add_argument(
        "--weights",
        choices=("imagenet", "random"),
        default="imagenet",
        help="what a network of Keras Applications starts from (default: imagenet)",
    )
    group.add_argument(
        "--init",
        type=Path,
        metavar="RUN",
        help="run folder whose model to start from; for other classes its last layer is new",
    )
    group.add_argument(
        "--widths",
        type=parse_widths,
        default=(),
        metavar="N,N,N",
        help="for cnn: channels of its convolutions and units of its dense layer "
        "(default: 32,64,128)",
    )
    group.add_argument(
        "--dropout", type=float, metavar="X", help="for cnn: dropout, 0–1 (default: 0.2)"
    )
    group.add_argument(
        "--branches",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="train with branches where the architecture has them; without them only to see what "
        "they are worth (default: with)",
    )
    group.add_argument(
        "--freeze", action="store_true", help="train the last layer alone (default: all)"
    )


def add_training(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how to train."""
    group = parser.add_argument_group("training")
    _add_number(group, "epochs", int, "passes over the training pictures")
    _add_number(group, "batch_size", int, "pictures a step")
    group.add_argument(
        "--optimizer",
        choices=get_args(OptimizerName),
        default=DEFAULTS.optimizer,
        help="what makes the steps of the float epochs (default: %(default)s)",
    )
    _add_number(group, "learning_rate", float, "greatest learning rate")
    _add_number(group, "label_smoothing", float, "share of each target spread over all classes")
    _add_number(
        group, "weight_decay", float, "share of each kernel taken off a step, times the rate"
    )
    _add_number(
        group, "ema", float, "what stays of the average of the weights after a step, 0 for none"
    )
    _add_number(group, "tail_epochs", int, "epochs in int8 steps after the others")
    _add_number(group, "tail_learning_rate", float, "greatest learning rate in them")
    _add_number(group, "validation_fraction", float, "share of the training pictures held out, 0–1")
    _add_number(group, "seed", int, "decides everything that chance does")
    how = DEFAULTS.augmentation
    group.add_argument(
        "--flip",
        action=argparse.BooleanOptionalAction,
        default=how.flip,
        help="mirror half of the training pictures; not where left and right matter, as in "
        "digits and letters (default: %(default)s)",
    )
    group.add_argument(
        "--shift",
        type=float,
        default=how.shift,
        metavar="X",
        help="largest shift, as a fraction of the longest side (default: %(default)g)",
    )
    group.add_argument(
        "--erase",
        type=float,
        default=how.erase,
        metavar="X",
        help="probability that a rectangle is erased, 0–1 (default: %(default)g)",
    )

    for name, what in (("mixup", "blended"), ("cutmix", "pasted into each other")):
        group.add_argument(
            f"--{name}",
            type=float,
            default=getattr(DEFAULTS.mixing, name),
            metavar="X",
            help=f"probability that a batch's pictures are {what} in pairs, 0–1 "
            "(default: %(default)g)",
        )
    group.add_argument(
        "--mixed-precision",
        action="store_true",
        help="let convolutions compute in bfloat16; for hardware made for it (default: no)",
    )


def parse_size(text: str) -> tuple[int, int]:
    """Turn ``96`` or ``64x96`` into (height, width)."""
    match = re.fullmatch(r"(\d{1,4})(?:[x×](\d{1,4}))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected a size such as 96 or 64x96, found {text!r}")
    height = int(match[1])
    return height, int(match[2]) if match[2] else height


def parse_fraction(text: str) -> float:
    """Turn text into a number above 0 and below 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"expected a share between 0 and 1, found {text!r}")
    return value


def list_said(fresh: argparse.ArgumentParser, argv: Sequence[str]) -> set[str]:
    """Name the options that were given, also those that were given their default.

    Args:
        fresh: A parser that has accepted these words before; not to be used again.
        argv: The words.
    """
    for action in fresh._actions:
        action.default = argparse.SUPPRESS
    fresh._defaults.clear()
    return set(vars(fresh.parse_args(argv)))


def parse_widths(text: str) -> tuple[int, ...]:
    """Turn ``32,64,128`` into numbers."""
    if re.fullmatch(r"\d{1,4}(,\d{1,4})*", text) is None:
        raise argparse.ArgumentTypeError(f"expected numbers such as 32,64,128, found {text!r}")
    return tuple(int(number) for number in text.split(","))


def read_wishes(arguments: argparse.Namespace) -> InputWishes:
    """Turn parsed arguments into what is said of the input."""
    defaults = InputWishes()
    return InputWishes(
        size=arguments.input_size,
        channels={None: None, "1": 1, "3": 3}[arguments.channels],
        resize=arguments.resize or defaults.resize,
        polarity=arguments.polarity or defaults.polarity,
    )


def read_settings(arguments: argparse.Namespace) -> TrainingSettings:
    """Turn parsed arguments into settings; what an initial run decides is left out.

    Raises:
        ValueError: A value is out of range.
    """
    numbers = {
        field.name: getattr(arguments, field.name)
        for field in fields(TrainingSettings)
        if field.name not in NOT_NUMBERS and hasattr(arguments, field.name)
    }
    base = RECIPES[arguments.recipe]
    return replace(
        base,
        architecture=arguments.model,
        augmentation=replace(
            base.augmentation, flip=arguments.flip, shift=arguments.shift, erase=arguments.erase
        ),
        mixing=replace(base.mixing, mixup=arguments.mixup, cutmix=arguments.cutmix),
        init=arguments.weights if arguments.model in BACKBONES else "",
        **numbers,
    )


def fit_to_data(settings: TrainingSettings, dataset: ImageDataset) -> TrainingSettings:
    """Let shifted pictures of this data set move in what surrounds them: black, or their edge."""
    ground: Literal["black", "edge"] = (
        "black" if dataset.input.polarity == "light-on-dark" else "edge"
    )
    return replace(settings, augmentation=replace(settings.augmentation, ground=ground))


def _add_number(
    group: argparse._ArgumentGroup, name: str, kind: type[int] | type[float], what: str
) -> None:
    default = getattr(DEFAULTS, name)
    group.add_argument(
        f"--{name.replace('_', '-')}",
        type=kind,
        default=default,
        metavar="N" if kind is int else "X",
        help=f"{what} (default: %(default)g)",
    )
