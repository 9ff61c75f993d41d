"""The soak in words and as a figure."""

from itertools import pairwise
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.stream_soak.watching import (
    LEAST_MINUTES,
    MemoryPoint,
    fit_growth,
    is_flat,
    is_long_enough,
)


def format_stream_soak(points: list[MemoryPoint]) -> str:
    """A few lines: how much was answered, what memory did, and whether that is flat."""
    first, last = points[0], points[-1]
    growth = fit_growth(points)
    speed = (last.answered - first.answered) / (last.at_s - first.at_s)
    return "\n".join(
        (
            f"{last.answered:,} frames answered and {last.dropped:,} dropped in "
            f"{last.at_s / 60:.1f} minutes, {speed:,.0f} a second",
            f"memory {first.resident_bytes / 1e6:.2f} → {last.resident_bytes / 1e6:.2f} MB, once "
            f"settled {growth.slope * 60 / 1e3:+.2f} kB a minute (95 % interval "
            f"{growth.low * 60 / 1e3:+.2f} to {growth.high * 60 / 1e3:+.2f})",
            _format_verdict(points),
        )
    )


def _format_verdict(points: list[MemoryPoint]) -> str:
    if not is_long_enough(points):
        return f"too short to tell whether memory stays flat: give {LEAST_MINUTES} minutes or more"
    return "flat" if is_flat(points) else "NOT flat"


def draw_stream_soak(points: list[MemoryPoint], title: str, path: Path) -> None:
    """Draw memory and answered frames over time as a PNG."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    memory, speed = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    minutes = [point.at_s / 60 for point in points]
    memory.plot(minutes, [point.resident_bytes / 1e6 for point in points], color="#0072B2")
    memory.set_ylabel("resident memory, MB")
    memory.set_title(title, loc="left", fontweight="bold")
    rates = [
        (after.answered - before.answered) / (after.at_s - before.at_s)
        for before, after in pairwise(points)
    ]
    speed.plot(minutes[1:], rates, color="#444444")
    speed.set_ylabel("frames a second")
    speed.set_xlabel("minutes")
    memory.set_ylim(0, 1.3 * max(point.resident_bytes for point in points) / 1e6)
    speed.set_ylim(bottom=0)
    for axes in (memory, speed):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
