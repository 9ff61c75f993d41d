"""A camera without a device, for trying out and testing what works with a camera.

It shows even grey frames, from black to white and over again, at the pace of a camera.
"""

import itertools
import time
from collections.abc import Iterator

import numpy as np

from edge_runtime.cameras.protocol import Frame
from edge_runtime.errors import SourceError

# What the frames show in turn, 0 black to 255 white.
LEVELS = (0, 85, 170, 255)
_FRAME_S = 1 / 30


class FakeCamera:
    """See `edge_runtime.cameras.protocol.Camera`."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """Give grey frames, thirty a second, until the camera is closed."""
        width, height = self._size
        for level in itertools.cycle(LEVELS):
            if self._closed:
                raise SourceError("the camera is closed")
            yield np.full((height, width, 3), level, np.uint8)
            time.sleep(_FRAME_S)

    def close(self) -> None:
        """Give no more frames."""
        self._closed = True


class FakeCameraBackend:
    """See `edge_runtime.cameras.protocol.CameraBackend`."""

    name = "fake"

    def open(self, index: int, size: tuple[int, int]) -> FakeCamera:
        """Open the only fake camera, which has number 0."""
        if index:
            raise SourceError(f"there is no fake camera {index}, only camera 0")
        return FakeCamera(size)


BACKEND = FakeCameraBackend()
