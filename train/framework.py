"""Loading Keras: once, late and quietly."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def load_keras() -> None:
    """Import Keras and wake its backend, before any module that imports it at its top.

    The backend is TensorFlow unless ``KERAS_BACKEND`` names another. TensorFlow greets with notes
    on CPU features and missing graphics cards, written from C++ straight to file descriptor 2;
    they are held back, and shown only where loading fails.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _held_back_stderr():
        import keras

        # The first tensor wakes the devices, which is the second time that TensorFlow talks.
        keras.ops.zeros((1,))


def make_deterministic(seed: int) -> None:
    """Seed Python, numpy and the backend, and choose operators that repeat their results."""
    import keras

    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


@contextmanager
def _held_back_stderr() -> Iterator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
