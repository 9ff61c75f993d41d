"""Limits as command lines take them."""

import argparse
import math


def parse_limit(text: str) -> float:
    """A finite number above 0; one that nothing could miss, such as nan, must not pass for one."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return value
