"""The optimizers of a run: Adam, and Muon for networks whose weights are mostly kernels."""

import math
from typing import Any, cast

import keras

from train.settings import OptimizerName

# What weight decay leaves alone: pulling biases, normalization or learned ranges towards zero does
# not help to generalize.
_NOT_DECAYED = ("bias", "gamma", "beta", "range_width")


@keras.saving.register_keras_serializable("train")
class ConvolutionMuon(keras.optimizers.Muon):  # type: ignore[misc]
    """Muon for the kernels of convolutions, Adam for everything else.

    K. Jordan and others, "Muon: An optimizer for hidden layers in neural networks"
    (kellerjordan.github.io/posts/muon, 2024): a step's direction is the momentum with all its
    singular values brought close to 1, so that no direction of a kernel learns slower than another.
    A kernel counts as a matrix of (height · width · in, out). Steps are scaled to the size of
    Adam's (J. Liu and others, arXiv 2502.16982), so rates and weight decay mean the same as there.

    Keras's own Muon gives 4-D kernels to Adam, and so is of no use to a convolutional network.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        # A kernel that sees raw pixels alone has too few rows to have directions.
        return len(variable.shape) != 4 or variable.shape[2] == 1

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Bring the singular values of a kernel (height, width, in, out) close to 1."""
        matrix = keras.ops.reshape(x, (-1, x.shape[-1]))
        return keras.ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x: Any) -> Any:
        """Scale a kernel's step to the size that Adam's would have."""
        *rows, columns = x.shape
        return x * (math.sqrt(max(math.prod(rows), columns)) * self.rms_rate)


def build_optimizer(
    name: OptimizerName, schedule: Any, weight_decay: float, ema: float
) -> keras.optimizers.Optimizer:
    """Build an optimizer that keeps the weights' moving average where it is asked to.

    Args:
        name: Which one.
        schedule: Learning rate by step.
        weight_decay: Share of each kernel taken off a step, times the learning rate; 0 for none.
        ema: Of the average, what stays after one step, 0–1; 0 keeps none.
    """
    average = {"use_ema": ema > 0, "ema_momentum": ema or 0.99}
    decay = weight_decay or None
    if name == "muon":
        optimizer = ConvolutionMuon(
            schedule, weight_decay=decay, adam_weight_decay=decay, **average
        )
    else:
        optimizer = keras.optimizers.Adam(schedule, weight_decay=decay, **average)
    if weight_decay:
        optimizer.exclude_from_weight_decay(var_names=list(_NOT_DECAYED))
    return cast(keras.optimizers.Optimizer, optimizer)
