"""Golden samples: the exporting host's scores against this device's."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edge_runtime.classifier import Classifier
from edge_runtime.errors import MetadataError

Scores = npt.NDArray[np.float32]

# Float kernels of other processors add in another order.
FLOAT_TOLERANCE = 1e-4
# The scores were recorded with LiteRT or ONNX Runtime, whose integer kernels may round one step
# apart on another processor (found between Arm and x86), never more.
STEP_TOLERANCE = 1
# tflite-runtime's own kernels round in every layer a little otherwise, and that adds up: of 400,000
# scores of our int8 networks of 4 to 10 convolutions 4,843 lay two steps apart, 51 three, none
# more.
OTHER_KERNELS_TOLERANCE = 3
_OTHER_KERNELS = "tflite"
# Integers inside, float outputs (weights or activations quantized, scores not): the step that
# differs inside is not visible, so this is what one 8-bit step of a probability is worth.
_INNER_STEP = 1 / 256


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """How one golden sample came out.

    Attributes:
        sample: Its place in the description, from 0.
        verdict: ``same`` to the last bit, ``within tolerance``, or ``different``.
        difference: Largest difference of a score.
        tolerance: What is allowed, in the same unit.
    """

    sample: int
    verdict: Literal["same", "within tolerance", "different"]
    difference: float
    tolerance: float


def verify_classifier(classifier: Classifier) -> tuple[SampleCheck, ...]:
    """Replay the golden samples of a classifier's artifact.

    Raises:
        MetadataError: The artifact carries none.
    """
    metadata = classifier.metadata
    if metadata is None or not metadata.golden:
        raise MetadataError("the artifact carries no golden samples; export it with this toolkit")
    tolerance = _tolerance(classifier, metadata.quantization.precision)
    return tuple(
        _check(
            index,
            classifier.scores(sample.to_image(metadata.model.input)[np.newaxis])[0],
            np.asarray(sample.scores, np.float32),
            tolerance,
        )
        for index, sample in enumerate(metadata.golden)
    )


def _tolerance(classifier: Classifier, precision: str) -> float:
    step = classifier.output_scale
    if step:
        other = classifier.backend == _OTHER_KERNELS
        steps = OTHER_KERNELS_TOLERANCE if other else STEP_TOLERANCE
        # Half a step more: the scores are written with nine digits.
        return (steps + 0.5) * step
    return FLOAT_TOLERANCE if precision in ("fp32", "fp16") else _INNER_STEP


def _check(index: int, found: Scores, expected: Scores, tolerance: float) -> SampleCheck:
    difference = float(np.abs(found - expected).max())
    if not difference <= tolerance:
        return SampleCheck(index, "different", difference, tolerance)
    verdict: Literal["same", "within tolerance"] = (
        "same" if difference == 0.0 else "within tolerance"
    )
    return SampleCheck(index, verdict, difference, tolerance)
