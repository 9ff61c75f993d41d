"""One process that measures OpenVINO on an ``.onnx`` artifact."""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.errors import BackendUnavailableError, IncompatibleArtifactError
from edge_runtime.measurement.trial import Answerer, serve


class OpenVinoModel:
    """A compiled model; one request, reused."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._dtype = np.dtype(compiled.input(0).element_type.to_dtype())

    def scores(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
        """Answer (N, height, width, channels) uint8 with (N, classes) float32."""
        answers = self._request.infer([batch.astype(self._dtype)])
        return np.asarray(answers[0], np.float32)


class OpenVinoOpener:
    """Opens models with OpenVINO on the CPU."""

    def import_runtime(self, backend: str) -> str:  # noqa: ARG002 - the seam's
        """Import OpenVINO and return its version."""
        try:
            import openvino
        except ImportError as error:
            raise BackendUnavailableError(
                f"OpenVINO cannot be imported ({error}). Run: pip install -e '.[peers]'"
            ) from error
        return str(openvino.__version__).partition("-")[0]

    def load(self, artifact: str, backend: str, threads: int) -> Answerer:  # noqa: ARG002
        """Compile for one stream on `threads` threads, tuned for latency."""
        import openvino

        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # As the other runtimes compute it; OpenVINO would use bfloat16 where the processor can.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        try:
            return OpenVinoModel(openvino.Core().compile_model(artifact, "CPU", settings))
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise IncompatibleArtifactError(f"OpenVINO refuses the model: {reason}") from error


if __name__ == "__main__":
    sys.exit(serve(OpenVinoOpener()))
