"""What is asked about: pictures of the model's size, and a photo as a shop shows it."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.errors import InputError
from benchmarks.runtime_cost.bare.loops import Pixels

_SIZE, _ITEM = (480, 640), 400


def draw_photo(garment: Pixels, path: Path) -> None:
    """Enlarge a light garment on black, uint8 (H, W), to a dark one on white; writes a PNG."""
    item = Image.fromarray(255 - garment).resize((_ITEM, _ITEM), Image.Resampling.BICUBIC)
    photo = Image.new("RGB", _SIZE, "white")
    photo.paste(item, ((_SIZE[0] - _ITEM) // 2, (_SIZE[1] - _ITEM) // 2))
    photo.save(path)


def load_pictures(path: Path) -> Pixels:
    """Read ``images`` (or ``test_images``) of an .npz file as uint8 (N, height, width, channels).

    Raises:
        InputError: It is damaged, or holds neither.
    """
    try:
        # Opened here: of a damaged file numpy leaves its own handle open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = arrays.files
            name = next((name for name in ("images", "test_images") if name in found), None)
            images = None if name is None else arrays[name]
    except Exception as error:  # a damaged array raises whatever the part that meets it raises
        raise InputError(f"{path} is no .npz file that can be read: {error}") from error
    if images is None:
        raise InputError(f"{path}: expected images or test_images, found {found}")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or not len(images):
        raise InputError(
            f"{path}: {name} must be uint8 (N, height, width) or (N, height, width, channels), "
            f"found {images.dtype} {images.shape}"
        )
    pictures: Pixels = images[..., np.newaxis] if images.ndim == 3 else images
    return pictures
