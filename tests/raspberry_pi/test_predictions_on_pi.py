"""Every artifact on emulated boards: it predicts what it predicts on x86."""

from pathlib import Path

import pytest

from edge_runtime.formats.metadata import read_metadata
from emulator.matrix import Outcome, list_cases, measure_matrix
from emulator.scoring import Samples
from tests.raspberry_pi.pairs import PAIRS

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(1200)]

_IMAGES = 1000
# A float score may differ in its last bits: other processors, other order of additions.
_FLOAT_STEPS = 0.01
# An int8 score may differ by a step where a float would be rounded the other way.
_INT8_STEPS = 1.0


@pytest.mark.parametrize(("system", "board"), PAIRS)
def test_predictions_agree_with_x86(
    wheel: Path, artifacts: Path, samples: Path, tmp_path: Path, system: str, board: str
) -> None:
    models = sorted((*artifacts.glob("*.tflite"), *artifacts.glob("*.onnx")))
    outcomes: list[Outcome] = measure_matrix(
        list_cases(models, [system], [board]),
        Samples(samples, _IMAGES),
        wheel,
        tmp_path,
        report=lambda _: None,
    )
    assert outcomes
    for outcome in outcomes:
        name = f"{outcome.case.artifact.name} on {outcome.case.runtime}"
        assert outcome.refused is None, name
        assert outcome.agreeing >= outcome.images - 1, name
        assert outcome.steps <= _tolerated_steps(outcome.case.artifact), name


def _tolerated_steps(artifact: Path) -> float:
    metadata = read_metadata(artifact)
    assert metadata is not None
    return _FLOAT_STEPS if metadata.quantization.precision in ("fp32", "fp16") else _INT8_STEPS
