"""Picture files and photos to raw pixels of the model's size; the only file that imports Pillow."""

import io
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import InputSpec
from edge_runtime.errors import ImageError, MissingExtraError

Pixels = npt.NDArray[np.uint8]


def import_pillow() -> Any:
    """Return the module ``PIL.Image``.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            "picture files need Pillow. Run: pip install 'edge-runtime[image]'"
        ) from error
    return Image


def decode_picture(source: Any) -> Any:
    """Open a picture file (path or bytes) and read its pixels.

    Raises:
        ImageError: It is missing or no picture.
    """
    image = import_pillow()
    try:
        picture = image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
        picture.load()
    except (OSError, ValueError, image.DecompressionBombError) as error:
        name = os.fspath(source) if isinstance(source, str | os.PathLike) else "the picture"
        raise ImageError(f"{name}: cannot be read as a picture: {error}") from error
    return picture


def to_model_pixels(picture: Any, spec: InputSpec) -> Pixels:
    """Bring a PIL picture to uint8 (height, width, channels)."""
    picture = picture.convert("L" if spec.channels == 1 else "RGB")
    if picture.size != (spec.width, spec.height):
        picture = picture.resize((spec.width, spec.height))
    return np.asarray(picture, np.uint8).reshape(spec.shape)
