"""What a training run was asked to do; stored beside its results, so that it can be repeated."""

import math
from dataclasses import dataclass, field
from typing import Literal

from train.augmentation import Augmentation
from train.mixing import Mixing

OptimizerName = Literal["adam", "muon"]
_NUMBERS = (
    "learning_rate",
    "tail_learning_rate",
    "warmup_epochs",
    "weight_decay",
    "label_smoothing",
    "ema",
)

# More is a slip of the hand, and beyond what a schedule can count.
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Everything that decides a run's outcome, besides the data.

    Attributes:
        architecture: A name of `train.zoo.ARCHITECTURES` or `train.zoo.backbones.BACKBONES`.
        epochs: Passes over the training split.
        batch_size: Pictures a step.
        optimizer: Of the float epochs; a quantized tail always takes Adam.
        learning_rate: The greatest learning rate: reached after the warm-up, then lowered along
            half a cosine to zero.
        warmup_epochs: Epochs over which the rate rises; may be a fraction.
        label_smoothing: Share of each target spread evenly over all classes.
        validation_fraction: Share of the training split held out, stratified by class.
        seed: Decides the split, the first weights, the order of pictures and their changes.
        augmentation: How training pictures are changed.
        mixing: How they are then mixed in pairs.
        weight_decay: Share of each kernel taken off a step, times the learning rate; 0 for none.
        ema: Of the weights' moving average, what stays after one step, 0–1; 0 keeps no average.
        teacher: The digests of the runs whose scores are learned from too, joined by ``+``; empty
            for none.
        teacher_share: Of the targets, what the teachers' probabilities make up, 0–1.
        tail_epochs: Epochs in int8 steps after the others, with branches and normalization folded;
            0 for none.
        tail_learning_rate: Adam's greatest rate in them.
        mixed_precision: Let convolutions compute in bfloat16; for hardware made for it.
        init: The weights that the run starts from: ``imagenet``, the digest of another run's
            model, or empty for random ones.
        freeze: Train the last layer alone.
        widths: Channels of a tunable architecture's layers; empty for its own.
        dropout: Of a tunable architecture, 0–1; None for its own.
        branches: Train with branches where the architecture has them.
    """

    architecture: str = "cnn"
    epochs: int = 18
    batch_size: int = 64
    optimizer: OptimizerName = "adam"
    learning_rate: float = 0.003
    warmup_epochs: float = 1.0
    label_smoothing: float = 0.0
    validation_fraction: float = 0.05
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    mixing: Mixing = field(default_factory=Mixing)
    weight_decay: float = 0.0
    ema: float = 0.0
    teacher: str = ""
    teacher_share: float = 0.0
    tail_epochs: int = 0
    tail_learning_rate: float = 0.0005
    mixed_precision: bool = False
    init: str = ""
    freeze: bool = False
    widths: tuple[int, ...] = ()
    dropout: float | None = None
    branches: bool = True

    def __post_init__(self) -> None:
        for name in _NUMBERS:
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} must be a finite number, found {getattr(self, name)}")
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, found {getattr(self, name)}")
        for name in ("epochs", "tail_epochs", "batch_size"):
            if getattr(self, name) > _MOST:
                raise ValueError(f"{name} must be at most {_MOST:,}, found {getattr(self, name):,}")
        for name in ("learning_rate", "tail_learning_rate"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, found {getattr(self, name)}")
        for name in ("seed", "tail_epochs", "weight_decay"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, found {getattr(self, name)}")
        if self.seed >= 2**32:
            raise ValueError(f"seed must be below 2 to the power of 32, found {self.seed}")
        for name in ("ema", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 0 and below 1, found {getattr(self, name)}"
                )
        if not 0 <= self.teacher_share <= 1:
            raise ValueError(f"teacher_share must lie between 0 and 1, found {self.teacher_share}")
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, found {self.dropout}")
        if any(width < 1 for width in self.widths):
            raise ValueError(f"widths must each be at least 1, found {list(self.widths)}")
        if not 0 < self.validation_fraction < 1:
            raise ValueError(
                f"validation_fraction must lie between 0 and 1, found {self.validation_fraction}"
            )
        if self.freeze and self.tail_epochs:
            raise ValueError(
                "freeze trains the last layer alone, a tail in int8 steps trains all; do without "
                "one of them (--tail-epochs 0)"
            )
