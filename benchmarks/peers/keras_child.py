"""One process that measures TensorFlow itself: the ``.keras`` file in a compiled tf.function."""

import os
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.errors import ArtifactError, BackendUnavailableError
from edge_runtime.measurement.trial import Answerer, serve


class KerasModel:
    """A Keras model behind a tf.function: the fastest way to ask it for one picture."""

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        self._call = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)

    def scores(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
        """Answer (N, height, width, channels) uint8 with (N, classes) float32."""
        return np.asarray(self._call(batch.astype(np.float32)).numpy(), np.float32)


class KerasOpener:
    """Opens ``.keras`` files, in safe mode."""

    def import_runtime(self, backend: str) -> str:  # noqa: ARG002 - the seam's
        """Import TensorFlow and Keras and return TensorFlow's version."""
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        try:
            import keras  # noqa: F401 - part of what importing costs
            import tensorflow as tf
        except ImportError as error:
            raise BackendUnavailableError(
                f"TensorFlow cannot be imported ({error}). Run: pip install -e '.[peers]'"
            ) from error
        return str(tf.__version__)

    def load(self, artifact: str, backend: str, threads: int) -> Answerer:  # noqa: ARG002
        """Load a model that runs each operator on `threads` threads."""
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        try:
            return KerasModel(keras.saving.load_model(artifact, compile=False, safe_mode=True))
        except (OSError, ValueError, TypeError) as error:
            raise ArtifactError(f"Keras cannot load {artifact}: {error}") from error


if __name__ == "__main__":
    sys.exit(serve(KerasOpener()))
