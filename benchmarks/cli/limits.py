"""``--max-p90`` and its like: limits for somebody's continuous integration, from words to gates."""

import argparse

from benchmarks.gates import Gates
from edge_runtime.cli.limits import parse_limit


def add_gate_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that name limits."""
    group = parser.add_argument_group("gates, for continuous integration")
    add = group.add_argument
    add(
        "--min-accuracy",
        type=_percent,
        metavar="PERCENT",
        help="exit 1 if the lower end of an accuracy's interval lies below",
    )
    add("--max-p90", type=parse_limit, metavar="MICROSECONDS", help="exit 1 if a p90 lies above")
    add("--max-size", type=parse_limit, metavar="KIB", help="exit 1 if an artifact is larger")
    add(
        "--max-memory",
        type=parse_limit,
        metavar="MIB",
        help="exit 1 if memory over bare Python is more",
    )


def read_gates(arguments: argparse.Namespace) -> Gates:
    """Bring the limits to the units that gates are in."""
    percent, p90_us = arguments.min_accuracy, arguments.max_p90
    size_kib, memory_mib = arguments.max_size, arguments.max_memory
    return Gates(
        min_accuracy=None if percent is None else percent / 100,
        max_p90_ns=None if p90_us is None else p90_us * 1e3,
        max_size_bytes=None if size_kib is None else size_kib * 1024,
        max_memory_bytes=None if memory_mib is None else memory_mib * 2**20,
    )


def _percent(text: str) -> float:
    value = parse_limit(text)
    if not 1.0 < value <= 100.0:
        raise argparse.ArgumentTypeError(f"expected percent, such as 91 for 91 %; found {text!r}")
    return value
