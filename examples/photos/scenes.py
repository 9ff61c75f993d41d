"""Twelve pictures of garments, each awkward in another way; made in memory, always the same."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from examples.photos import garments

_EXIF_ORIENTATION = 0x0112
_SHOWN_BY_TURNING_RIGHT = 6


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture file.

    Attributes:
        title: What is awkward about it.
        label: What it shows.
        build: Makes the bytes of the file.
    """

    title: str
    label: str
    build: Callable[[], bytes]


def build_transparent() -> bytes:
    """A cut-out T-shirt."""
    return _save(garments.draw_tshirt((60, 90, 150)), "PNG")


def build_transparent_light() -> bytes:
    """A cut-out shirt that is nearly white."""
    return _save(garments.draw_shirt((236, 236, 230)), "PNG")


def build_white_ground() -> bytes:
    """A pair of trousers as a shop shows it."""
    return _save(_put(garments.draw_trouser((50, 60, 90)), (900, 1100), 0.9), "JPEG")


def build_rotated() -> bytes:
    """A pullover stored lying on its side, with the note that turns it."""
    upright = _put(garments.draw_pullover((120, 40, 50)), (900, 1000), 0.85)
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = _SHOWN_BY_TURNING_RIGHT
    return _save(upright.rotate(90, expand=True), "JPEG", exif=exif)


def build_large() -> bytes:
    """A dress with 12 megapixels."""
    return _save(_put(garments.draw_dress((180, 40, 90)), (3000, 4000), 0.8), "JPEG", quality=85)


def build_gradient() -> bytes:
    """A bag on grey paper, lit from the left."""
    ground = _build_ground((1000, 900), (190, 188, 184), slope=(-45.0, -15.0))
    return _save(_put(garments.draw_bag((96, 50, 30)), ground, 0.7), "JPEG")


def build_small() -> bytes:
    """A boot, small and in a corner."""
    ground = Image.new("RGB", (1600, 1200), "white")
    return _save(_put(garments.draw_ankle_boot((90, 60, 40)), ground, 0.2, (0.78, 0.75)), "JPEG")


def build_cmyk() -> bytes:
    """A coat, made ready for print in grey."""
    grey = _put(garments.draw_coat((60, 60, 60)), (800, 1000), 0.9).convert("L")
    return _save(grey.convert("CMYK"), "JPEG")


def build_dark_on_light() -> bytes:
    """A black sneaker on light grey."""
    ground = _build_ground((1000, 700), (225, 225, 228))
    return _save(_put(garments.draw_sneaker((40, 40, 44)), ground, 0.8), "PNG")


def build_light_on_dark() -> bytes:
    """A light sandal on dark cloth."""
    ground = _build_ground((1000, 800), (38, 36, 40), noise=3.0)
    return _save(_put(garments.draw_sandal((225, 200, 160)), ground, 0.75), "JPEG")


def build_noisy() -> bytes:
    """A T-shirt on a wooden floor, by lamplight: noise, grain, dark corners, a shadow."""
    ground = _build_ground((900, 1000), (176, 140, 100), vignette=38.0, noise=9.0, grain=7.0)
    shirt = garments.draw_tshirt((36, 44, 60))
    return _save(_put(shirt, ground, 0.72, (0.52, 0.47), shadow=True), "JPEG", quality=80)


def build_tilted() -> bytes:
    """Trousers that lie askew on a beige sheet."""
    ground = _build_ground((1000, 1000), (205, 196, 180), slope=(18.0, 0.0), noise=5.0)
    trouser = garments.draw_trouser((48, 52, 60)).rotate(
        17, expand=True, resample=Image.Resampling.BICUBIC
    )
    return _save(_put(trouser, ground, 0.8, shadow=True), "JPEG")


SCENES = (
    Scene("transparent PNG", "T-shirt/top", build_transparent),
    Scene("transparent, nearly white", "Shirt", build_transparent_light),
    Scene("white ground", "Trouser", build_white_ground),
    Scene("rotated by EXIF", "Pullover", build_rotated),
    Scene("12-megapixel JPEG", "Dress", build_large),
    Scene("gradient ground", "Bag", build_gradient),
    Scene("small, off centre", "Ankle boot", build_small),
    Scene("grey CMYK", "Coat", build_cmyk),
    Scene("dark on light grey", "Sneaker", build_dark_on_light),
    Scene("light on dark", "Sandal", build_light_on_dark),
    Scene("noisy wooden floor", "T-shirt/top", build_noisy),
    Scene("tilted, with a shadow", "Trouser", build_tilted),
)


def _save(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def _put(
    item: Image.Image,
    ground: Image.Image | tuple[int, int],
    part: float,
    center: tuple[float, float] = (0.5, 0.5),
    *,
    shadow: bool = False,
) -> Image.Image:
    """Lay an item on a ground (or white of a size); it fills `part` of the tighter side."""
    scene = Image.new("RGB", ground, "white") if isinstance(ground, tuple) else ground.copy()
    scale = part * min(scene.width / item.width, scene.height / item.height)
    item = item.resize((round(item.width * scale), round(item.height * scale)))
    left = round(scene.width * center[0] - item.width / 2)
    upper = round(scene.height * center[1] - item.height / 2)
    if shadow:
        blur = scene.width / 80
        dark = Image.new("L", scene.size, 0)
        dark.paste(90, (left + round(blur), upper + round(blur)), item.getchannel("A"))
        scene.paste((0, 0, 0), mask=dark.filter(ImageFilter.GaussianBlur(blur)))
    scene.paste(item, (left, upper), item)
    return scene


def _build_ground(
    size: tuple[int, int],
    color: tuple[int, int, int],
    *,
    slope: tuple[float, float] = (0.0, 0.0),
    vignette: float = 0.0,
    noise: float = 0.0,
    grain: float = 0.0,
) -> Image.Image:
    """An uneven ground; all amounts in levels of 0–255."""
    chance = np.random.default_rng(0)
    width, height = size
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    light = slope[0] * x + slope[1] * y - vignette * (x**2 + y**2)
    light += grain * np.sin(40 * x + 3 * np.sin(5 * y))
    pixels = np.asarray(color, np.float64) + light[..., np.newaxis]
    pixels += chance.normal(0.0, noise, pixels.shape) if noise else 0.0
    return Image.fromarray(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8))
