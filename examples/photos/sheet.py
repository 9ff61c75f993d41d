"""One picture of all scenes: the photo, what the model sees, what it answers."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, ImageOps

from edge_runtime import Classification
from examples.photos.scenes import Scene

_CELL, _THUMB, _MARGIN = (420, 196), 140, 14
_COLUMNS = 3
_INK, _FAINT, _RIGHT, _WRONG = (30, 32, 36), (150, 154, 160), (22, 130, 70), (190, 50, 40)
_PAPER = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scene.

    Attributes:
        scene: The picture.
        data: Its file.
        seen: What the model saw, uint8 (height, width, 1).
        answer: What it said.
    """

    scene: Scene
    data: bytes
    seen: npt.NDArray[np.uint8]
    answer: Classification

    @property
    def is_right(self) -> bool:
        """Whether the first answer is what the scene shows."""
        return self.answer.top.label == self.scene.label


def draw_sheet(outcomes: Sequence[Outcome]) -> Image.Image:
    """Draw all outcomes in columns."""
    rows = -(-len(outcomes) // _COLUMNS)
    sheet = Image.new("RGB", (_CELL[0] * _COLUMNS, _CELL[1] * rows), _PAPER)
    for place, outcome in enumerate(outcomes):
        cell = (place % _COLUMNS * _CELL[0], place // _COLUMNS * _CELL[1])
        _draw_cell(sheet, cell, outcome)
    return sheet.quantize(128, dither=Image.Dither.NONE)


def _draw_cell(sheet: Image.Image, corner: tuple[int, int], outcome: Outcome) -> None:
    left, upper = corner[0] + _MARGIN, corner[1] + _MARGIN
    draw = ImageDraw.Draw(sheet)
    draw.text((left, upper), outcome.scene.title, _INK, _load_font(15))
    upper += 24
    _paste_framed(sheet, (left, upper), _show_photo(outcome.data))
    seen = Image.fromarray(outcome.seen.squeeze(2))
    left += _THUMB + 8
    _paste_framed(sheet, (left, upper), seen.resize((_THUMB, _THUMB), Image.Resampling.NEAREST))
    left += _THUMB + 12
    for rank, prediction in enumerate(outcome.answer.predictions):
        color = _FAINT
        if rank == 0:
            color = _RIGHT if outcome.is_right else _WRONG
        line = upper + 4 + 44 * rank
        draw.text((left, line), prediction.label, color if rank == 0 else _INK, _load_font(14))
        width = round(90 * prediction.score)
        draw.rectangle((left, line + 20, left + max(1, width), line + 26), fill=color)
        draw.text((left + 62, line + 28), f"{prediction.score:.0%}", _FAINT, _load_font(11))


def _show_photo(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as file:
        photo = ImageOps.exif_transpose(file)
    if photo.mode == "RGBA":
        photo = Image.alpha_composite(_draw_checkers(photo.size), photo)
    photo = photo.convert("RGB")
    photo.thumbnail((_THUMB, _THUMB))
    framed = Image.new("RGB", (_THUMB, _THUMB), _PAPER)
    framed.paste(photo, ((_THUMB - photo.width) // 2, (_THUMB - photo.height) // 2))
    return framed


def _draw_checkers(size: tuple[int, int]) -> Image.Image:
    """The usual sign for transparency."""
    y, x = np.indices((size[1], size[0])) // max(8, max(size) // 16)
    levels = np.where((x + y) % 2, 225, 250).astype(np.uint8)
    return Image.fromarray(levels).convert("RGBA")


def _paste_framed(sheet: Image.Image, corner: tuple[int, int], picture: Image.Image) -> None:
    sheet.paste(picture, corner)
    x, y = corner
    box = (x - 1, y - 1, x + picture.width, y + picture.height)
    ImageDraw.Draw(sheet).rectangle(box, outline=(205, 208, 212))


def _load_font(size: int) -> Any:
    return ImageFont.load_default(size)
