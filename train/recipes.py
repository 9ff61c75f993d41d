"""Named recipes: settings that belong together, each with its reason.

A recipe is one entry of `RECIPES`; ``python -m train --recipe NAME`` trains it, and any option
given besides changes that one setting.

What the recipes of the tiers share, and why:

- Batches of 128 pictures: the usual size for networks of this kind, and large enough that
  preparing a step costs little beside computing it.
- Muon, with a high rate and a strong decay: of all that was tried here it is what gets furthest in
  few epochs. `docs/models.md` has the figures.
- The rate rises over an epoch, because a fresh batch normalization gives steps of any size, and
  falls along half a cosine to zero (I. Loshchilov and F. Hutter, arXiv 1608.03983), so that the
  last epoch is the best one and none has to be chosen.
- Crops: shifts of up to 2 pixels of 28. Flips: clothes have no handedness. Erasing as in arXiv
  1708.04896, which brought ResNet-20 from 95.18 to 95.55 % on this data.
- The harder a network is pressed for parameters, the weaker all of this: a network that cannot
  learn its training pictures by heart loses by having them made harder.
- The average of the weights reaches over about 500 steps, one epoch.
- The tail, by Adam, at a low rate: enough to move kernels to other int8 steps, too little to
  unlearn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from train.augmentation import Augmentation
from train.mixing import NO_MIXING, Mixing
from train.settings import TrainingSettings

DEFAULT = "cnn"
# What a tier's short recipe is called after the tier.
SHORT = "-short"
# With teachers, this share of the targets is theirs.
TEACHER_SHARE = 0.9

# Shifts of 2 pixels of 28, as 0.08 of the longest side.
_LIGHT = Augmentation(shift=0.04, erase=0.0)
_MIDDLE = Augmentation(shift=0.08, erase=0.25, erase_area=0.2)
_STRONG = Augmentation(shift=0.08, erase=0.5, erase_area=0.4)

_TIER = TrainingSettings(
    batch_size=128,
    optimizer="muon",
    learning_rate=0.02,
    weight_decay=0.1,
    validation_fraction=0.05,
    ema=0.998,
    teacher_share=TEACHER_SHARE,
    tail_epochs=10,
)


def _shorten(recipe: TrainingSettings, epochs: int, tail_epochs: int) -> TrainingSettings:
    """Cut a recipe down to what one core of a CPU trains in five to thirty minutes.

    Few epochs leave a network far from knowing its pictures by heart, so what would keep it from
    that is taken out too.
    """
    return replace(
        recipe,
        epochs=epochs,
        tail_epochs=tail_epochs,
        label_smoothing=0.0,
        augmentation=_LIGHT,
        mixing=NO_MIXING,
        mixed_precision=True,
    )


_LONG: Mapping[str, TrainingSettings] = MappingProxyType(
    {
        DEFAULT: TrainingSettings(),
        # 10 K parameters are far too few to learn 57,000 pictures by heart, and bear larger steps.
        "nano": replace(
            _TIER,
            architecture="nano",
            epochs=150,
            learning_rate=0.05,
            weight_decay=0.02,
            augmentation=_LIGHT,
        ),
        "micro": replace(
            _TIER,
            architecture="micro",
            epochs=250,
            label_smoothing=0.05,
            augmentation=_MIDDLE,
        ),
        "small": replace(
            _TIER,
            architecture="small",
            epochs=300,
            label_smoothing=0.05,
            augmentation=_MIDDLE,
        ),
        "medium": replace(
            _TIER,
            architecture="medium",
            epochs=300,
            label_smoothing=0.1,
            augmentation=_STRONG,
            mixing=Mixing(mixup=0.0, cutmix=0.25),
        ),
        "large": replace(
            _TIER,
            architecture="large",
            epochs=300,
            label_smoothing=0.1,
            augmentation=_STRONG,
            mixing=Mixing(mixup=0.25, cutmix=0.5),
        ),
        # The paper's depth under today's recipe.
        "resnet20": replace(
            _TIER,
            architecture="resnet20",
            epochs=300,
            label_smoothing=0.1,
            augmentation=_STRONG,
            teacher_share=0.0,
        ),
        # A teacher is asked for its doubts: smoothing would flatten them alike (R. Müller and
        # others, "When Does Label Smoothing Help?", arXiv 1906.02629). It is never deployed.
        "teacher": replace(
            _TIER,
            architecture="wide_resnet",
            epochs=200,
            augmentation=_STRONG,
            mixing=Mixing(mixup=0.25, cutmix=0.5),
            teacher_share=0.0,
            tail_epochs=0,
        ),
    }
)

RECIPES: Mapping[str, TrainingSettings] = MappingProxyType(
    {
        **_LONG,
        # Their teachers are runs of the two largest without teachers of their own.
        "nano-short": _shorten(_LONG["nano"], 60, 3),
        "micro-short": _shorten(_LONG["micro"], 30, 3),
        "small-short": _shorten(_LONG["small"], 40, 2),
        "medium-short": _shorten(_LONG["medium"], 30, 2),
        "large-short": _shorten(_LONG["large"], 10, 2),
    }
)


def with_teachers(
    settings: TrainingSettings, digests: Sequence[str], share: float = TEACHER_SHARE
) -> TrainingSettings:
    """Say which teachers a run learns from; without any, it learns from the labels alone.

    Args:
        settings: The recipe.
        digests: Of the teachers' runs, in any order.
        share: Of the targets, 0–1.
    """
    if not digests:
        return replace(settings, teacher="", teacher_share=0.0)
    return replace(
        settings,
        teacher="+".join(sorted(digests)),
        teacher_share=share,
    )
