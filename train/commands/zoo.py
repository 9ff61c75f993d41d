"""``python -m train zoo``: what each network of the zoo costs."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from train.framework import load_keras
from train.zoo import ARCHITECTURES, TIER_BUDGETS


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train zoo",
        description="Build each network for 28×28 gray pictures and ten classes, in the form that "
        "is deployed, and count parameters, multiply-accumulates and int8 bytes (kernels, biases "
        "and scales; the graph's description adds a few kilobytes to a file).",
    )
    parser.add_argument("--json", action="store_true", help="write the table as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    return parser


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    load_keras()
    rows = measure_zoo()
    print(json.dumps(rows, indent=1) if arguments.json else format_zoo(rows))
    return 0


def measure_zoo() -> list[dict[str, Any]]:
    """Return one row for each network, as plain JSON types."""
    from train.zoo.footprint import measure_footprint

    rows = []
    for name, entry in ARCHITECTURES.items():
        trained = entry.build((28, 28, 1), 10)
        footprint = measure_footprint(entry.to_deployable(trained))
        budget = TIER_BUDGETS.get(name)
        rows.append(
            {
                "name": name,
                **asdict(footprint),
                "trained_parameters": trained.count_params(),
                "budget": None if budget is None else asdict(budget),
            }
        )
    return rows


def format_zoo(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| network | parameters | M MACs | int8 weights, kB | budget | parameters while training |",
        "|---|--:|--:|--:|---|--:|",
    ]
    for row in rows:
        budget = TIER_BUDGETS.get(row["name"])
        lines.append(
            f"| {row['name']} | {row['parameters']:,} | {row['macs'] / 1e6:.2f} | "
            f"{row['int8_bytes'] / 1000:.1f} | {budget or '–'} | {row['trained_parameters']:,} |"
        )
    return "\n".join(lines)
