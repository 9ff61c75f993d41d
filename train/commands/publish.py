"""``python -m train publish``: place a tier's released files beside its model card."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from train.release.document import RESULTS
from train.release.making import RUNS
from train.release.plan import TIERS, find_tier
from train.release.publishing import LARGEST_TOTAL_BYTES, MODELS, publish_tier


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train publish",
        description="Copy the model and int8 files of a tier's first seed into its folder and "
        f"write the model card. All tiers together stay below {LARGEST_TOTAL_BYTES // 10**6} MB.",
    )
    parser.add_argument("tier", choices=[tier.name for tier in TIERS], help="what to release")
    for name, default, what in (
        ("runs", RUNS, "of run folders and artifacts"),
        ("results", RESULTS, "of the result files"),
        ("models", MODELS, "of the released tiers"),
    ):
        parser.add_argument(
            f"--{name}",
            type=Path,
            default=default,
            metavar="FOLDER",
            help=f"folder {what} (default: {default})",
        )
    parser.add_argument("--json", action="store_true", help="write what was placed as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    return parser


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    folder = publish_tier(
        find_tier(arguments.tier), arguments.runs, arguments.results, arguments.models
    )
    files = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    if arguments.json:
        print(json.dumps({"folder": str(folder), "size_bytes": files}, indent=1))
    else:
        print(f"{folder}: " + ", ".join(f"{name} {size:,} B" for name, size in files.items()))
    return 0
