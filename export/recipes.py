"""The table of recipes: what can be made of a float Keras model.

A recipe is one row. Which function converts by which method stands in `export.convert`; nothing
else asks for a recipe's name.
"""

from dataclasses import dataclass
from typing import Literal

from edge_runtime.contract import Precision
from export.errors import ExportError

Format = Literal["tflite", "onnx"]
Method = Literal["float32", "float16", "dynamic", "static", "int16x8", "learned"]
# ONNX Runtime's entropy method is left out: with the 128 bins that it fixes it always finds the
# whole range, the very result of min-max.
CalibrationMethod = Literal["min-max", "percentile"]
CALIBRATION_METHODS: tuple[CalibrationMethod, ...] = ("min-max", "percentile")
DEFAULT_CALIBRATION_METHOD: CalibrationMethod = "min-max"
DEFAULT_CALIBRATION_SAMPLES = 500
Needs = Literal["nothing", "calibration", "ranges"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to turn the float model into a file.

    Attributes:
        precision: The name that stands in the file name.
        format: File format, and at the same time the file name's ending.
        method: How the conversion is done.
        needs: What must be there besides the model.
        description: The method in words; it travels in the artifact.
        least_tflite: TensorFlow release whose TFLite runtime first ran this kind of file, for
            where the converter's own note is too optimistic; None for ONNX.
    """

    precision: Precision
    format: Format
    method: Method
    needs: Needs
    description: str
    least_tflite: str | None = None

    @property
    def key(self) -> str:
        """Short name that tells both halves, such as ``static_int8.tflite``."""
        return f"{self.precision}.{self.format}"

    def to_file_name(self, model_name: str) -> str:
        """Name of the file that this recipe makes of a model."""
        return f"{model_name}_{self.key}"


RECIPES: tuple[Recipe, ...] = (
    Recipe("fp32", "tflite", "float32", "nothing", "float weights and arithmetic"),
    Recipe("fp16", "tflite", "float16", "nothing", "float16 weights, float arithmetic"),
    Recipe(
        "dynamic_int8",
        "tflite",
        "dynamic",
        "nothing",
        "int8 weights, activations quantized while running, float in and out",
    ),
    Recipe(
        "static_int8",
        "tflite",
        "static",
        "calibration",
        "int8 weights per channel, int8 activations from calibration, int8 in and out",
    ),
    Recipe(
        "int16x8",
        "tflite",
        "int16x8",
        "calibration",
        "int8 weights per channel, int16 activations from calibration, float in and out",
        "2.3.0",
    ),
    Recipe(
        "qat_int8",
        "tflite",
        "learned",
        "ranges",
        "int8 weights per channel, int8 activations with ranges learned in training, "
        "int8 in and out",
    ),
    Recipe("fp32", "onnx", "float32", "nothing", "float weights and arithmetic"),
    Recipe(
        "dynamic_int8",
        "onnx",
        "dynamic",
        "nothing",
        "int8 weights, per channel in convolutions, which compute in float; dense layers quantize "
        "their activations while running; float in and out",
    ),
    Recipe(
        "static_int8",
        "onnx",
        "static",
        "calibration",
        "QDQ, S8S8, per channel, activations from calibration, float in and out",
    ),
    Recipe(
        "qat_int8",
        "onnx",
        "learned",
        "ranges",
        "QDQ, S8S8, per channel, activations with ranges learned in training, float in and out",
    ),
)


def select_recipes(
    names: list[str], *, with_ranges: bool, formats: tuple[Format, ...] = ("tflite", "onnx")
) -> tuple[Recipe, ...]:
    """Pick rows of the table, in its order.

    Args:
        names: Keys (``static_int8.tflite``), precisions (``static_int8``: every format of it),
            formats (``onnx``: every precision of it); empty for all that the model allows.
        with_ranges: Whether learned ranges are there.
        formats: What the target device can load.

    Raises:
        ExportError: A name is unknown, or a named recipe lacks what it needs.
    """
    for name in names:
        if not any(name in _names_of(recipe) for recipe in RECIPES):
            known = ", ".join(recipe.key for recipe in RECIPES)
            raise ExportError(
                f"no recipe is called {name!r}; known are {known}, "
                "a precision such as static_int8 (both formats) or a format (tflite, onnx)"
            )
    asked = [
        recipe
        for recipe in RECIPES
        if not names or any(name in _names_of(recipe) for name in names)
    ]
    chosen = [recipe for recipe in asked if recipe.format in formats]
    possible = tuple(recipe for recipe in chosen if with_ranges or recipe.needs != "ranges")
    # Each name by itself: one that gives nothing must not hide behind another that does.
    for name in names:
        if not any(name in _names_of(recipe) for recipe in chosen):
            raise ExportError(f"the target loads {' and '.join(formats)} files only, not {name}")
        if not any(name in _names_of(recipe) for recipe in possible):
            raise ExportError(
                f"{name} needs the ranges.json of a quantization-aware training run; "
                "export such a run with --run, or choose static_int8"
            )
    return possible


def _names_of(recipe: Recipe) -> tuple[str, str, str]:
    return recipe.key, recipe.precision, recipe.format
