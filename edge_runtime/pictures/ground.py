"""Telling an item from the ground it lies on: arrays in, arrays out.

Grounds of real photos are uneven (light falls from one side, lenses darken corners) and noisy. So
the ground is a smooth surface fitted to the picture's border, and the item is what stands out from
it by more than the noise. On an even ground this is exactly what arXiv 1708.07747 does: trim what
is within 5 % of the corner's colour.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edge_runtime.pictures.preprocessing import LUMA

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# The paper's 5 %, the least that counts as another colour.
_LEAST_DISTANCE = 0.05 * 255
# And so many standard deviations of the ground's noise: of some 20,000 blocks none may pass by
# chance, and the noise of a JPEG's neighbours is not independent.
_NOISE_SIGMAS = 6.0
# Noise below this is what JPEG leaves; above it, the item is sought in means over blocks of so many
# pixels a side, while the picture has so many blocks.
_CALM = 2.0
_BLOCK, _LEAST_BLOCKS = 4, 56
# The border is this part of the shorter side, and so many of its pixels are looked at.
_BORDER_PART = 32
_MOST_SAMPLES = 1500
_FIT_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies behind the item.

    Attributes:
        surface: float32 (H, W, 3), 0–255: its colour at each pixel.
        noise: Standard deviation of its pixels' channels from that, in the same unit.
    """

    surface: Floats
    noise: float

    @property
    def color(self) -> tuple[int, int, int]:
        """Its mean colour."""
        red, green, blue = (round(float(mean)) for mean in self.surface.mean(axis=(0, 1)))
        return red, green, blue


def fit_ground(pixels: Floats) -> Ground:
    """Fit the ground of a picture, float32 (H, W, 3), to its border.

    A plane with a round vignette, by least absolute deviations: an item that reaches the border
    does not bend it. Corners count as much as all the rest, since they are the last that an item
    covers.
    """
    height, width = pixels.shape[:2]
    rows, columns, weights = _choose_border(height, width)
    border = pixels[rows, columns].astype(np.float64)  # (N, 3)
    y, x = _center(height), _center(width)
    basis = np.stack(
        [np.ones(len(rows)), x[columns], y[rows], x[columns] ** 2 + y[rows] ** 2], axis=1
    )
    # Holds back slopes that a picture of one row or one column says nothing about.
    calm = np.diag([0.0, 1.0, 1.0, 1.0]) * 1e-3 * weights.sum()
    reweighted = weights
    for _ in range(_FIT_ROUNDS):
        weighted = (basis * reweighted[:, np.newaxis]).T
        found = np.linalg.solve(weighted @ basis + calm, weighted @ border)  # (4, 3)
        distance = np.abs(border - basis @ found).max(axis=1)
        reweighted = weights / np.maximum(distance, 1.0)
    # A term in y and one in x: their sum is the surface.
    down = found[0] + np.outer(y, found[2]) + np.outer(y**2, found[3])  # (H, 3)
    across = np.outer(x, found[1]) + np.outer(x**2, found[3])  # (W, 3)
    surface = (down[:, np.newaxis] + across).clip(0.0, 255.0).astype(np.float32)
    # A normal distribution's standard deviation by its median, which an item does not move.
    noise = 1.4826 * float(np.median(np.abs(border - basis @ found)))
    return Ground(surface, noise)


def find_item(pixels: Floats, ground: Ground) -> Mask:
    """Mark what stands out from the ground: bool (H, W)."""
    marked: Mask
    difference = pixels - ground.surface
    if ground.noise < _CALM:
        marked = np.abs(difference).max(axis=2) > _LEAST_DISTANCE
        return marked
    height, width = difference.shape[:2]
    side = max(1, min(_BLOCK, min(height, width) // _LEAST_BLOCKS))
    margins = ((0, -height % side), (0, -width % side), (0, 0))
    padded = np.pad(difference, margins, mode="edge")
    blocks = padded.reshape(len(padded) // side, side, -1, side, 3).mean(axis=(1, 3))
    bound = max(_LEAST_DISTANCE, _NOISE_SIGMAS * ground.noise / side)
    coarse = np.abs(blocks).max(axis=2) > bound
    marked = coarse.repeat(side, axis=0).repeat(side, axis=1)[:height, :width]
    return marked


def find_box(item: Mask) -> tuple[int, int, int, int] | None:
    """Return (left, upper, right, lower) around an item; None where there is none."""
    rows, columns = (item.any(axis=axis).nonzero()[0] for axis in (1, 0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def tell_polarity(
    pixels: Floats, ground: Ground, item: Mask
) -> Literal["light-on-dark", "dark-on-light"]:
    """Say whether the item is mostly lighter or darker than its ground.

    Where nothing stands out, the ground's own lightness decides.
    """
    if not item.any():
        return "dark-on-light" if float(ground.surface.mean()) > 127.5 else "light-on-dark"
    difference = ((pixels - ground.surface) @ LUMA)[item]
    return "dark-on-light" if float(difference.sum()) < 0.0 else "light-on-dark"


def measure_item(
    pixels: Floats, ground: Ground, polarity: Literal["light-on-dark", "dark-on-light"]
) -> Floats:
    """Return how far each pixel is from its ground towards white or black, as 0–255.

    What equals the ground is 0; noise lies around 0 on both sides, so that resizing averages it
    away. On a black or white ground this is the picture, or its negative.
    """
    # Grounds in the middle leave little room; more than fourfold would show noise as texture.
    if polarity == "dark-on-light":
        distance, room = ground.surface - pixels, ground.surface
    else:
        distance, room = pixels - ground.surface, 255.0 - ground.surface
    measured: Floats = (distance * (255.0 / np.maximum(room, 64.0))).astype(np.float32)
    return measured


def _center(size: int) -> npt.NDArray[np.float64]:
    """Places of pixels, -1 to 1."""
    return np.linspace(-1.0, 1.0, size) if size > 1 else np.zeros(1)


def _choose_border(
    height: int, width: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Rows, columns and weights of the pixels that the ground is fitted to."""
    band = max(1, min(height, width) // _BORDER_PART)
    border = np.ones((height, width), np.bool_)
    border[band : height - band, band : width - band] = False
    places = np.flatnonzero(border)
    rows, columns = np.divmod(places[:: max(1, len(places) // _MOST_SAMPLES)], width)
    corner = max(1, min(height, width) // 10)
    in_corner = (np.minimum(rows, height - 1 - rows) < corner) & (
        np.minimum(columns, width - 1 - columns) < corner
    )
    weights = np.where(in_corner, 1.0 / in_corner.sum(), 1.0 / max(1, (~in_corner).sum()))
    return rows, columns, weights
