"""Numbers as people read them; the only place of the commands where units change."""

MISSING = "n/a"


def format_duration(value_ns: float | None) -> str:
    """Nanoseconds in the unit that fits, with three significant digits, such as ``29.3 µs``."""
    if value_ns is None:
        return MISSING
    for unit, size in (("s", 1e9), ("ms", 1e6)):
        if value_ns >= size:
            return f"{_three_digits(value_ns / size)} {unit}"
    return f"{_three_digits(value_ns / 1e3)} µs"


def format_us(value_us: float | None) -> str:
    """Microseconds in the unit that fits; see `format_duration`."""
    return format_duration(None if value_us is None else value_us * 1e3)


def format_bytes(size_bytes: float | None) -> str:
    """Bytes in the unit that fits, such as ``231 KiB``."""
    if size_bytes is None:
        return MISSING
    for unit, size in (("GiB", 2**30), ("MiB", 2**20)):
        if size_bytes >= size:
            return f"{_three_digits(size_bytes / size)} {unit}"
    return f"{_three_digits(size_bytes / 1024)} KiB"


def format_rate(images: int, elapsed_ns: int) -> str:
    """Pictures a second, with three significant digits."""
    return f"{float(f'{images * 1e9 / elapsed_ns:.3g}'):,.0f}/s"


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:#.3g}"
