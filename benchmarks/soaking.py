"""Latency over a long time: what heat and a lowered clock do to a model that never rests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from matplotlib.figure import Figure

from edge_runtime.host import Host
from edge_runtime.trial import SoakPoint

SCHEMA_VERSION = 1
# Where the first and the last tenth differ by more, a short benchmark tells too good a story.
MAX_DRIFT = 0.05


@dataclass(frozen=True, slots=True)
class SoakRecord:
    """One artifact called without a pause; written as ``soak.json``.

    Attributes:
        schema_version: Of this document.
        created: When, ISO 8601 UTC.
        host: The machine.
        artifact: File name.
        runtime: Name of the runtime.
        threads: Of one call.
        points: Window by window.
        drift: Median of the last tenth of the windows over that of the first, less one.
    """

    schema_version: int
    created: str
    host: Host
    artifact: str
    runtime: str
    threads: int
    points: tuple[SoakPoint, ...]
    drift: float


def find_drift(points: Sequence[SoakPoint]) -> float:
    """How much slower the last tenth is than the first, as a share.

    Raises:
        ValueError: There are no points.
    """
    if not points:
        raise ValueError("a soak without windows tells nothing")
    tenth = max(1, len(points) // 10)
    first = median(point.window.p50_ns for point in points[:tenth])
    last = median(point.window.p50_ns for point in points[-tenth:])
    return last / first - 1


def format_soak(record: SoakRecord) -> list[str]:
    """A few lines for the terminal."""
    points = record.points
    first, last = points[0], points[-1]
    minutes = last.window.ended_ns / 60e9
    calls = sum(point.window.calls for point in points)
    lines = [
        f"{record.artifact} on {record.runtime}, {record.threads} thread(s): {calls:,} calls in "
        f"{minutes:.1f} minutes",
        f"p50 {first.window.p50_ns / 1e3:.1f} → {last.window.p50_ns / 1e3:.1f} µs, "
        f"{record.drift:+.1%} from the first tenth to the last"
        + ("" if abs(record.drift) <= MAX_DRIFT else ": quote the sustained figure"),
    ]
    before, after = first.peak_memory_bytes, last.peak_memory_bytes
    if before is not None and after is not None:
        lines.append(f"peak memory {before / 2**20:.1f} → {after / 2**20:.1f} MiB")
    heat = [p.sensors.temperature_c for p in points if p.sensors.temperature_c is not None]
    lines.append(
        f"temperature {heat[0]:.1f} → {heat[-1]:.1f} °C" if heat else "no thermometer to read here"
    )
    return lines


def draw_soak(record: SoakRecord, path: Path) -> None:
    """Latency over time, with temperature and clock where the machine tells them."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    heat = [(p.window.ended_ns / 60e9, p.sensors.temperature_c) for p in record.points]
    clock = [(p.window.ended_ns / 60e9, p.sensors.clock_mhz) for p in record.points]
    told = [
        (name, [(x, y) for x, y in line if y is not None])
        for name, line in (("temperature, °C", heat), ("clock, MHz", clock))
    ]
    told = [(name, line) for name, line in told if line]
    axes = figure.subplots(1 + len(told), 1, sharex=True, squeeze=False)[:, 0]
    minutes = [point.window.ended_ns / 60e9 for point in record.points]
    for label, values, colour in (
        ("p50", [point.window.p50_ns / 1e3 for point in record.points], "#0072B2"),
        ("p90", [point.window.p90_ns / 1e3 for point in record.points], "#D55E00"),
    ):
        axes[0].plot(minutes, values, label=label, color=colour)
    axes[0].set_ylabel("latency, µs")
    axes[0].set_ylim(bottom=0)
    axes[0].legend(frameon=False)
    title = f"{record.artifact} on {record.runtime}, called without a pause"
    axes[0].set_title(title, loc="left", fontweight="bold")
    for place, (name, line) in zip(axes[1:], told, strict=True):
        place.plot([x for x, _ in line], [y for _, y in line], color="#444444")
        place.set_ylabel(name)
    axes[-1].set_xlabel("minutes")
    for place in axes:
        place.grid(alpha=0.25)
        place.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
