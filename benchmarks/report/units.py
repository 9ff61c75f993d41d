"""Numbers as people read them; the only place where units change."""

from benchmarks.spread import Estimate

MISSING = "n/a"


def format_us(value_ns: float | None) -> str:
    """Nanoseconds as microseconds with three significant digits, such as ``31.4``."""
    return MISSING if value_ns is None else _three_digits(value_ns / 1e3)


def format_ms(value_ns: float | None) -> str:
    """Nanoseconds as milliseconds, such as ``12.5``."""
    return MISSING if value_ns is None else _three_digits(value_ns / 1e6)


def format_interval_us(estimate: Estimate) -> str:
    """A median with half the width of its interval, in microseconds, such as ``31.4 ±0.5``."""
    text = format_us(estimate.value)
    if estimate.low is None or estimate.high is None:
        return text
    half = (estimate.high - estimate.low) / 2
    if half > estimate.value:  # Too lopsided for one number.
        return f"{text} ({format_us(estimate.low)}–{format_us(estimate.high)})"
    return f"{text} ±{_two_digits(half / 1e3)}"


def format_kib(size_bytes: float | None) -> str:
    """Bytes as KiB, such as ``421``."""
    return MISSING if size_bytes is None else _three_digits(size_bytes / 1024)


def format_mib(size_bytes: float | None) -> str:
    """Bytes as MiB, such as ``12.3``."""
    return MISSING if size_bytes is None else f"{size_bytes / 2**20:.1f}"


def format_points(share: float) -> str:
    """A fraction as percent with two decimals, such as ``92.31``."""
    return f"{share * 100:.2f}"


def format_signed_points(share: float) -> str:
    """A difference of fractions in percentage points, such as ``−0.12``."""
    return f"{share * 100:+.2f}".replace("-", "−")


def format_rate(per_s: float | None) -> str:
    """Pictures a second, such as ``31,400``."""
    return MISSING if per_s is None else f"{float(f'{per_s:.3g}'):,.0f}"


def _three_digits(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _two_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
