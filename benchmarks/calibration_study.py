"""How many calibration pictures, and which way to find ranges: what export's defaults rest on.

``python -m benchmarks.calibration_study runs/fashion-cnn`` exports static int8 again and again and
tabulates the accuracy lost, paired against the float model.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COUNTS = (20, 50, 100, 200, 500, 1000)
METHODS = ("min-max", "percentile")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Static int8 of one format with one choice.

    Attributes:
        format: ``tflite`` or ``onnx``.
        method: How ranges were found.
        count: Calibration pictures.
        difference_points: Accuracy minus the float model's, percentage points.
        low_points: Lower end of the paired 95 % interval.
        high_points: Upper end.
        agreement: Fraction of pictures with the float model's answer.
    """

    format: str
    method: str
    count: int
    difference_points: float
    low_points: float
    high_points: float
    agreement: float


def measure_choices(run: Path, counts: Sequence[int]) -> Iterator[Outcome]:
    """Export with each choice; TFLite knows min-max alone.

    Args:
        run: Run folder that training left.
        counts: Numbers of calibration pictures to try.
    """
    for method in METHODS:
        for count in counts:
            formats = ("tflite", "onnx") if method == "min-max" else ("onnx",)
            recipes = ",".join(["fp32.onnx", *(f"static_int8.{name}" for name in formats)])
            for entry in _export(run, recipes, method, count)["artifacts"]:
                if entry["precision"] == "static_int8":
                    yield _to_outcome(entry, method, count)


def _export(run: Path, recipes: str, method: str, count: int) -> Any:
    with tempfile.TemporaryDirectory(prefix="edge-calibration-") as name:
        command = [sys.executable, "-m", "export", "--run", str(run), "--out", f"{name}/out"]
        command += ["--recipes", recipes, "--calibration-method", method, "--quiet", "--json"]
        command += ["--calibration-samples", str(count), "--max-accuracy-drop", "100"]
        child = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(child.stdout)


def _to_outcome(entry: Any, method: str, count: int) -> Outcome:
    found = entry["findings"][0]["comparison"]
    return Outcome(
        format=entry["format"],
        method=method,
        count=count,
        difference_points=100 * found["difference"],
        low_points=100 * found["difference_low"],
        high_points=100 * found["difference_high"],
        agreement=found["agreement"],
    )


def format_outcomes(outcomes: Sequence[Outcome]) -> str:
    """Format a Markdown table."""
    lines = [
        "| format | ranges by | pictures | against float, points (95 % interval) | same answer |",
        "|---|---|--:|--:|--:|",
    ]
    lines += [
        f"| {o.format} | {o.method} | {o.count} | {o.difference_points:+.2f} "
        f"({o.low_points:+.2f} to {o.high_points:+.2f}) | {100 * o.agreement:.2f} % |"
        for o in sorted(outcomes, key=lambda o: (o.format, METHODS.index(o.method), o.count))
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Print the table; 0 done, 1 an export failed, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calibration_study", description=__doc__
    )
    parser.add_argument("run", type=Path, nargs="?", help="run folder that training left")
    parser.add_argument(
        "--counts",
        type=int,
        nargs="+",
        default=COUNTS,
        help="calibration pictures to try (default: %(default)s)",
    )
    arguments = parser.parse_args(argv)
    if arguments.run is None or not arguments.run.is_dir():
        parser.print_usage(sys.stderr)
        print("name a run folder, such as runs/fashion-cnn", file=sys.stderr)
        return 2
    outcomes = []
    try:
        for outcome in measure_choices(arguments.run, arguments.counts):
            outcomes.append(outcome)
            print(f"{outcome.format} {outcome.method} {outcome.count}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"calibration_study: an export ended with {error.returncode}", file=sys.stderr)
        return 1
    print(format_outcomes(outcomes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
