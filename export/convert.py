"""From recipes to bare model bytes, all in one process so that TensorFlow is loaded once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import LearnedRanges, Requirements
from export.errors import ConversionError
from export.float_model import FloatClassifier, Traceable, to_frozen_function
from export.onnx_graph import find_opset
from export.recipes import DEFAULT_CALIBRATION_METHOD, CalibrationMethod, Recipe
from export.targets import DEFAULT_SETTINGS, ConversionSettings
from export.tflite_file import find_least_runtime, to_later_version


@dataclass(frozen=True, slots=True)
class Converted:
    """A model file's content before it describes itself.

    Attributes:
        recipe: What was done.
        content: The file's bytes.
        requires: What a runtime must offer.
    """

    recipe: Recipe
    content: bytes
    requires: Requirements


class Converter:
    """Converts one float model by any recipe; what recipes share is built once, when first needed.

    Args:
        classifier: The float model.
        calibration: (N, height, width, channels) uint8; for recipes that need it.
        ranges: Learned in training; for recipes that need them.
        settings: What the target device asks for.
        ranges_by: How ONNX's static quantization finds ranges; TFLite's knows min-max alone.
    """

    def __init__(
        self,
        classifier: FloatClassifier,
        calibration: npt.NDArray[np.uint8],
        ranges: LearnedRanges | None = None,
        settings: ConversionSettings = DEFAULT_SETTINGS,
        ranges_by: CalibrationMethod = DEFAULT_CALIBRATION_METHOD,
    ) -> None:
        self._classifier = classifier
        self._calibration = calibration
        self._ranges = ranges
        self._settings = settings
        self._ranges_by = ranges_by
        self._frozen: Any = None
        self._float_onnx: Any = None

    def convert(self, recipe: Recipe) -> Converted:
        """Convert by one recipe.

        Raises:
            ConversionError: A converter refuses the model.
        """
        return self._to_tflite(recipe) if recipe.format == "tflite" else self._to_onnx(recipe)

    def _to_tflite(self, recipe: Recipe) -> Converted:
        from export.to_tflite import to_tflite

        if recipe.method == "learned":
            function = to_frozen_function(self._build_fake_quant(kernels=True))
        else:
            function = self._frozen = self._frozen or to_frozen_function(self._classifier)
        content = to_tflite(function, recipe.method, self._calibration, self._settings)
        least = to_later_version(find_least_runtime(content), recipe.least_tflite)
        return Converted(recipe, content, Requirements(tflite_runtime=least))

    def _to_onnx(self, recipe: Recipe) -> Converted:
        from export.to_onnx import to_float_onnx, to_learned_onnx, to_quantized_onnx

        if recipe.method == "learned":
            model = to_learned_onnx(self._build_fake_quant(kernels=False), self._settings)
        else:
            if self._float_onnx is None:
                self._float_onnx = to_float_onnx(self._classifier, self._settings)
            model = self._float_onnx
            if recipe.method != "float32":
                model = to_quantized_onnx(model, recipe.method, self._calibration, self._ranges_by)
        requires = Requirements(onnx_opset=find_opset(model), onnx_ir_version=model.ir_version)
        return Converted(recipe, model.SerializeToString(deterministic=True), requires)

    def _build_fake_quant(self, *, kernels: bool) -> Traceable:
        from export.fake_quant import build_fake_quant

        if self._ranges is None:
            raise ConversionError("there are no learned ranges")
        classifier = self._classifier
        return build_fake_quant(classifier.model, self._ranges, classifier.spec, kernels=kernels)
