"""Latency over a long time: what heat and a lowered clock do to a model that never rests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from matplotlib.figure import Figure

from benchmarks.report.figures import escape_text
from edge_runtime.measurement.host import Host
from edge_runtime.measurement.records import SoakPoint

SCHEMA_VERSION = 1
# Where the first and the last tenth differ by more, a short benchmark tells too good a story.
MAX_DRIFT = 0.05
# The low bits of `vcgencmd get_throttled` are true now; those above 15 have been since boot.
_HELD_BACK_NOW = 0xF


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
    unit, name = _choose_unit(points)
    calls = sum(point.window.calls for point in points)
    lines = [
        f"{record.artifact} on {record.runtime}, threads: {record.threads}; {calls:,} calls in "
        f"{last.window.ended_ns / unit:.1f} {name}",
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
    held = find_held_back(points)
    if held is not None:
        lines.append(
            f"the board held itself back from {held.window.ended_ns / unit:.1f} {name} on "
            f"(throttled={held.sensors.throttled:#x}): it needs a cooler or a better power supply"
        )
    return lines


def find_held_back(points: Sequence[SoakPoint]) -> SoakPoint | None:
    """The first point at which a Raspberry Pi tells of under-voltage, heat or a capped clock."""
    return next((p for p in points if (p.sensors.throttled or 0) & _HELD_BACK_NOW), None)


def _choose_unit(points: Sequence[SoakPoint]) -> tuple[float, str]:
    """Nanoseconds of the unit that a soak of this length is told in, and its name."""
    return (60e9, "minutes") if points[-1].window.ended_ns > 120e9 else (1e9, "seconds")


def draw_soak(record: SoakRecord, path: Path) -> None:
    """Latency over time, with temperature and clock where the machine tells them."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    unit, name_of_unit = _choose_unit(record.points)
    heat = [(p.window.ended_ns / unit, p.sensors.temperature_c) for p in record.points]
    clock = [(p.window.ended_ns / unit, p.sensors.clock_mhz) for p in record.points]
    told = [
        (name, [(x, y) for x, y in line if y is not None])
        for name, line in (("temperature, °C", heat), ("clock, MHz", clock))
    ]
    told = [(name, line) for name, line in told if line]
    axes = figure.subplots(1 + len(told), 1, sharex=True, squeeze=False)[:, 0]
    times = [point.window.ended_ns / unit for point in record.points]
    for label, values, colour in (
        ("p50", [point.window.p50_ns / 1e3 for point in record.points], "#0072B2"),
        ("p90", [point.window.p90_ns / 1e3 for point in record.points], "#D55E00"),
    ):
        axes[0].plot(times, values, label=label, color=colour)
    axes[0].set_ylabel("latency, µs")
    axes[0].set_ylim(bottom=0)
    axes[0].legend(frameon=False)
    title = f"{record.artifact} on {record.runtime}, called without a pause"
    axes[0].set_title(escape_text(title), loc="left", fontweight="bold")
    for place, (name, line) in zip(axes[1:], told, strict=True):
        place.plot([x for x, _ in line], [y for _, y in line], color="#444444")
        place.set_ylabel(name)
    axes[-1].set_xlabel(name_of_unit)
    held = find_held_back(record.points)
    for place in axes:
        if held is not None:
            place.axvspan(held.window.ended_ns / unit, times[-1], color="#D55E00", alpha=0.1, lw=0)
        place.grid(alpha=0.25)
        place.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
