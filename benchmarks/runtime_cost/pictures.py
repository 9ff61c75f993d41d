"""What is asked about: pictures of the model's size, and a photo as a shop shows it."""

from pathlib import Path

import numpy as np
from PIL import Image

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
        ValueError: It holds neither.
    """
    with np.load(path, allow_pickle=False) as arrays:
        for name in ("images", "test_images"):
            if name in arrays.files:
                images: Pixels = arrays[name]
                return images[..., np.newaxis] if images.ndim == 3 else images
        raise ValueError(f"{path}: expected images or test_images, found {arrays.files}")
