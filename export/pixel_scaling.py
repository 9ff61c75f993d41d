"""What has to happen to raw pixels before a model that holds no normalization of its own.

It is baked into every artifact, so that a device always feeds raw pixels 0–255.
"""

import math
from dataclasses import dataclass

from export.errors import ExportError


@dataclass(frozen=True, slots=True)
class PixelScaling:
    """``pixel * scale + offset``, per channel or one value for all.

    Attributes:
        scale: One value, or one per channel.
        offset: As many as `scale`.
        is_bgr: The model's first channel is blue: channels are turned round before all else.
    """

    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)
    is_bgr: bool = False

    @property
    def is_identity(self) -> bool:
        """Whether values go into the model as they are."""
        return set(self.scale) == {1.0} and set(self.offset) == {0.0}

    def check_channels(self, channels: int) -> None:
        """Check that it fits pictures of so many channels.

        Raises:
            ExportError: It says something of colours, and the model takes gray pictures.
        """
        if channels != 3 and (self.is_bgr or len(self.scale) == 3):
            raise ExportError(
                f"--pixel-scaling names values for three colours, the model takes {channels} "
                "channel; name one SCALE,OFFSET"
            )


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
    # What keras.applications' preprocess_input does for ResNet50, ResNet101 and VGG.
    "caffe": PixelScaling((1.0,) * 3, (-103.939, -116.779, -123.68), is_bgr=True),
}


def parse_pixel_scaling(text: str) -> PixelScaling:
    """Read a preset's name, ``SCALE,OFFSET`` such as ``0.0078,-1``, or three scales, three offsets.

    Raises:
        ExportError: It is neither.
    """
    if text in PRESETS:
        return PRESETS[text]
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    half = len(values) // 2
    scale, offset = values[:half], values[half:]
    if len(values) not in (2, 6) or not all(map(math.isfinite, values)) or 0.0 in scale:
        raise ExportError(
            f"--pixel-scaling takes {', '.join(PRESETS)}, SCALE,OFFSET, or SCALE,SCALE,SCALE,"
            f"OFFSET,OFFSET,OFFSET for red, green and blue (scales other than 0), found {text!r}"
        )
    return PixelScaling(scale, offset)
