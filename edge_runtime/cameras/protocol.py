"""What a camera backend must offer."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]


class Camera(Protocol):
    """An open camera."""

    def frames(self) -> Iterator[Frame]:
        """Give frames without end, uint8 (height, width, 3), red first; waits for each.

        Each is a new array, so that it may be kept.

        Raises:
            SourceError: The camera stopped answering, for example because it was unplugged.
        """

    def close(self) -> None:
        """Let go of the device; a second call does nothing."""


class CameraBackend(Protocol):
    """A library that opens cameras."""

    @property
    def name(self) -> str:
        """Short name, as on the command line."""

    def open(self, index: int, size: tuple[int, int]) -> Camera:
        """Open a camera.

        Args:
            index: Which one, from 0.
            size: Wished (width, height) of a frame in pixels; a camera may give another.

        Raises:
            MissingExtraError: The library is not installed; says how to install it.
            SourceError: There is no such camera, or it is in use.
        """
