"""How many test pictures are still right when they lie on a ground that is not even.

    python -m examples.photos.grounds

lays the first 2,000 test pictures of Fashion-MNIST, enlarged, on each ground, classifies them with
the package's model and writes the table in docs/photos.md. Beside the runtime's handling stands the
plainest form of arXiv 1708.07747's steps.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter

from edge_runtime import Classifier
from edge_runtime.pictures.photo import to_model_pixels
from examples.photos.filling import fill_in
from train.data.sources import load_fashion_mnist

Pixels = npt.NDArray[np.uint8]

# Enough to tell losses of half a point from chance.
_COUNT = 2000
_ENLARGED, _MARGIN = 180, 40
_MODEL_EDGE = 28


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground and how an item lies on it; amounts in levels of 0–255.

    Attributes:
        title: In words.
        level: Its lightness in the middle.
        is_dark: Whether the item is darker than it.
        slope: How much lighter it is at its right edge than in the middle.
        vignette: How much darker in the corners, halved.
        noise: Standard deviation of its pixels.
        surround: Pixels of the same ground around all that, on each side.
    """

    title: str
    level: float
    is_dark: bool = True
    slope: float = 0.0
    vignette: float = 0.0
    noise: float = 0.0
    surround: int = 0


GROUNDS = (
    Ground("black", 0, is_dark=False),
    Ground("white", 255),
    Ground("light grey", 200),
    Ground("middle grey, darker item", 120),
    Ground("middle grey, lighter item", 120, is_dark=False),
    Ground("gradient, 190 ± 52", 190, slope=35),
    Ground("vignette, 230 to 150 in the corners", 230, vignette=40),
    Ground("noise of 10 levels on 220", 220, noise=10),
    Ground("noise of 20 levels on a gradient, 180 ± 37", 180, slope=25, noise=20),
    Ground("white, item a quarter of the width", 255, surround=230),
)


def lay_on(item: Pixels, ground: Ground, chance: np.random.Generator) -> Image.Image:
    """Enlarge a picture (28, 28), light on black, and lay it on a ground."""
    large = Image.fromarray(item).resize((_ENLARGED, _ENLARGED), Image.Resampling.BICUBIC)
    cover = np.pad(np.asarray(large, np.float32) / 255, _MARGIN + ground.surround)
    y, x = np.meshgrid(*[np.linspace(-1, 1, side) for side in cover.shape], indexing="ij")
    levels = ground.level + ground.slope * (x + y / 2) - ground.vignette * (x**2 + y**2)
    scene = levels * (1 - cover) + (0.0 if ground.is_dark else 255.0) * cover
    if ground.noise:
        scene = scene + chance.normal(0.0, ground.noise, scene.shape)
    return Image.fromarray(np.rint(np.clip(scene, 0, 255)).astype(np.uint8))


def handle_plainly(picture: Image.Image) -> Pixels:
    """The paper's steps with nothing added, (28, 28, 1): trim what is within 5 % of the corner."""
    border = np.asarray(picture)
    edges = np.concatenate([border[0], border[-1], border[:, 0], border[:, -1]])
    corner = Image.new("L", picture.size, picture.getpixel((0, 0)))
    apart = ImageChops.difference(picture, corner).point(lambda level: 255 * (level > 12))
    ground = picture.getpixel((0, 0))
    picture = picture.crop(apart.getbbox())
    scale = _MODEL_EDGE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.BOX).filter(ImageFilter.UnsharpMask(1, 100, 0))
    framed = Image.new("L", (_MODEL_EDGE, _MODEL_EDGE), ground)
    framed.paste(picture, ((_MODEL_EDGE - size[0]) // 2, (_MODEL_EDGE - size[1]) // 2))
    levels = np.asarray(framed)[..., np.newaxis]
    return np.bitwise_not(levels) if edges.mean() > 127.5 else levels


def load_items() -> tuple[Pixels, npt.NDArray[np.int64]]:
    """Return test pictures, uint8 (N, 28, 28), and their labels, int64 (N,)."""
    test = load_fashion_mnist().dataset.test
    return test.images[:_COUNT, ..., 0], test.labels[:_COUNT]


def measure_ground(
    classifier: Classifier,
    ground: Ground,
    handle: Callable[[Image.Image], Pixels],
    items: Pixels,
    labels: npt.NDArray[np.int64],
) -> float:
    """Share of the items that are classified rightly on a ground."""
    chance = np.random.default_rng(0)
    batch = np.stack([handle(lay_on(item, ground, chance)) for item in items])
    return float((classifier.scores(batch).argmax(axis=1) == labels).mean())


def main(argv: Sequence[str] | None = None) -> int:
    """Measure all grounds and write the table; 0 done."""
    argparse.ArgumentParser(
        prog="python -m examples.photos.grounds",
        description="Classify 2,000 test pictures on each ground and write the table in "
        "docs/photos.md; some minutes.",
    ).parse_args(argv)
    items, labels = load_items()
    lines = ["| ground | plain steps | this runtime |", "|---|--:|--:|"]
    with Classifier.load("default") as classifier:
        bare = float((classifier.scores(items[..., np.newaxis]).argmax(axis=1) == labels).mean())

        def handle(picture: Image.Image) -> Pixels:
            return to_model_pixels(picture, classifier.input)

        for ground in GROUNDS:
            plain, ours = (
                measure_ground(classifier, ground, way, items, labels)
                for way in (handle_plainly, handle)
            )
            lines.append(f"| {ground.title} | {plain:.1%} | {ours:.1%} |")
            print(lines[-1], flush=True)
    error = (bare * (1 - bare) / len(labels)) ** 0.5
    lines += ["", f"n = {len(labels)}; as they are, without a ground, {bare:.1%} are right."]
    lines[-1] += f" Standard error: {100 * error:.1f} points where nine of ten are right."
    fill_in("grounds", "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
