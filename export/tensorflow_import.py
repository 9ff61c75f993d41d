"""The one place that imports TensorFlow and Keras: late, quietly, and with Keras on TensorFlow."""

import functools
import os
from typing import Any

from export.errors import ExportError
from export.quiet import silence


@functools.cache
def load_tensorflow() -> Any:
    """Import TensorFlow (about ten seconds) with its log turned down.

    Raises:
        ExportError: It is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # A GPU has no part in an export, and looking for one costs memory and log lines.
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    try:
        with silence():
            import tensorflow
    except ImportError as error:
        raise ExportError(
            "export needs TensorFlow: pip install -e '.[export]' in the checkout"
        ) from error
    tensorflow.get_logger().setLevel("ERROR")
    _silence_absl()
    return tensorflow


@functools.cache
def load_keras() -> Any:
    """Import Keras 3 on the TensorFlow backend.

    Raises:
        ExportError: Keras is missing, too old, or set to another backend.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    load_tensorflow()
    with silence():
        import keras
    if not keras.__version__.startswith("3."):
        raise ExportError(f"export needs Keras 3, found {keras.__version__}: pip install -U keras")
    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"Keras was already loaded with the {keras.backend.backend()} backend in this process; "
            "export needs tensorflow: start it in a process of its own"
        )
    return keras


def _silence_absl() -> None:
    from absl import logging

    logging.set_verbosity(logging.ERROR)
