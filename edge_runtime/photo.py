"""Picture files and photos to raw pixels of the model's size; the only file that imports Pillow.

For models of light items on dark ground, photos go the way that Fashion-MNIST was made
(arXiv 1708.07747, section 2): trim the even border, resize the longest edge keeping the ratio,
sharpen, centre, negate, grayscale. The artifact's `InputSpec` says which of these steps apply.
"""

import io
import os
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import InputSpec, Polarity
from edge_runtime.errors import ImageError, MissingExtraError

Pixels = npt.NDArray[np.uint8]

# What files in a folder of pictures are taken for one.
PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm"}
)
# Larger pictures are refused before they are inflated: 50 megapixels are 150 MB of RGB.
MAX_PIXELS = 50_000_000
# JPEGs are decoded at an eighth, quarter or half of their size while that leaves this many times
# the model's edge, so that a 12-megapixel photo takes milliseconds.
_DRAFT_MARGIN = 8
# The paper trims what is within 5 % of the corner's colour.
_TRIM_FUZZ = 0.05 * 255
_SHARPEN_RADIUS, _SHARPEN_PERCENT = 1.0, 100
_WHITE = (255, 255, 255, 255)


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


def decode_picture(source: Any, spec: InputSpec | None = None) -> Any:
    """Open a picture file (path or bytes) and read its first frame.

    A large JPEG is decoded no finer than `spec` needs; without one, in full.

    Raises:
        ImageError: It is missing, no picture, truncated or too large.
        MissingExtraError: Pillow is not installed.
    """
    image = import_pillow()
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else "the picture"
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    try:
        with warnings.catch_warnings():
            # Its own limit only warns; ours, below, refuses.
            warnings.simplefilter("ignore", image.DecompressionBombWarning)
            picture = image.open(source)
            _check_size(name, picture.size)
            if spec is not None:
                edge = max(spec.height, spec.width) * _DRAFT_MARGIN
                picture.draft(None, (edge, edge))
            picture.load()
    except (OSError, ValueError, SyntaxError, EOFError, image.DecompressionBombError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError(f"{name}: cannot be read as a picture: {error}") from error
    return picture


def to_model_pixels(picture: Any, spec: InputSpec, polarity: Polarity | None = None) -> Pixels:
    """Bring a PIL picture to raw pixels of the model's size.

    Args:
        picture: Any mode and size; its EXIF rotation is applied, transparency becomes white ground.
        spec: What the model is fed.
        polarity: What the picture is; None finds out from its border. Where it differs from what
            the model was trained on, the picture is negated.

    Returns:
        uint8 (height, width, channels), 0–255.

    Raises:
        ImageError: The picture is too large or cannot be converted.
    """
    _check_size("the picture", picture.size)
    try:
        flat = _to_rgb(picture)
    except (OSError, ValueError) as error:
        raise ImageError(f"the picture cannot be converted: {error}") from error
    found = polarity or find_polarity(flat)
    if flat.size != (spec.width, spec.height):
        # Before trimming: afterwards the corner may be the item's own.
        ground = flat.getpixel((0, 0))
        if spec.trim:
            flat = flat.crop(find_content_box(flat))
        flat = _resize(flat, spec, ground)
    if spec.polarity != "any" and found not in ("any", spec.polarity):
        flat = import_pillow().eval(flat, lambda level: 255 - level)
    return np.array(flat.convert("L" if spec.channels == 1 else "RGB"), np.uint8).reshape(
        spec.shape
    )


def find_polarity(picture: Any) -> Polarity:
    """Tell from the mean of an RGB picture's border whether its ground is light or dark."""
    pixels = np.asarray(picture, np.uint8)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return "dark-on-light" if border.mean() > 127.5 else "light-on-dark"


def find_content_box(picture: Any) -> tuple[int, int, int, int]:
    """Return (left, upper, right, lower) without the edges of the corner's colour.

    An even picture has no content to find and is kept whole.
    """
    pixels = np.asarray(picture, np.float32)  # (H, W, 3)
    distance = np.sqrt(((pixels - pixels[0, 0]) ** 2).mean(axis=2))
    rows, columns = ((distance > _TRIM_FUZZ).any(axis=axis).nonzero()[0] for axis in (1, 0))
    if not len(rows):
        return 0, 0, picture.width, picture.height
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _check_size(name: str, size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise ImageError(
            f"{name} has {size[0]} × {size[1]} pixels, more than the {MAX_PIXELS // 10**6} million "
            "that are accepted; make it smaller"
        )


def _to_rgb(picture: Any) -> Any:
    from PIL import ImageOps

    image = import_pillow()
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        return image.fromarray(_to_eight_bits(picture)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = image.new("RGBA", picture.size, _WHITE)
        return image.alpha_composite(ground, picture).convert("RGB")
    return picture.convert("RGB")


def _to_eight_bits(picture: Any) -> Pixels:
    # 16-bit pictures: Pillow's own conversion would cut everything above 255 to white.
    levels = np.asarray(picture)
    if levels.dtype.kind == "f" or levels.min() < 0 or levels.max() > 65_535:
        raise ImageError(f"a picture of mode {picture.mode} has no fixed range; save it as 8 bits")
    return (levels // 257).astype(np.uint8)


def _resize(picture: Any, spec: InputSpec, ground: Any) -> Any:
    image = import_pillow()
    from PIL import ImageFilter, ImageOps

    size, method = (spec.width, spec.height), image.Resampling.BOX
    if spec.resize == "stretch":
        return picture.resize(size, method)
    if spec.resize == "crop":
        return ImageOps.fit(picture, size, method)
    scale = min(spec.width / picture.width, spec.height / picture.height)
    inner = tuple(max(1, round(side * scale)) for side in picture.size)
    picture = picture.resize(inner, method)
    if spec.sharpen:
        picture = picture.filter(ImageFilter.UnsharpMask(_SHARPEN_RADIUS, _SHARPEN_PERCENT, 0))
    canvas = image.new("RGB", size, ground)
    canvas.paste(picture, ((spec.width - inner[0]) // 2, (spec.height - inner[1]) // 2))
    return canvas
