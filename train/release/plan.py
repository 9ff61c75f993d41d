"""What is trained for a release: tiers, seeds, goals, and the variants that show a part's worth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from train.mixing import NO_MIXING
from train.recipes import RECIPES, SHORT
from train.settings import TrainingSettings
from train.zoo import TIER_BUDGETS, Budget

# The variant that follows its recipe to the letter.
WHOLE = "whole"
# The ingredient that is left out by naming no teacher.
DISTILLATION = "distillation"


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

    @property
    def recipes(self) -> tuple[str, ...]:
        """The names of its own recipe, and of the short one where that is too long for a CPU."""
        short = f"{self.name}{SHORT}"
        return (self.name, short) if short in RECIPES else (self.name,)


TIERS: tuple[Tier, ...] = (
    Tier("nano", TIER_BUDGETS["nano"], (0, 1, 2, 3, 4), 0.930, 0.4),
    Tier("micro", TIER_BUDGETS["micro"], (0, 1, 2, 3, 4), 0.944, 0.8),
    Tier("small", TIER_BUDGETS["small"], (0, 1, 2, 3, 4), 0.950, 1.1),
    Tier("medium", TIER_BUDGETS["medium"], (0, 1, 2), 0.9565, 3.0),
    Tier("large", TIER_BUDGETS["large"], (0, 1, 2), 0.960, 12.0),
)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A part of a recipe, whose gain is what runs with it have over runs without.

    Attributes:
        without: Options of ``python -m train`` that take it out.
        is_used: Whether a recipe has it at all.
        added: Options that put it into a recipe that has it not; empty where that makes no sense.
    """

    without: tuple[str, ...]
    is_used: Callable[[TrainingSettings], bool]
    added: tuple[str, ...] = ()


INGREDIENTS: Mapping[str, Ingredient] = MappingProxyType(
    {
        # At the rate and decay that suit Adam: with Muon's it would do worse still.
        "muon": Ingredient(
            ("--optimizer", "adam", "--learning-rate", "0.008", "--weight-decay", "0"),
            lambda recipe: recipe.optimizer == "muon",
        ),
        "branches": Ingredient(("--no-branches",), lambda recipe: recipe.branches),
        "crop and flip": Ingredient(
            ("--no-flip", "--shift", "0"),
            lambda recipe: recipe.augmentation.flip or recipe.augmentation.shift > 0,
        ),
        # Added in the strength that the long recipes of the middle tiers have them in.
        "random erasing": Ingredient(
            ("--erase", "0"),
            lambda recipe: recipe.augmentation.erase > 0,
            ("--erase", "0.25"),
        ),
        "mixing": Ingredient(
            ("--mixup", "0", "--cutmix", "0"),
            lambda recipe: recipe.mixing != NO_MIXING,
            ("--cutmix", "0.25"),
        ),
        "label smoothing": Ingredient(
            ("--label-smoothing", "0"),
            # Beside teachers a recipe's own is not used.
            lambda recipe: recipe.label_smoothing > 0 and not recipe.teacher_share,
            ("--label-smoothing", "0.1"),
        ),
        "weight decay": Ingredient(("--weight-decay", "0"), lambda recipe: recipe.weight_decay > 0),
        DISTILLATION: Ingredient((), lambda recipe: recipe.teacher_share > 0),
        "weight averaging": Ingredient(("--ema", "0"), lambda recipe: recipe.ema > 0),
        "quantized tail": Ingredient(("--tail-epochs", "0"), lambda recipe: recipe.tail_epochs > 0),
    }
)


def find_tier(name: str) -> Tier:
    """Return a tier by name, which must be one of `TIERS`."""
    return next(tier for tier in TIERS if tier.name == name)


def name_without(ingredient: str) -> str:
    """Return the variant of a recipe that does without one of its ingredients."""
    return f"without {ingredient}"


def name_with(ingredient: str) -> str:
    """Return the variant of a recipe that has an ingredient more."""
    return f"with {ingredient}"


# Options of ``python -m train`` that make a recipe's variant of it.
VARIANTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        WHOLE: (),
        **{name_without(name): part.without for name, part in INGREDIENTS.items()},
        **{name_with(name): part.added for name, part in INGREDIENTS.items() if part.added},
    }
)
