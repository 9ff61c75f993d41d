"""From a picture in RGB to raw pixels of the model's size.

For models of light items on dark ground, photos go the way that Fashion-MNIST was made
(arXiv 1708.07747, section 2): trim the border, resize the longest edge keeping the ratio, sharpen,
centre, negate, grayscale. The artifact's `InputSpec` says which of these steps apply. Grounds that
are not an even white or black are levelled to it, because that is all that such a model knows.
"""

from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import InputSpec, Polarity
from edge_runtime.pictures.ground import (
    Ground,
    find_box,
    find_item,
    fit_ground,
    measure_item,
    tell_polarity,
)
from edge_runtime.pictures.preprocessing import LUMA

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# Pictures are made smaller, in whole steps, while that leaves this many times the model's edge.
DRAFT_MARGIN = 8
# And until no more pixels are left than this, or than a few of the model's pictures have: what
# follows takes up to 70 bytes for each. A long, narrow picture would otherwise take gigabytes.
_MOST_PIXELS, _MODELS_PICTURES = 4_000_000, 4
_SHARPEN_RADIUS, _SHARPEN_PERCENT = 1.0, 100
# Noise that is left after resizing is taken off up to so many standard deviations.
_RESIDUE_SIGMAS = 2.0
# What an owner should know: an item that is so small a part of its picture, so few pixels (as part
# of the model's edge), or so much longer than wide.
_SMALL_SHARE, _FEW_PIXELS, _LONG_RATIO = 0.02, 0.5, 8


def frame_picture(
    picture: Any, spec: InputSpec, stated: Polarity | None, notes: list[str]
) -> Pixels:
    """Trim, level, negate and resize as the specification says.

    Args:
        picture: A PIL picture of mode RGB.
        spec: What the model is fed.
        stated: The picture's polarity; None finds out.
        notes: What its owner may not expect is added here.

    Returns:
        uint8 (height, width, channels), 0–255.
    """
    fits = picture.size == (spec.width, spec.height)
    pixels = np.asarray(_make_smaller(picture, spec), np.float32)  # (H, W, 3)
    if spec.polarity == "any" and not spec.trim:
        return _place(pixels, spec, pixels[0, 0], fits)
    ground = fit_ground(pixels)
    item = find_item(pixels, ground)
    found = tell_polarity(pixels, ground, item)
    shown = stated or found
    is_negated = spec.polarity != "any" and shown not in ("any", spec.polarity)
    is_whole = fits or not spec.trim
    box = None if is_whole else find_box(item)
    # What is negated where nothing stands out is of no interest.
    if is_negated and stated is None and (is_whole or box):
        notes.append(f"negated: {shown.replace('-', ' ')}")
    fill = np.median(ground.surface, axis=(0, 1))
    if is_whole:
        return _negate(_place(pixels, spec, fill, fits), is_negated)
    notes.extend(_note_item(box, pixels.shape, picture.size, spec))
    left, upper, right, lower = box or (0, 0, pixels.shape[1], pixels.shape[0])
    cut = (slice(upper, lower), slice(left, right))
    if spec.polarity == "any" or shown != found:
        return _negate(_place(pixels[cut], spec, fill, fits), is_negated)
    level = measure_item(pixels, ground, found)[cut]
    framed = _place(level, spec, np.zeros(3), fits, _residue(ground, level.shape, spec))
    return _negate(framed, spec.polarity == "dark-on-light")


def _negate(framed: Pixels, is_wanted: bool) -> Pixels:
    # np.bitwise_not is 255 - level, for uint8.
    return np.bitwise_not(framed) if is_wanted else framed


def _make_smaller(picture: Any, spec: InputSpec) -> Any:
    width, height = picture.size
    step = max(1, min(width, height) // (max(spec.width, spec.height) * DRAFT_MARGIN))
    most = max(_MOST_PIXELS, _MODELS_PICTURES * spec.width * spec.height)
    while ceil(width / step) * ceil(height / step) > most:
        step += 1
    return picture.reduce(step) if step > 1 else picture


def _place(
    pixels: Floats,
    spec: InputSpec,
    fill: npt.NDArray[Any],
    fits: bool,
    residue: float = 0.0,
) -> Pixels:
    """Bring float32 (H, W, 3) to the model's channels and size; `fill` (3,) is what lies around."""
    from PIL import Image, ImageFilter

    if spec.channels == 1:
        pixels, fill = (pixels @ LUMA)[..., np.newaxis], np.atleast_1d(fill @ LUMA)
    if not fits:
        pixels = _resize(pixels, spec)
    if residue:
        pixels = np.maximum(pixels - residue, 0.0) * (255.0 / (255.0 - residue))
    framed: Pixels = np.rint(np.clip(pixels, 0.0, 255.0)).astype(np.uint8)
    if fits or spec.resize != "fit":
        return framed
    if spec.sharpen:
        sharpener = ImageFilter.UnsharpMask(_SHARPEN_RADIUS, _SHARPEN_PERCENT, 0)
        sharpened = Image.fromarray(framed.squeeze(2) if spec.channels == 1 else framed)
        framed = np.asarray(sharpened.filter(sharpener)).reshape(framed.shape)
    canvas = np.empty(spec.shape, np.uint8)
    canvas[:] = np.rint(fill)
    height, width = framed.shape[:2]
    upper, left = (spec.height - height) // 2, (spec.width - width) // 2
    canvas[upper : upper + height, left : left + width] = framed
    return canvas


def _resize(pixels: Floats, spec: InputSpec) -> Floats:
    """Resize float32 (H, W, C) as the specification says; ``fit`` leaves the padding out."""
    from PIL import Image, ImageOps

    height, width = pixels.shape[:2]
    size, box = (spec.width, spec.height), Image.Resampling.BOX
    if spec.resize == "fit":
        scale = min(spec.width / width, spec.height / height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
    bands = [Image.fromarray(np.ascontiguousarray(pixels[..., i])) for i in range(pixels.shape[2])]
    resized = [
        ImageOps.fit(band, size, box) if spec.resize == "crop" else band.resize(size, box)
        for band in bands
    ]
    return np.stack([np.asarray(band) for band in resized], axis=2)


def _residue(ground: Ground, shape: tuple[int, ...], spec: InputSpec) -> float:
    """What resizing leaves of the ground's noise, in the level picture's unit."""
    averaged = max(1.0, max(shape[:2]) / max(spec.height, spec.width))
    return min(64.0, _RESIDUE_SIGMAS * ground.noise / averaged)


def _note_item(
    box: tuple[int, int, int, int] | None,
    shape: tuple[int, ...],
    original: tuple[int, int],
    spec: InputSpec,
) -> list[str]:
    if box is None:
        return ["nothing stands out from its ground"]
    notes = []
    width, height = box[2] - box[0], box[3] - box[1]
    share = width * height / (shape[0] * shape[1])
    if share < _SMALL_SHARE:
        notes.append(f"its item fills {share:.1%} of the picture")
    scale = original[0] / shape[1]
    if max(width, height) * scale < _FEW_PIXELS * max(spec.width, spec.height):
        notes.append(
            f"enlarged: its item has {round(width * scale)} × {round(height * scale)} pixels"
        )
    if max(width, height) > _LONG_RATIO * min(width, height):
        notes.append(
            f"its item is {max(width, height) / min(width, height):.0f} times as long as wide"
        )
    return notes
