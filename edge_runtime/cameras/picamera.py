"""The Raspberry Pi's own cameras, through picamera2."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from edge_runtime.cameras.protocol import Frame
from edge_runtime.errors import MissingExtraError, SourceError


class PiCamera:
    """See `edge_runtime.cameras.protocol.Camera`."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def frames(self) -> Iterator[Frame]:
        """Give frames as the sensor takes them."""
        while True:
            try:
                frame = self._device.capture_array("main")
            except RuntimeError as error:
                raise SourceError(f"the camera stopped: {error}") from error
            yield np.asarray(frame, np.uint8)

    def close(self) -> None:
        """Stop the sensor."""
        self._device.close()


class PiCameraBackend:
    """See `edge_runtime.cameras.protocol.CameraBackend`."""

    name = "picamera2"

    def open(self, index: int, size: tuple[int, int]) -> PiCamera:
        """Open one of the cameras that libcamera knows."""
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise MissingExtraError(
                f"picamera2 cannot be imported ({error}). On a Raspberry Pi run: sudo apt install "
                "python3-picamera2; a virtual environment must be made with --system-site-packages "
                "to see it"
            ) from error
        except ValueError as error:
            # What numpy says where Debian's compiled parts of picamera2 meet another numpy.
            raise MissingExtraError(
                f"picamera2 cannot be imported ({error}): it was built for another numpy. On "
                "Raspberry Pi OS 12 run: pip install 'numpy<2'"
            ) from error
        known = len(Picamera2.global_camera_info())
        if index >= known:
            raise SourceError(
                f"picamera2 finds {known} camera{'' if known == 1 else 's'}, so there is no camera "
                f"{index}; see what is connected with: rpicam-hello --list-cameras"
            )
        try:
            device = Picamera2(index)
        except RuntimeError as error:
            raise SourceError(
                f"camera {index} does not open: {error}; does another program use it?"
            ) from error
        try:
            # Its names are those of the bytes read backwards: this gives red first (Picamera2
            # manual, section 4.2.2.2).
            device.configure(device.create_video_configuration({"size": size, "format": "BGR888"}))
            device.start()
        except BaseException:
            device.close()
            raise
        return PiCamera(device)


BACKEND = PiCameraBackend()
