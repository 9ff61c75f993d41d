"""Whether a machine runs at one steady speed, judged by its sensors; what it hides is not guessed.

Limits are constants with their reasons.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edge_runtime.measurement.host import Sensors

# A Raspberry Pi lowers its clock from 80 °C on (raspberrypi.com, "Frequency management and thermal
# control"); a run that ends this close to it may already have been held back in between.
MAX_TEMPERATURE_C = 78.0
# Turbo steps are a few percent apart; more is another clock than the one the run began with.
MAX_CLOCK_DROP = 0.05
# Names of the low bits of `vcgencmd get_throttled`; the same plus 16 have happened since boot.
_THROTTLE_BITS = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
}

Severity = Literal["invalid", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reader must know before the numbers.

    Attributes:
        severity: ``invalid`` spoils the run, ``warning`` weakens it, ``note`` explains it.
        code: Stable name, such as ``throttled``.
        message: What was found against what was expected.
        next_step: What to do about it.
    """

    severity: Severity
    code: str
    message: str
    next_step: str


def judge_sensors(before: Sensors, after: Sensors) -> tuple[Finding, ...]:
    """Judge what the sensors said before and after a measurement."""
    return (
        *_judge_throttling(before, after),
        *_judge_clock(before, after),
        *_judge_temperature(before, after),
    )


def name_throttling(bits: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say in words what the bits of ``vcgencmd get_throttled`` tell: (now, since boot)."""
    now = tuple(name for bit, name in _THROTTLE_BITS.items() if bits >> bit & 1)
    past = tuple(name for bit, name in _THROTTLE_BITS.items() if bits >> (bit + 16) & 1)
    return now, past


def _judge_throttling(before: Sensors, after: Sensors) -> Iterable[Finding]:
    bits = after.throttled
    if bits is None:
        return
    now, past = name_throttling(bits)
    _, fresh = name_throttling(bits & ~(before.throttled or 0))
    if now or past:
        when = "now" if now else "during this run" if fresh else "since boot"
        yield Finding(
            "invalid",
            "throttled",
            f"the board reports {', '.join(now or past)} {when} (throttled={bits:#x})",
            "use the official power supply and a cooler, restart the board, and run again",
        )


def _judge_clock(before: Sensors, after: Sensors) -> Iterable[Finding]:
    if before.governor is not None and before.governor != "performance":
        yield Finding(
            "invalid",
            "governor",
            f"the clock is chosen by the governor {before.governor!r}, not 'performance'",
            "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
        )
    first, last = before.clock_mhz, after.clock_mhz
    if first and last and last < first * (1 - MAX_CLOCK_DROP):
        yield Finding(
            "invalid",
            "clock-drop",
            f"the clock fell from {first:.0f} to {last:.0f} MHz during the run",
            "cool the machine, fix its clock, and run again",
        )


def _judge_temperature(before: Sensors, after: Sensors) -> Iterable[Finding]:
    hottest = max((s.temperature_c for s in (before, after) if s.temperature_c), default=None)
    if hottest is not None and hottest > MAX_TEMPERATURE_C:
        yield Finding(
            "invalid",
            "temperature",
            f"{hottest:.1f} °C, more than the {MAX_TEMPERATURE_C:.0f} °C up to which a run counts",
            "let the machine cool or add a cooler, and run again",
        )
