"""USB cameras, through OpenCV."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from edge_runtime.cameras.protocol import Frame
from edge_runtime.errors import MissingExtraError, SourceError


class OpenCvCamera:
    """See `edge_runtime.cameras.protocol.Camera`."""

    def __init__(self, device: Any, index: int) -> None:
        self._device = device
        self._index = index

    def frames(self) -> Iterator[Frame]:
        """Give frames as the camera takes them."""
        while True:
            came, frame = self._device.read()
            if not came:
                raise SourceError(
                    f"camera {self._index} gives no more frames; is it still connected?"
                )
            # OpenCV's order is blue, green, red.
            yield np.ascontiguousarray(frame[..., ::-1])

    def close(self) -> None:
        """Let go of the device."""
        self._device.release()


class OpenCvBackend:
    """See `edge_runtime.cameras.protocol.CameraBackend`."""

    name = "opencv"

    def open(self, index: int, size: tuple[int, int]) -> OpenCvCamera:
        """Open one of the system's video devices."""
        try:
            import cv2
        except ImportError as error:
            raise MissingExtraError(
                f"OpenCV cannot be imported ({error}). For a USB camera run: "
                "pip install 'edge-runtime[camera]'"
            ) from error
        device = cv2.VideoCapture(index)
        if not device.isOpened():
            device.release()
            raise SourceError(
                f"OpenCV finds no camera {index}; see what is connected with: ls /dev/video*. "
                "It must not be in use, and its user must be in the group video"
            )
        device.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        # Frames that queue in the driver are old when they are read.
        device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return OpenCvCamera(device, index)


BACKEND = OpenCvBackend()
