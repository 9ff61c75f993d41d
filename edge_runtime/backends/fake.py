"""A backend without a runtime, for testing applications without a model.

It answers by brightness: the mean pixel of a picture picks the class, black the first and white
the last, with a probability of `CONFIDENCE`. So a test knows what to expect of a picture that it
made up.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.backends.protocol import TensorInfo
from edge_runtime.errors import ArtifactError
from edge_runtime.formats.metadata import read_model_metadata
from edge_runtime.formats.model_file import Format, ModelFile

# What the chosen class gets; the others share the rest evenly.
CONFIDENCE = 0.9

Array = npt.NDArray[Any]


class FakeSession:
    """See `edge_runtime.backends.protocol.Session`."""

    def __init__(self, picture_shape: tuple[int, int, int], classes: int) -> None:
        self.input = TensorInfo("image", np.dtype(np.uint8), (-1, *picture_shape), 1.0, 0)
        self.output = TensorInfo("scores", np.dtype(np.float32), (-1, classes))
        self._classes = classes
        self._is_open = True

    def invoke(self, batch: Array, /) -> Array:
        """Answer by brightness: (N, height, width, channels) uint8 to (N, classes) float32."""
        if not self._is_open:
            raise RuntimeError("this session is closed")
        if batch.shape[1:] != self.input.shape[1:] or batch.dtype != np.uint8:
            raise ValueError(
                f"expected uint8 {self.input.shape}, found {batch.dtype} {batch.shape}"
            )
        brightness = batch.reshape(len(batch), -1).mean(axis=1)  # (N,) float64, 0–255
        chosen = np.minimum(brightness * self._classes // 256, self._classes - 1).astype(np.intp)
        rest = (1.0 - CONFIDENCE) / (self._classes - 1)
        scores = np.full((len(batch), self._classes), rest, np.float32)
        scores[np.arange(len(batch)), chosen] = CONFIDENCE
        return scores

    def close(self) -> None:
        """Refuse further calls."""
        self._is_open = False


class FakeBackend:
    """See `edge_runtime.backends.protocol.Backend`."""

    name = "fake"
    package = "edge-runtime"
    extra = ""
    formats: tuple[Format, ...] = ("tflite", "onnx")

    def version(self) -> str:
        """The version of this package."""
        from edge_runtime import __version__

        return __version__

    def check_import(self) -> str:
        """Nothing to import."""
        return self.version()

    def check(self, model: ModelFile) -> None:
        """Nothing to look at: no runtime follows this model."""

    def open(
        self,
        model: ModelFile,
        threads: int,  # noqa: ARG002 - part of the protocol
        *,
        fast_int8: bool = False,  # noqa: ARG002 - part of the protocol
    ) -> FakeSession:
        """Stand in for a model: its description gives the picture's size and the classes."""
        metadata = read_model_metadata(model)
        if metadata is None:
            raise ArtifactError(
                f"the fake backend knows a model by its description, and {model.name} has none"
            )
        return FakeSession(metadata.model.input.shape, len(metadata.model.labels))


BACKEND = FakeBackend()
