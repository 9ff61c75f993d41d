"""The options that choose a recipe, and what it learns from besides the data."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from train.commands.options import NOT_NUMBERS
from train.recipes import DEFAULT, RECIPES, TEACHER_SHARE
from train.settings import TrainingSettings


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses the defaults of the others; see `parse_with_recipe`."""
    parser.add_argument(
        "--recipe",
        choices=tuple(RECIPES),
        default=DEFAULT,
        metavar="NAME",
        help="settings that belong together, model included; options given besides change single "
        f"ones, and help shows its values: {', '.join(RECIPES)} (default: {DEFAULT})",
    )


def add_teacher(parser: argparse.ArgumentParser) -> None:
    """Add the options that name another run to learn from."""
    group = parser.add_argument_group("distillation")
    group.add_argument(
        "--teacher",
        type=Path,
        nargs="+",
        default=[],
        metavar="RUN",
        help="run folders of better networks, whose mean scores for the training pictures are "
        "learned too (default: none)",
    )
    group.add_argument(
        "--teacher-share",
        type=float,
        metavar="X",
        help="of the targets, what they make up, above 0 and at most 1 "
        f"(default: {TEACHER_SHARE:g})",
    )


def read_teacher_share(arguments: argparse.Namespace) -> float:
    """Return what the teachers make up of the targets.

    Raises:
        ValueError: It is no such share, or there are no teachers.
    """
    share: float | None = arguments.teacher_share
    if share is None:
        return TEACHER_SHARE
    if not 0 < share <= 1:
        raise ValueError(f"--teacher-share must be above 0 and at most 1, found {share}")
    if not arguments.teacher:
        raise ValueError("--teacher-share is for teachers: name them with --teacher")
    return share


def parse_with_recipe(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse options whose defaults are those of the recipe that they name."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--recipe", default=DEFAULT)
    first.add_argument("--teacher", nargs="*")
    known = first.parse_known_args(argv)[0]
    recipe = RECIPES.get(known.recipe)
    if recipe is not None:  # the parser itself says what is wrong with another name
        parser.set_defaults(**_to_defaults(recipe))
    if known.teacher:
        # Teachers' probabilities are soft already: smoothed besides only where that is asked for.
        parser.set_defaults(label_smoothing=0.0)
    return parser.parse_args(argv)


def _to_defaults(recipe: TrainingSettings) -> dict[str, object]:
    """Return a recipe's values by the names of the options."""
    numbers = {
        field.name: getattr(recipe, field.name)
        for field in fields(TrainingSettings)
        if field.name not in NOT_NUMBERS
    }
    return {
        **numbers,
        "model": recipe.architecture,
        "flip": recipe.augmentation.flip,
        "shift": recipe.augmentation.shift,
        "erase": recipe.augmentation.erase,
        "mixup": recipe.mixing.mixup,
        "cutmix": recipe.mixing.cutmix,
    }
