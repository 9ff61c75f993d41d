"""``python -m benchmarks agreement``: our figures against MLPerf LoadGen's and LiteRT's tool."""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.agreement.checking import (
    AGREES_WITHIN,
    Agreement,
    check_tools_are_there,
    measure_agreement,
)
from benchmarks.artifacts import load_artifacts, load_evaluation
from benchmarks.errors import PlanError
from benchmarks.report.markdown import format_host
from benchmarks.report.rows import format_table
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.measurement.host import describe_host

_PICTURES = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.add_argument("--artifacts", type=Path, required=True, metavar="DIR", help="folder")
    parser.add_argument(
        "--precisions",
        default="fp32,static_int8",
        metavar="A,B",
        help="which .tflite files (default: fp32,static_int8)",
    )
    parser.add_argument(
        "--rounds", type=int, default=24, metavar="N", help="fresh processes per way (default: 24)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, print a table; 1 if a figure lies more than a tenth apart."""
    if arguments.rounds < 1:
        raise PlanError(f"rounds must be at least 1, found {arguments.rounds}")
    check_tools_are_there()
    wanted = arguments.precisions.split(",")
    chosen = [
        record
        for record in load_artifacts(arguments.artifacts)
        if record.format == "tflite" and record.precision in wanted
    ]
    if not chosen:
        raise PlanError(f"{arguments.artifacts} holds no .tflite file of {arguments.precisions}")
    agreements: list[Agreement] = []
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npy"
        np.save(images, load_evaluation(arguments.artifacts).images[:_PICTURES])
        for record in chosen:
            agreements += measure_agreement(
                arguments.artifacts / record.file, images, arguments.rounds, ProgressLine()
            )
    print("\n".join(format_agreements(agreements)))
    print(f"\n{format_host(describe_host())}")
    far = [one for one in agreements if not one.agrees]
    for one in far:
        print(f"{one.artifact}: {one.quantity} lies too far apart", file=sys.stderr)
    return 1 if far else 0


def format_agreements(agreements: list[Agreement]) -> list[str]:
    """A table, one line per quantity."""
    header = (
        "artifact",
        "other tool",
        "quantity",
        "ours µs",
        "theirs µs",
        "ours/theirs",
        "quartiles",
        "calm rounds",
        f"within {AGREES_WITHIN:.0%}",
    )
    rows = []
    for one in agreements:
        rows.append(
            [
                one.artifact,
                one.other,
                one.quantity,
                f"{one.ours_ns / 1e3:.1f}",
                f"{one.theirs_ns / 1e3:.1f}",
                f"{one.ratio:.3f}",
                f"{one.ratio_low:.3f}–{one.ratio_high:.3f}",
                str(one.rounds),
                "yes" if one.agrees else "NO",
            ]
        )
    return format_table(header, rows)
