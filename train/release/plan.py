"""What is trained for a release: tiers, seeds, goals, and what is left out to see its gain."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from train.zoo import TIER_BUDGETS, Budget

# The name of a run in which nothing is left out.
FULL = "full"


@dataclass(frozen=True, slots=True)
class Tier:
    """One size of the family, and what it should reach.

    Attributes:
        name: Of its recipe and its architecture.
        budget: The most that it may cost.
        seeds: Runs whose mean is its accuracy.
        accuracy: Goal for int8 TFLite on the test split, mean over the seeds, 0–1.
        latency_ratio: Goal for the median latency, as a ratio to the static int8 ``cnn``.
    """

    name: str
    budget: Budget
    seeds: tuple[int, ...]
    accuracy: float
    latency_ratio: float


TIERS: tuple[Tier, ...] = (
    Tier("nano", TIER_BUDGETS["nano"], (0, 1, 2, 3, 4), 0.930, 0.4),
    Tier("micro", TIER_BUDGETS["micro"], (0, 1, 2, 3, 4), 0.944, 0.8),
    Tier("small", TIER_BUDGETS["small"], (0, 1, 2, 3, 4), 0.950, 1.1),
    Tier("medium", TIER_BUDGETS["medium"], (0, 1, 2), 0.9565, 3.0),
    Tier("large", TIER_BUDGETS["large"], (0, 1, 2), 0.960, 12.0),
)

# An ingredient's gain is what a run loses without it. Each entry is the options that take it out.
ABLATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "branches": ("--no-branches",),
        "crop and flip": ("--no-flip", "--shift", "0"),
        "random erasing": ("--erase", "0"),
        "mixing": ("--mixup", "0", "--cutmix", "0"),
        "label smoothing": ("--label-smoothing", "0"),
        "weight decay": ("--weight-decay", "0"),
        "weight averaging": ("--ema", "0"),
        "quantized tail": ("--tail-epochs", "0"),
    }
)


def find_tier(name: str) -> Tier:
    """Return a tier by name."""
    return next(tier for tier in TIERS if tier.name == name)


def to_slug(variant: str) -> str:
    """Return a variant's name as part of a file name."""
    return variant.replace(" ", "-")
