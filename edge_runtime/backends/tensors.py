"""What backends share: known kinds of numbers, batches of a fixed size, and gray pictures."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.backends.protocol import Session, TensorInfo
from edge_runtime.errors import ArtifactError

Array = npt.NDArray[Any]

_PIXEL = np.dtype(np.uint8)


class GraySession:
    """A model that takes (N, height, width), seen as one that takes (N, height, width, 1)."""

    __slots__ = ("_session", "input", "output")

    def __init__(self, session: Session) -> None:
        taken = session.input
        self.input = dataclasses.replace(taken, shape=(*taken.shape, 1))
        self.output = session.output
        self._session = session

    def invoke(self, batch: Array, /) -> Array:
        """Run on (N, height, width, 1)."""
        return self._session.invoke(batch.reshape(batch.shape[:3]))

    def close(self) -> None:
        """Let go of the model."""
        self._session.close()


def with_channels(session: Session) -> Session:
    """Let a model of gray pictures that knows no channels take them as every other model does."""
    return GraySession(session) if len(session.input.shape) == 3 else session


def check_scales(model_name: str, source: TensorInfo, target: TensorInfo) -> None:
    """Check that integers in a model's input and output have a known meaning.

    A uint8 input without a scale is fed raw pixels; scores without one would have no size.

    Raises:
        ArtifactError: The tensor stores integers, and nothing says what they stand for.
    """
    for tensor, stored in ((source, "pixels"), (target, "scores")):
        if tensor.dtype.kind == "f" or (tensor.scale > 0.0 and math.isfinite(tensor.scale)):
            continue
        if tensor is source and tensor.dtype == _PIXEL and tensor.scale == 0.0:
            continue
        raise ArtifactError(
            f"{model_name} stores {stored} as {tensor.dtype} with the scale {tensor.scale:g}, so "
            "nothing says what they stand for. Export it again with quantization parameters or "
            f"with {stored} as floats"
        )


def run_in_parts(run: Callable[[Array], Array], batch: Array, size: int) -> Array:
    """Run a model that takes just `size` pictures on (N, …); the last part is filled up.

    Returns:
        (N, classes), a new array.
    """
    total = batch.shape[0]
    answers = []
    for start in range(0, total, size):
        part = batch[start : start + size]
        if (missing := size - part.shape[0]) > 0:
            part = np.concatenate([part, np.repeat(part[-1:], missing, axis=0)])
        answers.append(run(part))
    joined: Array = np.concatenate(answers)[:total]
    return joined
