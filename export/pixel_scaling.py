"""What has to happen to raw pixels before a model that holds no normalization of its own.

It is baked into every artifact, so that a device always feeds raw pixels 0–255.
"""

from dataclasses import dataclass

from export.errors import ExportError


@dataclass(frozen=True, slots=True)
class PixelScaling:
    """``pixel * scale + offset``, per channel or one value for all.

    Attributes:
        scale: One value, or one per channel.
        offset: As many as `scale`.
    """

    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)

    @property
    def is_identity(self) -> bool:
        """Whether raw pixels go into the model as they are."""
        return set(self.scale) == {1.0} and set(self.offset) == {0.0}


RAW_PIXELS = PixelScaling()

# Mean and deviation of ImageNet's training pictures, as torchvision's models document them.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

PRESETS: dict[str, PixelScaling] = {
    "none": RAW_PIXELS,
    "0..1": PixelScaling((1 / 255,), (0.0,)),
    "-1..1": PixelScaling((1 / 127.5,), (-1.0,)),
    "imagenet": PixelScaling(
        tuple(1 / (255 * deviation) for deviation in _DEVIATION),
        tuple(-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)),
    ),
}


def parse_pixel_scaling(text: str) -> PixelScaling:
    """Read a preset's name, or ``SCALE,OFFSET`` such as ``0.0078,-1``.

    Raises:
        ExportError: It is neither.
    """
    if text in PRESETS:
        return PRESETS[text]
    try:
        scale, offset = (float(part) for part in text.split(","))
    except ValueError:
        raise ExportError(
            f"--pixel-scaling takes {', '.join(PRESETS)} or SCALE,OFFSET, found {text!r}"
        ) from None
    return PixelScaling((scale,), (offset,))
