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

from edge_runtime.preprocessing import LUMA

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# The paper's 5 %, the least that counts as another colour.
_LEAST_DISTANCE = 0.05 * 255
# So many standard deviations of the ground's noise count as another colour too.
_NOISE_SIGMAS = 4.0
# Noise below this is what JPEG leaves; above it, a picture is smoothed before the item is sought.
_CALM = 2.0
_SMOOTHING = 5
# The border is this part of the shorter side, and so many of its pixels are looked at.
_BORDER_PART = 32
_MOST_SAMPLES = 4000
_FIT_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies behind the item.

    Attributes:
        surface: float32 (H, W, 3), 0–255: its colour at each pixel.
        noise: Standard deviation of its pixels from that, in the same unit.
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
    terms = _build_terms(height, width)
    places, weights = _choose_border(height, width)
    border, basis = pixels[places].astype(np.float64), terms[places].astype(np.float64)
    reweighted = weights
    # Holds back slopes that a picture of one row or one column says nothing about.
    calm = np.diag([0.0, 1.0, 1.0, 1.0]) * 1e-3 * weights.sum()
    for _ in range(_FIT_ROUNDS):
        weighted = basis * reweighted[:, np.newaxis]
        found = np.linalg.solve(weighted.T @ basis + calm, weighted.T @ border)
        distance = np.abs(border - basis @ found).max(axis=1)
        reweighted = weights / np.maximum(distance, 1.0)
    surface = np.clip(terms @ found.astype(np.float32), 0.0, 255.0)
    # A normal distribution's standard deviation by its median, which an item does not move.
    noise = 1.4826 * float(np.median(np.abs((border - basis @ found) @ LUMA)))
    return Ground(surface, noise)


def find_item(pixels: Floats, ground: Ground) -> Mask:
    """Mark what stands out from the ground: bool (H, W)."""
    distance = np.abs(pixels - ground.surface).max(axis=2)
    if ground.noise < _CALM:
        marked: Mask = distance > _LEAST_DISTANCE
        return marked
    smooth = _smooth(pixels - ground.surface)
    # Means of 25 pixels have a fifth of the noise, but neighbouring pixels share theirs.
    bound = max(_LEAST_DISTANCE, _NOISE_SIGMAS * ground.noise / 2)
    return np.abs(smooth).max(axis=2) > bound


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


def _build_terms(height: int, width: int) -> Floats:
    rows = np.linspace(-1.0, 1.0, height, dtype=np.float32) if height > 1 else np.zeros(1)
    columns = np.linspace(-1.0, 1.0, width, dtype=np.float32) if width > 1 else np.zeros(1)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x + y * y], axis=2).astype(np.float32)


def _choose_border(height: int, width: int) -> tuple[tuple[npt.NDArray[np.intp], ...], Floats]:
    band = max(1, min(height, width) // _BORDER_PART)
    border = np.ones((height, width), np.bool_)
    border[band : height - band, band : width - band] = False
    rows, columns = border.nonzero()
    step = max(1, len(rows) // _MOST_SAMPLES)
    rows, columns = rows[::step], columns[::step]
    corner = max(1, min(height, width) // 10)
    in_corner = (np.minimum(rows, height - 1 - rows) < corner) & (
        np.minimum(columns, width - 1 - columns) < corner
    )
    weights = np.where(in_corner, 1.0 / in_corner.sum(), 1.0 / max(1, (~in_corner).sum()))
    return (rows, columns), weights.astype(np.float32)


def _smooth(values: Floats) -> Floats:
    """Means over squares of `_SMOOTHING` pixels; the edge is continued outwards."""
    for axis in (0, 1):
        margins = [(0, 0)] * 3
        margins[axis] = (_SMOOTHING // 2 + 1, _SMOOTHING // 2)
        sums = np.cumsum(np.pad(values, margins, mode="edge"), axis=axis, dtype=np.float64)
        size = values.shape[axis]
        upper = np.take(sums, range(_SMOOTHING, _SMOOTHING + size), axis=axis)
        lower = np.take(sums, range(size), axis=axis)
        values = ((upper - lower) / _SMOOTHING).astype(np.float32)
    return values
