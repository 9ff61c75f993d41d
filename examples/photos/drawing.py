"""Draws garments that a person recognizes: smooth outlines, folds, seams, light from above left.

Everything is drawn in a square of 100 × 100 units, on a transparent ground.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Point: TypeAlias = tuple[float, float]
Color: TypeAlias = tuple[int, int, int]
Mask: TypeAlias = npt.NDArray[np.float32]

_SIDE = 400
# Drawn larger and made smaller, for smooth edges.
_OVERSAMPLED = 2
_CURVE_STEPS = 8
# Lines of this width are straps and handles, which look round; thinner ones are thread.
_ROUND = 2.0


class Garment:
    """A transparent sheet on which pieces of cloth, leather and thread are laid."""

    def __init__(self) -> None:
        self._picture = Image.new("RGBA", (_SIDE, _SIDE), (0, 0, 0, 0))

    def lay(self, outline: Sequence[Point], color: Color, *, depth: float = 1.0) -> None:
        """Lay a piece with a curved outline on what is there; `depth` is how round it looks."""
        mask = _fill(curve(outline))
        pixels = _shade(mask, color, depth)
        alpha = Image.fromarray(np.rint(mask * 255).astype(np.uint8))
        piece = Image.fromarray(pixels)
        piece.putalpha(alpha)
        self._picture = Image.alpha_composite(self._picture, piece)

    def stroke(
        self, points: Sequence[Point], width: float, color: Color, *, soft: float = 0.0
    ) -> None:
        """Draw a line: a seam, a strap, or, where it is soft, a fold, which stays on the cloth."""
        size = _SIDE * _OVERSAMPLED
        sheet = Image.new("L", (size, size), 0)
        path = [(x * size / 100, y * size / 100) for x, y in curve(points, closed=False)]
        draw = ImageDraw.Draw(sheet)
        draw.line(path, fill=255, width=max(1, round(width * size / 100)), joint="curve")
        mask = sheet.resize((_SIDE, _SIDE), Image.Resampling.BOX)
        if soft:
            mask = mask.filter(ImageFilter.GaussianBlur(soft * _SIDE / 100))
            mask = ImageChops.darker(mask, self._picture.getchannel("A"))
        if width >= _ROUND:
            line = Image.fromarray(_shade(np.asarray(mask, np.float32) / 255, color, 0.6))
        else:
            line = Image.new("RGB", mask.size, color)
        line.putalpha(mask)
        self._picture = Image.alpha_composite(self._picture, line)

    def cut(self, outline: Sequence[Point]) -> None:
        """Cut a hole."""
        hole = _fill(curve(outline))
        alpha = np.asarray(self._picture.getchannel("A"), np.float32) * (1 - hole)
        self._picture.putalpha(Image.fromarray(alpha.astype(np.uint8)))

    def finish(self) -> Image.Image:
        """The picture, RGBA, trimmed to what was drawn."""
        return self._picture.crop(self._picture.getbbox())


def mirror(half: Sequence[Point]) -> list[Point]:
    """Complete the right half of an outline, from top to bottom, about the middle (x = 50)."""
    return [*half, *((100 - x, y) for x, y in reversed(half))]


def curve(points: Sequence[Point], *, closed: bool = True) -> list[Point]:
    """Run a Catmull-Rom curve through points; a point given twice is a sharp corner."""
    ends = (points[-1:], points[:2]) if closed else (points[:1], points[-1:])
    path = [*ends[0], *points, *ends[1]]
    found = []
    for before, start, stop, after in zip(path, path[1:], path[2:], path[3:], strict=False):
        if start == stop:
            continue  # the corner itself
        for step in range(_CURVE_STEPS):
            t = step / _CURVE_STEPS
            weights = (
                -0.5 * t + t**2 - 0.5 * t**3,
                1 - 2.5 * t**2 + 1.5 * t**3,
                0.5 * t + 2 * t**2 - 1.5 * t**3,
                -0.5 * t**2 + 0.5 * t**3,
            )
            four = (before, start, stop, after)
            x, y = (sum(w * p[i] for w, p in zip(weights, four, strict=True)) for i in (0, 1))
            found.append((x, y))
    return found if closed else [*found, points[-1]]


def darken(color: Color, part: float) -> Color:
    """A darker shade of a colour."""
    red, green, blue = (round(level * part) for level in color)
    return red, green, blue


def _fill(outline: Sequence[Point]) -> Mask:
    size = _SIDE * _OVERSAMPLED
    sheet = Image.new("L", (size, size), 0)
    ImageDraw.Draw(sheet).polygon([(x * size / 100, y * size / 100) for x, y in outline], fill=255)
    small = sheet.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def _shade(mask: Mask, color: Color, depth: float) -> npt.NDArray[np.uint8]:
    """Light a piece as if it were a cushion: its blurred mask is its height."""
    sheet = Image.fromarray(np.rint(mask * 255).astype(np.uint8))
    light = np.ones(mask.shape, np.float32)
    for radius, strength in ((0.7, 0.2), (3.0, 0.8)):
        blur = ImageFilter.GaussianBlur(radius * _SIDE / 100)
        height = np.asarray(sheet.filter(blur), np.float32) / 255
        down, right = np.gradient(height, 100 / _SIDE)
        light += depth * strength * (0.6 * right + 0.8 * down)
    lit = np.asarray(color, np.float32) * np.clip(light, 0.55, 1.25)[..., np.newaxis]
    shaded: npt.NDArray[np.uint8] = np.rint(np.clip(lit, 0, 255)).astype(np.uint8)
    return shaded
