"""How many calibration pictures, and which way to find ranges: what export's defaults rest on.

``python -m benchmarks.calibration_study runs/fashion-cnn`` exports static int8 again and again,
tabulates the accuracy lost, paired against the float model, and then compares every two choices of
a format on the same pictures: McNemar's exact test, held against all pairs at once (Holm).
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy import count_flips
from benchmarks.spread import holm_rejections
from edge_runtime import Classifier
from edge_runtime.evaluation.labelled_arrays import load_labelled_arrays
from edge_runtime.statistics import mcnemar_exact

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
        answers: (N,) int64, the class it gives to each evaluation picture.
        labels: (N,) int64, their true classes.
    """

    format: str
    method: str
    count: int
    difference_points: float
    low_points: float
    high_points: float
    agreement: float
    answers: npt.NDArray[np.int64] = field(repr=False)
    labels: npt.NDArray[np.int64] = field(repr=False)

    @property
    def name(self) -> str:
        """Both choices in words, such as ``min-max 500``."""
        return f"{self.method} {self.count}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two choices for one format on the same pictures.

    Attributes:
        format: ``tflite`` or ``onnx``.
        first: Name of a choice.
        second: Name of the other.
        only_first: Pictures that only the first labels rightly.
        only_second: Pictures that only the second labels rightly.
        p_value: McNemar's exact test of whether they are equally accurate.
    """

    format: str
    first: str
    second: str
    only_first: int
    only_second: int
    p_value: float


def measure_choices(run: Path, counts: Sequence[int]) -> Iterator[Outcome]:
    """Export with each choice; TFLite knows min-max alone.

    Args:
        run: Run folder that training left.
        counts: Numbers of calibration pictures to try.
    """
    for method, count in itertools.product(METHODS, counts):
        formats = ("tflite", "onnx") if method == "min-max" else ("onnx",)
        recipes = ",".join(["fp32.onnx", *(f"static_int8.{name}" for name in formats)])
        with tempfile.TemporaryDirectory(prefix="edge-calibration-") as name:
            folder = Path(name, "out")
            for entry in _export(run, recipes, method, count, folder)["artifacts"]:
                if entry["precision"] == "static_int8":
                    yield _to_outcome(entry, method, count, folder)


def compare_choices(outcomes: Sequence[Outcome]) -> list[Pair]:
    """Compare every two choices of each format, surest difference first."""
    pairs = []
    for one, other in itertools.combinations(outcomes, 2):
        if one.format == other.format:
            flips = count_flips(one.answers, other.answers, one.labels)
            pairs.append(Pair(one.format, one.name, other.name, *flips, mcnemar_exact(*flips)))
    return sorted(pairs, key=lambda pair: pair.p_value)


def _export(run: Path, recipes: str, method: str, count: int, folder: Path) -> Any:
    command = [sys.executable, "-m", "export", "--run", str(run), "--out", str(folder)]
    command += ["--recipes", recipes, "--calibration-method", method, "--quiet", "--json"]
    command += ["--calibration-samples", str(count), "--max-accuracy-drop", "100"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _to_outcome(entry: Any, method: str, count: int, folder: Path) -> Outcome:
    found = entry["findings"][0]["comparison"]
    images, labels = load_labelled_arrays(folder / "evaluation.npz")
    with Classifier.load(folder / entry["file"]) as classifier:
        answers = classifier.scores(images).argmax(axis=1)
    return Outcome(
        format=entry["format"],
        method=method,
        count=count,
        difference_points=100 * found["difference"],
        low_points=100 * found["difference_low"],
        high_points=100 * found["difference_high"],
        agreement=found["agreement"],
        answers=answers.astype(np.int64),
        labels=labels,
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


def format_pairs(pairs: Sequence[Pair], most: int = 5) -> str:
    """Format what the pairwise tests say, with the surest differences one by one."""
    stands = holm_rejections([pair.p_value for pair in pairs])
    alone = sum(pair.p_value < 0.05 for pair in pairs)
    lines = [
        f"{len(pairs)} pairs of choices on the same pictures, McNemar's exact test: {alone} have "
        f"p < 0.05 alone, {sum(stands)} when held against all pairs at once (Holm).",
        "",
        "| format | one | other | only one right | only other right | p | stands (Holm) |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    lines += [
        f"| {pair.format} | {pair.first} | {pair.second} | {pair.only_first} "
        f"| {pair.only_second} | {pair.p_value:.2g} | {'yes' if stand else 'no'} |"
        for pair, stand in list(zip(pairs, stands, strict=True))[: max(most, sum(stands))]
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Print both tables; 0 done, 1 an export failed, 2 wrong use."""
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
    print(format_outcomes(outcomes), format_pairs(compare_choices(outcomes)), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
