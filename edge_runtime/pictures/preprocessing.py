"""From what a user hands in to raw pixels of the model's size.

Arrays that already have the model's size are used as they are; everything else goes through
`edge_runtime.pictures.photo`, which needs Pillow.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from edge_runtime.errors import ImageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_runtime.contract import InputSpec

    Pixels = npt.NDArray[np.uint8]

Image: TypeAlias = Any  # path, encoded bytes, PIL picture, or array

_UINT8 = np.dtype(np.uint8)
# Larger pictures are refused before they are inflated: 50 megapixels are 150 MB of RGB.
MAX_PIXELS = 50_000_000
# ITU-R BT.601, as Pillow's own conversion to grayscale.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def check_batch(batch: Any, spec: InputSpec) -> Pixels:
    """Check that a batch holds raw pixels of the model's size and bring it to rank 4.

    Args:
        batch: uint8 (N, height, width, channels), or (N, height, width) for one channel; 0–255.
        spec: What the model is fed.

    Returns:
        The same pixels, uint8 (N, height, width, channels).

    Raises:
        ImageError: Anything else; the message says what was found.
    """
    expected = f"expected a batch uint8 (N, {spec.height}, {spec.width}, {spec.channels})"
    if not isinstance(batch, np.ndarray):
        raise ImageError(f"{expected}, found {type(batch).__name__}")
    if batch.dtype != _UINT8:
        raise ImageError(
            f"{expected} of raw pixels 0–255, found {batch.dtype}. The model holds its own "
            "normalization: hand in the pixels as they are."
        )
    if batch.ndim == 3 and spec.channels == 1:
        batch = batch[..., np.newaxis]
    if batch.ndim != 4 or batch.shape[1:] != spec.shape:
        raise ImageError(f"{expected}, found {batch.shape}")
    if not len(batch):
        raise ImageError(f"{expected} with N at least 1, found an empty batch")
    pixels: Pixels = batch
    return pixels


def check_several(images: Any) -> None:
    """Check that these are pictures one by one, not one whose parts would be taken for pictures.

    Raises:
        TypeError: It is a path, the bytes of a file or an array (H, W), (H, W, 1), (H, W, 3) or
            (H, W, 4).
    """
    is_array = isinstance(images, np.ndarray) and (
        images.ndim < 3 or (images.ndim == 3 and images.shape[2] in (1, 3, 4))
    )
    if is_array or isinstance(images, str | bytes | os.PathLike):
        raise TypeError(
            f"expected an iterable of pictures, found one picture ({type(images).__name__}); "
            "use classify, or hand in [picture]"
        )


def check_size(name: str, width: int, height: int) -> None:
    """Check that a picture has pixels, and not too many to work on, before anything is made of it.

    Raises:
        ImageError: It has none, or more than `MAX_PIXELS`.
    """
    if not width * height:
        raise ImageError(f"{name} has {width} × {height} pixels; expected at least one")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name} has {width} × {height} pixels, more than the {MAX_PIXELS // 10**6} million "
            "that are accepted; make it smaller"
        )


def to_uint8(array: npt.NDArray[Any], value_range: tuple[float, float] | None) -> Pixels:
    """Bring an array to raw pixels 0–255, uint8, same shape.

    Args:
        array: uint8, bool (True is white) or float.
        value_range: For float: the values of black and white, such as ``(0.0, 1.0)``. It must be
            stated, it is never guessed.

    Raises:
        ImageError: Another dtype, a float without its range, NaN, or values outside the range.
    """
    if array.dtype == _UINT8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind != "f":
        raise ImageError(
            f"expected pixels as uint8 or float, found {array.dtype}. Convert them to uint8 0–255."
        )
    if value_range is None:
        raise ImageError(
            "an array of floats needs its range stated, such as value_range=(0.0, 1.0)"
        )
    low, high = map(float, value_range)
    if not low < high:
        raise ImageError(f"value_range must rise, found ({low}, {high})")
    span = high - low
    if not math.isfinite(span) or not math.isfinite(255.0 / span):
        raise ImageError(f"value_range must be finite and of some width, found ({low}, {high})")
    if array.size and not (array.min() >= low and array.max() <= high):
        # NaN fails both comparisons and lands here too.
        numbers = array[~np.isnan(array)]
        found = [f"{numbers.min()} to {numbers.max()}"] if numbers.size else []
        found += ["NaN"] if numbers.size < array.size else []
        raise ImageError(f"expected values {low} to {high}, found {' and '.join(found)}")
    pixels: Pixels = np.rint((array.astype(np.float64) - low) * (255.0 / span)).astype(np.uint8)
    return pixels


def to_channels(pixels: Pixels, channels: int) -> Pixels:
    """Bring (H, W), (H, W, 1) or (H, W, 3) to (H, W, channels) by luma or repetition.

    Raises:
        ImageError: Another shape.
    """
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
        raise ImageError(
            f"expected a picture (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), found {pixels.shape}"
        )
    if pixels.shape[2] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=2)
    luma: Pixels = np.rint(pixels.astype(np.float32) @ LUMA).astype(np.uint8)  # (H, W)
    return luma[..., np.newaxis]


def is_picture_file(image: Any) -> bool:
    """Whether `image` is a path rather than a picture in memory."""
    return isinstance(image, str | os.PathLike)
