"""The network architectures that can be trained, by name.

A new one is a builder in a file of its own and one line in `ARCHITECTURES`. Builders are imported
when they are used, so that listing the names does not load Keras.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a network may cost, as deployed.

    Attributes:
        parameters: Numbers that are stored.
        macs: Multiply-accumulates a picture.
    """

    parameters: int
    macs: int

    def __str__(self) -> str:
        thousands = self.parameters / 1000
        count = f"{thousands:g} K" if thousands < 1000 else f"{thousands / 1000:g} M"
        return f"at most {count} parameters and {self.macs / 1e6:g} M MACs"


@dataclass(frozen=True, slots=True)
class Architecture:
    """One entry of the zoo.

    Attributes:
        builder: ``module:function``; the function takes ``(input_shape, classes)`` and returns an
            untrained model with an input layer named ``input`` that is fed raw pixels 0–255.
        output: What the model's last layer gives.
        summary: One line for the command's help.
        folder: ``module:function`` that turns the trained model into the plain one to deploy (for
            example folding branches); None where the trained model is deployed as it is.
        tunable: Whether the builder also takes ``widths`` and ``dropout``.
        branched: Whether it also takes ``branched``.
    """

    builder: str
    output: Literal["probabilities", "logits"]
    summary: str
    folder: str | None = None
    tunable: bool = False
    branched: bool = False

    def build(
        self, input_shape: tuple[int, int, int], classes: int, **options: Any
    ) -> "keras.Model":
        """Build the untrained model; `options` are for tunable architectures alone."""
        return _resolve(self.builder)(input_shape, classes, **options)

    def to_deployable(self, model: "keras.Model") -> "keras.Model":
        """Turn the trained model into the one that is stored and exported."""
        return model if self.folder is None else _resolve(self.folder)(model)


# What each size of the edge family may cost in the form that is deployed, on 28×28 pictures.
TIER_BUDGETS: Mapping[str, Budget] = MappingProxyType(
    {
        "nano": Budget(10_000, 1_000_000),
        "micro": Budget(50_000, 3_000_000),
        "small": Budget(100_000, 5_500_000),
        "medium": Budget(270_000, 15_000_000),
        "large": Budget(1_000_000, 60_000_000),
    }
)

ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(
    {
        "cnn": Architecture(
            "train.zoo.cnn:build_cnn",
            "probabilities",
            "two convolution blocks, two dense layers",
            tunable=True,
        ),
        "resnet20": Architecture(
            "train.zoo.resnet:build_resnet20",
            "logits",
            "20 layers with residual connections",
            "train.zoo.folding:fold_model",
        ),
        **{
            name: Architecture(
                f"train.zoo.tiers:build_{name}",
                "logits",
                f"3×3 convolutions for int8, {budget}",
                "train.zoo.folding:fold_model",
                branched=True,
            )
            for name, budget in TIER_BUDGETS.items()
        },
        "wide_resnet": Architecture(
            "train.zoo.wide_resnet:build_wide_resnet",
            "logits",
            "WRN-16-4, a teacher for the others",
        ),
    }
)


def _resolve(place: str) -> Callable[..., Any]:
    module, _, function = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
