"""Writing one artifact: its description, its golden samples, its bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime import __version__ as toolkit_version
from edge_runtime.contract import (
    SCHEMA_VERSION,
    ArtifactMetadata,
    GoldenSample,
    MeasuredAccuracy,
    ModelSpec,
    Quantization,
)
from export.convert import Converted
from export.describe import to_described
from export.environment import find_versions
from export.golden import build_golden
from export.samples import Samples
from export.verification import Replay


@dataclass(frozen=True, slots=True)
class ArtifactWriter:
    """Describes and writes artifacts of one export.

    Attributes:
        spec: What the model is.
        created: ISO 8601 UTC time to record.
        calibration: Pictures that ranges were found from.
        verified_on: Pictures that every file was compared on.
        reference: (N, classes), the float model's scores for them.
        golden: Which of them travel inside the artifact.
        is_evaluation: Whether accuracy on them may be told as the file's accuracy.
    """

    spec: ModelSpec
    created: str
    calibration: Samples
    verified_on: Samples
    reference: npt.NDArray[np.float32]
    golden: tuple[int, ...]
    is_evaluation: bool

    def write(self, path: Path, file: Converted, replay: Replay) -> tuple[int, str]:
        """Write one file with its description.

        Args:
            path: Where to.
            file: The bare model.
            replay: Its run on the runtime that devices prefer.

        Returns:
            Size in bytes and SHA-256 of the whole file.
        """
        content = to_described(file.content, file.recipe.format, self._describe(file, replay))
        path.write_bytes(content)
        return len(content), hashlib.sha256(content).hexdigest()

    def _describe(self, file: Converted, replay: Replay) -> ArtifactMetadata:
        calibrated = file.recipe.needs == "calibration"
        return ArtifactMetadata(
            schema_version=SCHEMA_VERSION,
            toolkit_version=toolkit_version,
            created=self.created,
            model=self.spec,
            quantization=Quantization(
                precision=file.recipe.precision,
                method=file.recipe.description,
                calibration_samples=len(self.calibration) if calibrated else 0,
                calibration_sha256=self.calibration.sha256 if calibrated else None,
            ),
            requires=file.requires,
            accuracy=self._measure_accuracy(replay) if self.is_evaluation else None,
            golden=self._build_golden(replay),
        )

    def _measure_accuracy(self, replay: Replay) -> MeasuredAccuracy:
        assert replay.scores is not None
        labels = self.verified_on.labels
        return MeasuredAccuracy(
            correct=int((replay.scores.argmax(axis=1) == labels).sum()),
            reference_correct=int((self.reference.argmax(axis=1) == labels).sum()),
            total=len(labels),
            runtime=f"{replay.runtime}, {find_versions().machine}",
        )

    def _build_golden(self, replay: Replay) -> tuple[GoldenSample, ...]:
        assert replay.scores is not None
        return build_golden(self.verified_on, self.golden, replay.scores)
