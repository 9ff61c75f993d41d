"""What a network costs as deployed: stored numbers, arithmetic, bytes in int8."""

from dataclasses import dataclass
from math import prod
from typing import Any

import keras

# Per output channel of an int8 kernel: a bias of 32 bits, a scale, and a zero point of 64 bits.
_BYTES_PER_CHANNEL = 4 + 4 + 8


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one picture and one file cost.

    Attributes:
        parameters: Numbers that are stored.
        macs: Multiply-accumulates a picture, in convolutions and dense layers.
        int8_bytes: Kernels at one byte a number, and what is stored per output channel. The
            graph's own description adds a few kilobytes to a file.
    """

    parameters: int
    macs: int
    int8_bytes: int


def measure_footprint(plain: keras.Model) -> Footprint:
    """Count over the layers of a plain network, branches folded."""
    weighted = [layer for layer in plain.layers if hasattr(layer, "kernel")]
    return Footprint(
        parameters=int(plain.count_params()),
        macs=sum(_count_macs(layer) for layer in weighted),
        int8_bytes=sum(_count_bytes(layer) for layer in weighted),
    )


def _count_macs(layer: Any) -> int:
    # Each output position multiplies the whole kernel once; a dense layer has one position.
    positions = prod(layer.output.shape[1:-1])
    return int(positions * prod(layer.kernel.shape))


def _count_bytes(layer: Any) -> int:
    return int(prod(layer.kernel.shape) + layer.output.shape[-1] * _BYTES_PER_CHANNEL)
