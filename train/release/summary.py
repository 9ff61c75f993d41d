"""Results of several seeds taken together."""

import statistics
from dataclasses import dataclass

from train.release.document import RunResult
from train.release.plan import DISTILLATION, INGREDIENTS, WHOLE, Tier, name_with, name_without

# What an ablation is about: the file that ships; without a tail, the one from calibration.
SHIPPED_KEYS = ("qat_int8.tflite", "static_int8.tflite")


@dataclass(frozen=True, slots=True)
class Spread:
    """The accuracy of several runs that differ in their seed alone.

    Attributes:
        mean: 0–1.
        deviation: Standard deviation between runs; None for a single one.
        count: Runs.
    """

    mean: float
    deviation: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Gain:
    """What one ingredient is worth: accuracy with it, less accuracy without it.

    Attributes:
        ingredient: Its name.
        variant: Of the runs that differ in it from their recipe.
        found: These runs.
        points: Gain in percentage points, over the seeds that both have.
        seeds: How many these are.
        error: Standard error of the gain over the seeds, in points; None for a single one.
    """

    ingredient: str
    variant: str
    found: Spread
    points: float
    seeds: int
    error: float | None


def measure_gains(results: tuple[RunResult, ...], recipe: str) -> tuple[Gain, ...]:
    """Compare a recipe's runs with those without, or with, one ingredient, seed by seed.

    Only runs of the same length and with the same teachers are compared: ablations may be trained
    shorter than the release.
    """
    gains = []
    signs = {name_without(name): (name, -1) for name in INGREDIENTS}
    signs |= {name_with(name): (name, 1) for name in INGREDIENTS}
    for variant, (ingredient, sign) in signs.items():
        pairs = [
            (mate, result)
            for result in select(results, recipe, variant)
            for mate in select(results, recipe, WHOLE)
            if _are_mates(mate, result)
        ]
        points = [100 * sign * (_shipped(result) - _shipped(mate)) for mate, result in pairs]
        if points:
            values = [_shipped(result) for _, result in pairs]
            count = len(points)
            gains.append(
                Gain(
                    ingredient,
                    variant,
                    Spread(statistics.fmean(values), _deviation(values), count),
                    statistics.fmean(points),
                    count,
                    statistics.stdev(points) / count**0.5 if count > 1 else None,
                )
            )
    return tuple(gains)


def _are_mates(whole: RunResult, part: RunResult) -> bool:
    """Whether two runs have seed, length and teachers in common."""
    one, other = whole.settings, part.settings
    taught_alike = one.teacher == other.teacher or part.variant == name_without(DISTILLATION)
    return (whole.seed, one.epochs) == (part.seed, other.epochs) and taught_alike


def _shipped(result: RunResult) -> float:
    found = (result.accuracy(key) for key in SHIPPED_KEYS)
    return next(value for value in found if value is not None)


def _deviation(values: list[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def summarize(results: tuple[RunResult, ...], what: str) -> Spread | None:
    """Return mean and spread of an accuracy over runs; None where none has it."""
    values = [value for result in results if (value := result.accuracy(what)) is not None]
    if not values:
        return None
    return Spread(statistics.fmean(values), _deviation(values), len(values))


def select(results: tuple[RunResult, ...], recipe: str, variant: str) -> tuple[RunResult, ...]:
    """Return the results of a recipe's variant, by seed."""
    chosen = [entry for entry in results if (entry.recipe, entry.variant) == (recipe, variant)]
    return tuple(sorted(chosen, key=lambda result: result.seed))


def find_release(results: tuple[RunResult, ...], tier: Tier) -> tuple[RunResult, ...]:
    """Return the results that speak for a tier, by seed.

    These are runs with every ingredient and every epoch of one recipe: the tier's own, or where
    there is none of that, the short one.
    """
    for recipe in tier.recipes:
        whole = tuple(result for result in select(results, recipe, WHOLE) if result.is_full)
        if whole:
            return whole
    return ()
