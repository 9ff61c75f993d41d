"""The tables of a release, as Markdown, from result files alone."""

from train.recipes import RECIPES
from train.release.document import RunResult
from train.release.plan import ABLATIONS, TIERS, Tier
from train.release.summary import Gain, Spread, choose, measure_gains, summarize

_COLUMNS = ("float", "quantized", "qat_int8.tflite", "qat_int8.onnx")


def format_tiers(results: tuple[RunResult, ...]) -> str:
    """Return accuracy by tier and seed, each tier's mean, and what was not trained."""
    lines = [
        "| tier | seed | epochs | float | QAT | int8 TFLite | int8 ONNX |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for tier in TIERS:
        chosen = choose(results, tier)
        lines += [_format_run(result) for result in chosen]
        lines += _format_mean(chosen, tier)
        lines += [_format_run(run, "shorter: ") for run in _find_short(results, tier)]
    return "\n".join(lines)


def format_goals(results: tuple[RunResult, ...]) -> str:
    """Return each tier against its goals."""
    lines = [
        "| tier | goal, int8 TFLite | found | seeds | latency goal | found | verdict |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for tier in TIERS:
        chosen = choose(results, tier)
        found = summarize(chosen, "qat_int8.tflite")
        ratios = [result.latency.ratio for result in chosen if result.latency is not None]
        ratio = f"{ratios[0]:.2f}" if ratios else "not measured"
        lines.append(
            f"| {tier.name} | {_format_share(tier.accuracy)} | {_format_spread(found)} | "
            f"{found.count if found else 0} of {len(tier.seeds)} | ≤ {tier.latency_ratio:g} × cnn "
            f"| {ratio} | {judge(tier, found)} |"
        )
    return "\n".join(lines)


def format_ablation(results: tuple[RunResult, ...], tier: Tier) -> str:
    """Return what each ingredient is worth to a tier; names those that were not tried."""
    gains = {gain.ingredient: gain for gain in measure_gains(results, tier)}
    lines = [
        f"| {tier.name} without | int8 TFLite | gain of the ingredient, points | seeds |",
        "|---|--:|--:|--:|",
    ]
    for name, ingredient in ABLATIONS.items():
        gain = gains.get(name)
        missing = "not trained" if ingredient.is_used(RECIPES[tier.name]) else "not in its recipe"
        cells = f"{missing} | – | 0" if gain is None else _format_gain(gain)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def judge(tier: Tier, found: Spread | None) -> str:
    """Say whether a tier's accuracy goal is reached, as far as its seeds can tell."""
    if found is None:
        return "not trained"
    if found.mean < tier.accuracy:
        return "not reached"
    return "reached" if found.count >= len(tier.seeds) else "reached so far, seeds missing"


def _format_run(result: RunResult, note: str = "") -> str:
    settings = result.settings
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


def _find_short(results: tuple[RunResult, ...], tier: Tier) -> list[RunResult]:
    whole = choose(results, tier)
    return [result for result in choose(results, tier, whole=False) if result not in whole]


def _format_gain(gain: Gain) -> str:
    error = "" if gain.error is None else f" ± {gain.error:.2f}"
    return f"{_format_spread(gain.without)} | {gain.points:+.2f}{error} | {gain.seeds}"


def _format_spread(spread: Spread | None) -> str:
    if spread is None:
        return "–"
    deviation = "" if spread.deviation is None else f" ± {100 * spread.deviation:.2f}"
    return f"{100 * spread.mean:.2f}{deviation} %"


def _format_share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"
