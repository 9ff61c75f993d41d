"""Random changes to training pictures: flip, shift and random erasing.

They happen on the input side, in numpy, and are no part of the model: what is exported holds none
of them.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from train.samples import Images


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strongly training pictures are changed; the defaults suit Fashion-MNIST.

    Attributes:
        flip: Mirror half of the pictures left to right.
        shift: Largest shift in each direction, as a fraction of the picture's longest side.
        erase: Probability that a rectangle of a picture is replaced by noise.
        erase_area: Largest area of that rectangle, as a fraction of the picture.
        ground: What a shift moves in: ``black``, or the ``edge`` pixels repeated.
    """

    flip: bool = True
    shift: float = 0.04
    erase: float = 0.1
    erase_area: float = 0.2
    ground: Literal["black", "edge"] = "black"

    def __post_init__(self) -> None:
        for name, limit in (("shift", 0.5), ("erase", 1.0), ("erase_area", 1.0)):
            value = getattr(self, name)
            if not 0 <= value <= limit:
                raise ValueError(f"{name} must lie between 0 and {limit:g}, found {value}")


NO_AUGMENTATION = Augmentation(flip=False, shift=0.0, erase=0.0)


def augment(images: Images, how: Augmentation, random: np.random.Generator) -> Images:
    """Change each picture of a batch in its own way.

    Args:
        images: uint8 (N, height, width, channels), left as it is.
        how: What may be done.
        random: Where chance comes from; the same state gives the same result.

    Returns:
        A new array of the same shape and type.
    """
    changed = _shift(images, how, random)
    if how.flip:
        mirrored = random.random(len(images)) < 0.5
        changed[mirrored] = changed[mirrored, :, ::-1]
    if how.erase:
        _erase(changed, how, random)
    return changed


def _shift(images: Images, how: Augmentation, random: np.random.Generator) -> Images:
    count, height, width, _ = images.shape
    reach = round(how.shift * max(height, width))
    if not reach:
        return images.copy()
    mode: Literal["constant", "edge"] = "constant" if how.ground == "black" else "edge"
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode)
    # (N, 2 reach + 1, 2 reach + 1, 1, 1, height, width, channels): every shift, without copying.
    windows = sliding_window_view(padded, (1, *images.shape[1:]))
    down, right = random.integers(0, 2 * reach + 1, (2, count))
    chosen: Images = windows[np.arange(count), down, right, 0, 0]
    return chosen


def _erase(images: Images, how: Augmentation, random: np.random.Generator) -> None:
    """Fill one random rectangle of some pictures with noise, in place (arXiv 1708.04896)."""
    count, height, width, _ = images.shape
    area = random.uniform(0.02, max(how.erase_area, 0.02), count) * height * width
    # The paper draws the ratio evenly from 0.3 to 3.3; even in the logarithm treats both alike.
    ratio = np.exp(random.uniform(np.log(0.3), np.log(1 / 0.3), count))
    tall = np.clip(np.rint(np.sqrt(area * ratio)), 1, height).astype(np.int64)
    wide = np.clip(np.rint(np.sqrt(area / ratio)), 1, width).astype(np.int64)
    top = random.integers(0, height - tall + 1)
    left = random.integers(0, width - wide + 1)
    for place in np.flatnonzero(random.random(count) < how.erase):
        box = np.s_[
            place, top[place] : top[place] + tall[place], left[place] : left[place] + wide[place]
        ]
        images[box] = random.integers(0, 256, images[box].shape, np.uint8)
