"""Cameras by the name of their library, or by preference with the reason for each passed over."""

import importlib
from typing import cast

from edge_runtime.cameras.protocol import Camera, CameraBackend
from edge_runtime.errors import EdgeRuntimeError, MissingExtraError, SourceError

# Name → module that holds a `CameraBackend` called BACKEND.
_MODULES = {
    "picamera2": "edge_runtime.cameras.picamera",
    "opencv": "edge_runtime.cameras.opencv",
    "fake": "edge_runtime.cameras.fake",
}
# What "auto" tries, best first: picamera2 scales in hardware. The fake is never chosen unasked.
PREFERENCE = ("picamera2", "opencv")
CAMERA_BACKENDS = tuple(_MODULES)
# The camera scales; this is more than a 28 × 28 model needs and enough for a 224 × 224 one.
DEFAULT_SIZE = (320, 240)


def open_camera(
    index: int = 0, *, size: tuple[int, int] = DEFAULT_SIZE, backend: str = "auto"
) -> Camera:
    """Open a camera.

    Args:
        index: Which one, from 0.
        size: Wished (width, height) of a frame in pixels; a camera may give another.
        backend: ``picamera2``, ``opencv`` or ``fake``; ``auto`` takes the first of picamera2 and
            OpenCV that is installed and finds the camera.

    Raises:
        MissingExtraError: The library asked for, or each of them, is not installed.
        SourceError: There is no such camera, or it is in use.
    """
    if backend != "auto":
        return _load(backend).open(index, size)
    refusals: list[EdgeRuntimeError] = []
    for name in PREFERENCE:
        try:
            return _load(name).open(index, size)
        except (MissingExtraError, SourceError) as error:
            refusals.append(error)
    reasons = "\n".join(f"  - {refusal}" for refusal in refusals)
    if all(isinstance(refusal, MissingExtraError) for refusal in refusals):
        raise MissingExtraError(f"a camera needs one of two libraries:\n{reasons}")
    raise SourceError(f"camera {index} cannot be opened:\n{reasons}")


def _load(name: str) -> CameraBackend:
    if name not in _MODULES:
        raise ValueError(
            f"there is no camera backend {name!r}; choose one of: auto, {', '.join(_MODULES)}"
        )
    return cast(CameraBackend, importlib.import_module(_MODULES[name]).BACKEND)
