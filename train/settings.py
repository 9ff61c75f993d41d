"""What a training run was asked to do; stored beside its results, so that it can be repeated."""

from dataclasses import dataclass, field

from train.augmentation import Augmentation


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Everything that decides a run's outcome, besides the data.

    Attributes:
        architecture: A name of `train.zoo.ARCHITECTURES` or `train.zoo.backbones.BACKBONES`.
        epochs: Passes over the training split.
        batch_size: Pictures a step.
        learning_rate: Adam's greatest learning rate: reached after the warm-up, then lowered along
            half a cosine to zero.
        warmup_epochs: Epochs over which the rate rises; may be a fraction.
        label_smoothing: Share of each target spread evenly over all classes.
        validation_fraction: Share of the training split held out, stratified by class.
        seed: Decides the split, the first weights, the order of pictures and their changes.
        augmentation: How training pictures are changed.
        init: The weights that the run starts from: ``imagenet``, the digest of another run's
            model, or empty for random ones.
        freeze: Train the last layer alone.
        widths: Channels of a tunable architecture's layers; empty for its own.
        dropout: Of a tunable architecture, 0–1; None for its own.
    """

    architecture: str = "cnn"
    epochs: int = 18
    batch_size: int = 64
    learning_rate: float = 0.003
    warmup_epochs: float = 1.0
    label_smoothing: float = 0.0
    validation_fraction: float = 0.05
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    init: str = ""
    freeze: bool = False
    widths: tuple[int, ...] = ()
    dropout: float | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, found {getattr(self, name)}")
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate must be above 0, found {self.learning_rate}")
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, found {self.dropout}")
        if self.seed < 0:
            raise ValueError(f"seed must not be negative, found {self.seed}")
        if not 0 < self.validation_fraction < 1:
            raise ValueError(
                f"validation_fraction must lie between 0 and 1, found {self.validation_fraction}"
            )
