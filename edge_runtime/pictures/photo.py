"""Picture files and photos of any kind to raw pixels of the model's size.

Files are opened, limits kept and modes brought to RGB here; `edge_runtime.pictures.framing` does
the rest.
Pillow is imported by these two files only, and only when a picture is handed in.
"""

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import InputSpec, Polarity
from edge_runtime.errors import ImageError, MissingExtraError
from edge_runtime.pictures.framing import DRAFT_MARGIN, frame_picture
from edge_runtime.pictures.preprocessing import check_size

Pixels = npt.NDArray[np.uint8]

# What files in a folder of pictures are taken for one.
PICTURE_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
_EXIF_ORIENTATION = 0x0112
_POLARITIES = get_args(Polarity)
# Phones store a small second picture in their JPEGs; nobody calls those animated.
_PHONES_PAIR = "MPO"
# Lightness, 0–255, from which an item on a transparent ground is laid on black instead of white.
_LIGHT_ITEM = 160.0


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """A picture as the model sees it.

    Attributes:
        pixels: uint8 (height, width, channels), 0–255.
        notes: What was done to it that its owner may not expect, in words.
    """

    pixels: Pixels
    notes: tuple[str, ...]


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
            # Pillow's own limit only warns, ours refuses; and it warns of what it mended.
            warnings.simplefilter("ignore")
            with image.open(source) as picture:
                check_size(name, *picture.size)
                if spec is not None:
                    # So that a 12-megapixel photo takes milliseconds.
                    edge = max(spec.height, spec.width) * DRAFT_MARGIN
                    picture.draft(None, (edge, edge))
                # Looked up in the file by some formats, which Pillow closes once it is read.
                _read_orientation(picture)
                picture.load()
                picture = _detach(picture)
    except ImageError:
        raise
    except FileNotFoundError as error:
        raise ImageError(f"{name}: there is no such file") from error
    except image.UnidentifiedImageError as error:
        raise ImageError(f"{name}: {_describe_foreign(source)}") from error
    except Exception as error:
        # A damaged file can raise anything in a decoder, and a watcher must survive it.
        raise ImageError(
            f"{name}: cannot be read as a picture: {str(error) or type(error).__name__}"
        ) from error
    return picture


def _detach(picture: Any) -> Any:
    """Free a picture of its file, which is closed when this returns."""
    moves = getattr(picture, "is_animated", False) and picture.format != _PHONES_PAIR
    upright = _turn_upright(picture)
    if moves:
        # Pillow would go on to look for further frames.
        upright = upright.copy()
        upright.is_animated = True
    return upright


def _turn_upright(picture: Any) -> Any:
    """Apply the EXIF rotation; without one this copies nothing."""
    # Pillow turns TIFFs itself while it loads them, but older releases leave the note standing.
    if picture.format == "TIFF" or _read_orientation(picture) == 1:
        return picture
    from PIL import ImageOps

    return ImageOps.exif_transpose(picture)


def _read_orientation(picture: Any) -> int:
    """How EXIF says that a picture lies, 1 to 8; 1 is upright."""
    try:
        orientation: int = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:
        # Of JPEGs Pillow passes over a damaged note, of PNG and WebP it raises what it met; every
        # viewer shows the picture all the same.
        return 1
    return orientation


def _describe_foreign(source: Any) -> str:
    try:
        is_memory = isinstance(source, io.BytesIO)
        size = source.getbuffer().nbytes if is_memory else Path(source).stat().st_size
    except OSError:
        return "it was deleted or moved meanwhile"
    if not size:
        return "cannot be read as a picture: it is empty"
    return "cannot be read as a picture: it has no format that Pillow knows"


def to_model_pixels(picture: Any, spec: InputSpec, polarity: Polarity | None = None) -> Pixels:
    """Bring a PIL picture to raw pixels of the model's size; see `prepare_picture`.

    Returns:
        uint8 (height, width, channels), 0–255.
    """
    return prepare_picture(picture, spec, polarity).pixels


def prepare_picture(
    picture: Any, spec: InputSpec, polarity: Polarity | None = None
) -> PreparedPicture:
    """Bring a PIL picture to raw pixels of the model's size.

    Args:
        picture: Any mode and size; its EXIF rotation is applied. Transparency becomes white
            ground, or black where the item is light.
        spec: What the model is fed.
        polarity: What the picture is; None finds out by comparing the item with its ground. Where
            it differs from what the model was trained on, the picture is negated.

    Raises:
        ImageError: The picture is too large, has no pixels or cannot be converted.
        ValueError: There is no such polarity.
    """
    if polarity is not None and polarity not in _POLARITIES:
        raise ValueError(
            f"polarity must be None or one of {', '.join(_POLARITIES)}, found {polarity!r}"
        )
    check_size("the picture", *picture.size)
    notes: list[str] = []
    if getattr(picture, "is_animated", False) and picture.format != _PHONES_PAIR:
        notes.append("several frames: only the first was used")
    try:
        flat = _to_rgb(picture, polarity, notes)
    except ImageError:
        raise
    except Exception as error:
        # A picture that was not loaded yet is decoded here; see decode_picture.
        raise ImageError(f"the picture cannot be converted: {error}") from error
    return PreparedPicture(frame_picture(flat, spec, polarity, notes), tuple(notes))


def _to_rgb(picture: Any, polarity: Polarity | None, notes: list[str]) -> Any:
    image = import_pillow()
    picture = _turn_upright(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        return image.fromarray(_to_eight_bits(picture)).convert("RGB")
    if picture.mode == "La":  # gray multiplied by its alpha, which Pillow converts to LA alone
        picture = picture.convert("LA")
    if _has_transparency(picture):
        picture = picture.convert("RGBA")
        ground = _choose_ground(picture, polarity)
        if picture.getchannel("A").getextrema()[0] < 255:
            notes.append(f"transparent: laid on {ground} ground")
        return image.alpha_composite(image.new("RGBA", picture.size, ground), picture).convert(
            "RGB"
        )
    return picture.convert("RGB")


def _has_transparency(picture: Any) -> bool:
    # Pillow's own answer to this is newer than the Pillow of Raspberry Pi OS 12.
    if picture.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in picture.info:
        return True
    return picture.mode == "P" and picture.palette is not None and picture.palette.mode == "RGBA"


def _choose_ground(picture: Any, polarity: Polarity | None) -> str:
    """White, as shops have it; black for an item that would vanish on white."""
    if polarity in ("light-on-dark", "dark-on-light"):
        return "black" if polarity == "light-on-dark" else "white"
    from PIL import ImageStat

    opaque = picture.getchannel("A").point(lambda alpha: 255 * (alpha > 127))
    seen = ImageStat.Stat(picture.convert("RGB").convert("L"), opaque)
    return "black" if seen.count[0] and seen.mean[0] > _LIGHT_ITEM else "white"


def _to_eight_bits(picture: Any) -> Pixels:
    # 16-bit pictures: Pillow's own conversion would cut everything above 255 to white.
    levels = np.asarray(picture)
    if levels.dtype.kind == "f" or levels.min() < 0 or levels.max() > 65_535:
        raise ImageError(f"a picture of mode {picture.mode} has no fixed range; save it as 8 bits")
    return (levels // 257).astype(np.uint8)
