"""Numbers as command lines take them."""

import argparse
import math

# Python itself refuses to read numbers of thousands of digits, with words of its own.
_MOST_DIGITS = 18


def read_whole(text: str) -> int:
    """A whole number of at most 18 digits; -1 where the text is none."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else -1


def parse_limit(text: str) -> float:
    """A finite number above 0; one that nothing could miss, such as nan, must not pass for one."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return value
