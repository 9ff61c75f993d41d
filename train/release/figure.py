"""The tiers in one picture: accuracy against latency, from result files alone."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from train.errors import RunError
from train.files import replace_file
from train.release.document import SHIPPED, RunResult
from train.release.plan import TIERS, Tier
from train.release.summary import find_release, summarize

_FOUND, _GOAL, _QUIET = "#1d5f8a", "#e08a1e", "#5c6370"
_DPI = 130
_RATIOS = (0.25, 0.5, 1, 2, 4, 8, 16)


def save_figure(path: Path, results: tuple[RunResult, ...]) -> None:
    """Draw the tiers into a PNG file.

    Raises:
        RunError: No tier was timed.
    """
    if not any(_find_ratio(find_release(results, tier)) for tier in TIERS):
        raise RunError(
            "no tier's release was timed, so there is nothing to draw; time one with "
            "python -m train release TIER --against FILE"
        )
    with replace_file(path) as beside:
        draw_tiers(results).savefig(beside, dpi=_DPI, format="png")


def draw_tiers(results: tuple[RunResult, ...]) -> Figure:
    """Draw each tier's accuracy and latency, and its goal."""
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    for tier in TIERS:
        _draw_tier(axes, tier, find_release(results, tier))
    _draw_yardstick(axes, results)
    axes.plot([], [], "o", color=_FOUND, label="found (bars: deviation between seeds)")
    axes.plot([], [], "o", mfc="none", mec=_GOAL, mew=1.5, label="goal")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_RATIOS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} ×"))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axes.set_xlim(_RATIOS[0], _RATIOS[-1] * 1.6)
    axes.margins(y=0.14)
    axes.set_xlabel("latency of one picture, as a ratio to the static int8 cnn")
    axes.set_title("Int8 TFLite accuracy on the test pictures", loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e6ea", zorder=0)
    axes.legend(frameon=False, loc="lower right")
    return figure


def _draw_tier(axes: Axes, tier: Tier, released: tuple[RunResult, ...]) -> None:
    """Mark what a tier should reach and, where it was trained and timed, what it did."""
    axes.plot(
        tier.latency_ratio, tier.accuracy, "o", mfc="none", mec=_GOAL, ms=9, mew=1.5, zorder=2
    )
    ratio, found = _find_ratio(released), summarize(released, SHIPPED[0])
    if ratio is None or found is None:
        return
    axes.plot([ratio, tier.latency_ratio], [found.mean, tier.accuracy], ":", color=_QUIET, lw=1)
    axes.errorbar(ratio, found.mean, found.deviation or 0.0, fmt="o", color=_FOUND, ms=7, capsize=3)
    axes.annotate(
        _describe(tier, released, found.mean),
        (ratio, found.mean),
        (9, -4),
        textcoords="offset points",
        va="top",
        fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},  # the yardstick runs behind
        zorder=3,
    )


def _draw_yardstick(axes: Axes, results: tuple[RunResult, ...]) -> None:
    """Mark the file that all ratios refer to."""
    latency = next(result.latency for result in results if result.latency is not None)
    axes.axvline(1, color=_QUIET, lw=0.8, zorder=1)
    if latency.against_accuracy is not None:
        axes.plot(1, latency.against_accuracy, "s", color=_QUIET, ms=6)
        axes.annotate(
            f"cnn\n{latency.against_accuracy:.2%}",
            (1, latency.against_accuracy),
            (9, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=_QUIET,
        )


def _find_ratio(released: tuple[RunResult, ...]) -> float | None:
    timed = (result.latency.ratio for result in released if result.latency is not None)
    return next(timed, None)


def _describe(tier: Tier, released: tuple[RunResult, ...], mean: float) -> str:
    file = released[0].find_file(SHIPPED[0])
    size = "" if file is None else f", {file.size_bytes / 1000:.0f} kB"
    return f"{tier.name}\n{mean:.2%}{size}"
