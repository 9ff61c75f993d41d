"""The moving average of the weights that the optimizer keeps, and its use.

B. Polyak and A. Juditsky, "Acceleration of stochastic approximation by averaging" (1992). The
average is part of the optimizer's state, so a checkpoint holds it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Let a compiled model answer with its averaged weights, and put its own back afterwards."""
    if not model.optimizer.use_ema:
        yield
        return
    kept = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    take_average(model)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, kept, strict=True):
            variable.assign(value)


def take_average(model: keras.Model) -> None:
    """Replace a compiled model's weights by their average, where the optimizer keeps one."""
    if not model.optimizer.use_ema:
        return
    model.optimizer.finalize_variable_values(model.trainable_variables)
    for variable in model.trainable_variables:
        # On JAX the weight is now the very array of the average, and the next call would consume
        # both: give it one of its own.
        variable.assign(np.array(keras.ops.convert_to_numpy(variable)))
