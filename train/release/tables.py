"""The tables of a release, as Markdown, from result files alone."""

from itertools import product

from train.recipes import RECIPES
from train.release.document import RunResult
from train.release.plan import (
    DISTILLATION,
    INGREDIENTS,
    TIERS,
    WHOLE,
    Tier,
    name_with,
    name_without,
)
from train.release.summary import Gain, Spread, find_release, measure_gains, select, summarize

_COLUMNS = ("float", "quantized", "qat_int8.tflite", "qat_int8.onnx")


def format_tiers(results: tuple[RunResult, ...]) -> str:
    """Return accuracy by tier and seed, each tier's mean, and what was not trained."""
    lines = [
        "| tier | seed | epochs | float | QAT | int8 TFLite | int8 ONNX |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for tier in TIERS:
        chosen = find_release(results, tier)
        lines += [_format_run(result) for result in chosen]
        lines += _format_mean(chosen, tier)
        for recipe, variant in product(tier.recipes, (WHOLE, name_without(DISTILLATION))):
            others = select(results, recipe, variant)
            lines += [_format_run(run) for run in others if run not in chosen]
    return "\n".join(lines)


def format_goals(results: tuple[RunResult, ...]) -> str:
    """Return each tier against its goals."""
    lines = [
        "| tier | goal, int8 TFLite | found | seeds | latency goal | found | verdict |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for tier in TIERS:
        chosen = find_release(results, tier)
        found = summarize(chosen, "qat_int8.tflite")
        ratios = [result.latency.ratio for result in chosen if result.latency is not None]
        ratio = f"{ratios[0]:.2f}" if ratios else "not measured"
        recipe = f", {describe_schedule(chosen[0])}" if chosen and chosen[0].is_short else ""
        seeds = f"{len(chosen)} of {len(tier.seeds)}{recipe}"
        lines.append(
            f"| {tier.name} | {_format_share(tier.accuracy)} | {_format_spread(found)} | "
            f"{seeds} | ≤ {tier.latency_ratio:g} × cnn | {ratio} | {judge(tier, found)} |"
        )
    return "\n".join(lines)


def format_ablation(results: tuple[RunResult, ...], recipe: str) -> str:
    """Return what each ingredient is worth to a recipe; names those that were not tried."""
    gains = {gain.ingredient: gain for gain in measure_gains(results, recipe)}
    lines = [
        f"| {recipe} | int8 TFLite | gain of the ingredient, points | seeds |",
        "|---|--:|--:|--:|",
    ]
    for name, ingredient in INGREDIENTS.items():
        gain = gains.get(name)
        if gain is not None:
            lines.append(f"| {gain.variant} | {_format_gain(gain)} |")
            continue
        variant = name_without(name) if ingredient.is_used(RECIPES[recipe]) else name_with(name)
        lines.append(f"| {variant} | not trained | – | 0 |")
    return "\n".join(lines)


def judge(tier: Tier, found: Spread | None) -> str:
    """Say whether a tier's accuracy goal is reached, as far as its seeds can tell."""
    if found is None:
        return "not trained"
    if found.mean < tier.accuracy:
        return "not reached"
    return "reached" if found.count >= len(tier.seeds) else "reached so far, seeds missing"


def describe_schedule(result: RunResult) -> str:
    """Say in what a run's schedule differs from the tier's own; empty where it does not."""
    differences = (
        ("short recipe", result.is_short),
        ("cut short", not result.is_full),
        ("no teacher", result.variant == name_without(DISTILLATION)),
    )
    return ", ".join(words for words, applies in differences if applies)


def _format_run(result: RunResult) -> str:
    settings = result.settings
    note = f"{describe_schedule(result)}: " if describe_schedule(result) else ""
    cells = " | ".join(_format_share(result.accuracy(what)) for what in _COLUMNS)
    epochs = f"{settings.epochs} + {settings.tail_epochs}"
    return f"| {result.tier} | {result.seed} | {note}{epochs} | {cells} |"


def _format_mean(results: tuple[RunResult, ...], tier: Tier) -> list[str]:
    if not results:
        return [f"| {tier.name} | – | – | not trained | | | |"]
    if len(results) == 1:
        return []
    cells = " | ".join(f"**{_format_spread(summarize(results, what))}**" for what in _COLUMNS)
    return [f"| **{tier.name}** | mean of {len(results)} | | {cells} |"]


def _format_gain(gain: Gain) -> str:
    error = "" if gain.error is None else f" ± {gain.error:.2f}"
    return f"{_format_spread(gain.found)} | {gain.points:+.2f}{error} | {gain.seeds}"


def _format_spread(spread: Spread | None) -> str:
    if spread is None:
        return "–"
    deviation = "" if spread.deviation is None else f" ± {100 * spread.deviation:.2f}"
    return f"{100 * spread.mean:.2f}{deviation} %"


def _format_share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"
