"""``python -m train results``: the result files of the tiers, as tables."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from edge_runtime.document import to_document
from train.errors import RunError
from train.release.document import RESULTS, load_results
from train.release.plan import TIERS
from train.release.tables import format_ablation, format_goals, format_tiers


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train results",
        description="Show what the tiers' runs gave: accuracy of each tier and seed, in float, in "
        "int8 steps as trained, and of the int8 files; goals; and what each ingredient is worth. "
        "Everything comes from result files; python -m train release makes them.",
    )
    parser.add_argument(
        "--ablation",
        choices=[recipe for tier in TIERS for recipe in tier.recipes],
        metavar="RECIPE",
        help="show only what each ingredient is worth to this recipe, such as nano or micro-short",
    )
    parser.add_argument(
        "--figure",
        type=Path,
        metavar="FILE",
        help="draw accuracy against latency of the tiers into this PNG file too",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="FOLDER",
        help=f"folder of the result files (default: {RESULTS})",
    )
    parser.add_argument("--json", action="store_true", help="write all results as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    return parser


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    if not arguments.results.is_dir():
        raise RunError(
            f"there is no folder {arguments.results}; run this from the checkout, or name another "
            "with --results"
        )
    results = load_results(arguments.results)
    if not results:
        raise RunError(f"there is no result file in {arguments.results}; name another --results")
    if arguments.figure is not None:
        # Imported late: matplotlib takes its time.
        from train.release.figure import save_figure

        save_figure(arguments.figure, results)
    if arguments.json:
        print(json.dumps([to_document(result) for result in results], indent=1))
    elif arguments.ablation is not None:
        print(format_ablation(results, arguments.ablation))
    else:
        print(f"{format_tiers(results)}\n\n{format_goals(results)}")
    return 0
