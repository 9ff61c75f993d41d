"""What ``python -m export`` can be told."""

import argparse
from pathlib import Path

from export.gate import DEFAULT_MAX_DROP_POINTS
from export.pixel_scaling import PRESETS
from export.recipes import (
    CALIBRATION_METHODS,
    DEFAULT_CALIBRATION_METHOD,
    DEFAULT_CALIBRATION_SAMPLES,
    RECIPES,
)
from export.targets import TARGETS

# What a run folder says itself.
OWN_MODEL_OPTIONS = (
    "calibration",
    "evaluation",
    "labels",
    "name",
    "pixel_scaling",
    "input_size",
    "resize",
    "polarity",
    "licence",
    "custom_code",
    "evaluation_samples",
)

_EXAMPLES = """\
examples:
  python -m export --run runs/fashion-cnn
  python -m export --run runs/fashion-cnn --recipes static_int8,fp32 --target pi-trixie
  python -m export --model my.keras --labels labels.txt --calibration photos/train \\
      --evaluation photos/test --pixel-scaling 0..1
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; every option's help states its default and unit."""
    parser = argparse.ArgumentParser(
        prog="python -m export",
        description="Turn a trained Keras classifier into verified, quantized TFLite and ONNX "
        "files that describe themselves.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_source(parser.add_argument_group("what to export: a run, or a model of your own"))
    _add_own_model(parser.add_argument_group("about a model of your own"))
    _add_choices(parser.add_argument_group("what to make of it"))
    _add_output(parser.add_argument_group("output"))
    return parser


def _add_source(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--run", type=Path, metavar="DIR", help="run folder that training left")
    add("--model", type=Path, metavar="FILE", help="a .keras file of Keras 3")
    images = "folder with one sub-folder per class, or .npz with 'images' and 'labels'"
    add("--calibration", type=Path, metavar="IMAGES", help=f"training pictures: {images}")
    add("--evaluation", type=Path, metavar="IMAGES", help="pictures never trained on; the same")
    add(
        "--labels",
        type=Path,
        metavar="FILE",
        help="one label per line, in the order of the outputs (default: names of the sub-folders "
        "of --calibration, sorted)",
    )


def _add_own_model(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--name", help="for file names (default: name of the model file)")
    add(
        "--pixel-scaling",
        default="none",
        metavar="HOW",
        help="what raw pixels 0-255 need before the first layer, baked into the files: "
        f"{', '.join(PRESETS)}, SCALE,OFFSET, or three scales and three offsets for red, green "
        "and blue (default: none, the model does it itself)",
    )
    add(
        "--input-size",
        metavar="HxWxC",
        help="where the model leaves it open or takes pictures as rows of numbers, such as "
        "224x224x3",
    )
    add(
        "--resize",
        choices=("stretch", "crop", "fit"),
        default="stretch",
        help="how pictures of another size are brought to the model's (default: %(default)s)",
    )
    add(
        "--polarity",
        choices=("any", "light-on-dark", "dark-on-light"),
        default="any",
        help="kind of pictures that the model was trained on (default: %(default)s)",
    )
    add(
        "--licence", default="unknown", help="SPDX identifier of the weights (default: %(default)s)"
    )
    add(
        "--custom-code",
        type=Path,
        metavar="FILE.py",
        help="Python file that registers the classes the model is made of; it is executed, so "
        "name only what you trust (default: none)",
    )
    add(
        "--evaluation-samples",
        type=int,
        default=10_000,
        metavar="N",
        help="pictures to load at most, spread over the classes (default: %(default)s)",
    )


def _add_choices(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--recipes",
        metavar="LIST",
        help="comma-separated: " + ", ".join(recipe.key for recipe in RECIPES) + "; a precision "
        "alone means both formats, tflite or onnx every precision (default: all that are possible)",
    )
    targets = "; ".join(f"{name}: {target.description}" for name, target in TARGETS.items())
    add(
        "--target",
        default="any",
        metavar="NAME",
        help=f"where files must load. {targets} (default: %(default)s)",
    )
    add(
        "--max-accuracy-drop",
        type=float,
        default=DEFAULT_MAX_DROP_POINTS,
        metavar="POINTS",
        help="keep out a file that may lose more, in percentage points; the upper end of the "
        "paired 95 %% interval counts (default: %(default)s)",
    )
    add(
        "--calibration-samples",
        type=int,
        default=DEFAULT_CALIBRATION_SAMPLES,
        metavar="N",
        help="calibration pictures to use at most (default: %(default)s)",
    )
    add(
        "--calibration-method",
        choices=CALIBRATION_METHODS,
        default=DEFAULT_CALIBRATION_METHOD,
        help="how ONNX static int8 finds ranges; TFLite knows min-max alone (default: %(default)s)",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--out", type=Path, metavar="DIR", help="folder to make (default: artifacts/NAME)")
    add(
        "--force",
        action="store_true",
        help="replace an earlier export; other files in its folder stay",
    )
    add("--quiet", action="store_true", help="no progress on standard error")
    add("--json", action="store_true", help="print the manifest as JSON")
    add("--debug", action="store_true", help="show a traceback on failure")
