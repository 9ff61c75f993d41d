"""Training pictures mixed from two, with their classes mixed in the same shares.

They happen on the input side, in numpy, after the changes of `train.augmentation`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train.samples import Images

Targets = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mixing:
    """How often whole batches are mixed, and how strongly.

    Attributes:
        mixup: Probability that a batch's pictures are blended in pairs (H. Zhang and others,
            "mixup", arXiv 1710.09412), 0–1.
        cutmix: Probability that a rectangle of each comes from another (S. Yun and others,
            "CutMix", arXiv 1905.04899), 0–1; the rest of the batches stays as it is.
        alpha: Both numbers of the beta distribution that the shares are drawn from: 1 draws all
            shares alike, less favours pictures that are nearly whole.
    """

    mixup: float = 0.0
    cutmix: float = 0.0
    alpha: float = 1.0

    def __post_init__(self) -> None:
        for name in ("mixup", "cutmix"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1, found {getattr(self, name)}")
        if self.mixup + self.cutmix > 1:
            raise ValueError(
                f"mixup and cutmix together must be at most 1, found {self.mixup + self.cutmix:g}"
            )
        if self.alpha <= 0:
            raise ValueError(f"alpha must be above 0, found {self.alpha}")


NO_MIXING = Mixing()


def mix(
    images: Images, targets: Targets, how: Mixing, random: np.random.Generator
) -> tuple[Images, Targets]:
    """Mix a batch as chance decides; draws none where nothing may be mixed.

    Args:
        images: uint8 (N, height, width, channels), left as it is.
        targets: float32 (N, classes), rows adding up to 1, left as it is.
        how: What may be done.
        random: Where chance comes from.
    """
    if not how.mixup + how.cutmix:
        return images, targets
    chosen = random.random()
    if chosen < how.mixup:
        return blend(images, targets, random.beta(how.alpha, how.alpha), _partners(images, random))
    if chosen < how.mixup + how.cutmix:
        kept = random.beta(how.alpha, how.alpha)
        return paste(images, targets, kept, _partners(images, random), random)
    return images, targets


def blend(
    images: Images, targets: Targets, kept: float, partners: npt.NDArray[np.intp]
) -> tuple[Images, Targets]:
    """Average each picture with its partner, `kept` (0–1) its own share."""
    mixed = kept * images.astype(np.float32) + (1 - kept) * images[partners].astype(np.float32)
    return np.rint(mixed).astype(np.uint8), _mix_targets(targets, kept, partners)


def paste(
    images: Images,
    targets: Targets,
    kept: float,
    partners: npt.NDArray[np.intp],
    random: np.random.Generator,
) -> tuple[Images, Targets]:
    """Replace a rectangle of each picture by its partner's, about `kept` (0–1) left its own.

    All pictures of a batch share the rectangle. It is cut off at the picture's edge, and the
    targets follow the area that was really replaced.
    """
    height, width = images.shape[1:3]
    side = np.sqrt(1 - kept)
    tall, wide = round(height * side), round(width * side)
    middle_y, middle_x = random.integers(0, height), random.integers(0, width)
    top, left = max(middle_y - tall // 2, 0), max(middle_x - wide // 2, 0)
    box = np.s_[:, top : middle_y - tall // 2 + tall, left : middle_x - wide // 2 + wide]
    mixed = images.copy()
    replaced = mixed[box].shape[1] * mixed[box].shape[2]
    mixed[box] = images[partners][box]
    return mixed, _mix_targets(targets, 1 - replaced / (height * width), partners)


def _partners(images: Images, random: np.random.Generator) -> npt.NDArray[np.intp]:
    return random.permutation(len(images)).astype(np.intp)


def _mix_targets(targets: Targets, kept: float, partners: npt.NDArray[np.intp]) -> Targets:
    mixed: Targets = (kept * targets + (1 - kept) * targets[partners]).astype(np.float32)
    return mixed
