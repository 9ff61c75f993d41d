"""What a whole export costs: seconds, and memory of its largest process and of all together.

``python -m benchmarks.export_cost runs/fashion-cnn`` runs ``python -m export`` as a user does, all
recipes with verification on every runtime, and watches the process and its children.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

MOST_SECONDS = 90.0
MOST_BYTES = 3_000_000_000
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class ExportCost:
    """What one export took.

    Attributes:
        seconds: Wall time of the whole command, TensorFlow's import included.
        largest_process_bytes: Peak resident memory of the largest single process.
        together_bytes: Peak of the sum over all processes at one moment (polled; memory that
            they share counts more than once, so it is an upper bound).
        files: Artifacts made.
        cores: Cores that the command could use.
    """

    seconds: float
    largest_process_bytes: int
    together_bytes: int
    files: int
    cores: int


def measure_export(run: Path, extra: list[str]) -> ExportCost:
    """Run one export into a folder that is thrown away, and watch it.

    Args:
        run: Run folder that training left.
        extra: More arguments for the export command.

    Raises:
        RuntimeError: The export failed.
    """
    with tempfile.TemporaryDirectory(prefix="edge-export-cost-") as name:
        out = Path(name, "artifacts")
        command = [sys.executable, "-m", "export", "--run", str(run), "--out", str(out), *extra]
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
            largest, together = _watch(child)
        seconds = time.perf_counter() - started
        if child.returncode != 0:
            raise RuntimeError(f"the export ended with {child.returncode}")
        files = len([*out.glob("*.tflite"), *out.glob("*.onnx")])
    return ExportCost(seconds, largest, together, files, len(os.sched_getaffinity(0)))


def _watch(child: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Poll memory until the process ends; returns (largest single, largest sum) in bytes."""
    root = psutil.Process(child.pid)
    largest = together = 0
    while child.poll() is None:
        sizes = []
        for process in (root, *_children(root)):
            try:
                sizes.append(process.memory_info().rss)
            except psutil.Error:
                continue  # it ended between the two looks
        largest, together = max([largest, *sizes]), max(together, sum(sizes))
        time.sleep(_POLL_S)
    return largest, together


def _children(root: psutil.Process) -> list[psutil.Process]:
    try:
        return list(root.children(recursive=True))
    except psutil.Error:
        return []


def main(argv: list[str] | None = None) -> int:
    """Measure; 0 within the bounds, 1 beyond them, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.export_cost",
        description=f"Measure a whole export. Bounds on two cores: {MOST_SECONDS:g} s and "
        f"{MOST_BYTES / 1e9:g} GB.",
    )
    parser.add_argument("run", type=Path, nargs="?", help="run folder that training left")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("extra", nargs="*", help="more arguments for python -m export, after --")
    arguments = parser.parse_args(argv)
    if arguments.run is None or not arguments.run.is_dir():
        parser.print_usage(sys.stderr)
        print("name a run folder, such as runs/fashion-cnn", file=sys.stderr)
        return 2
    try:
        cost = measure_export(arguments.run, arguments.extra)
    except RuntimeError as error:
        print(f"export_cost: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(cost)) if arguments.json else format_cost(cost))
    within = cost.seconds <= MOST_SECONDS and cost.together_bytes <= MOST_BYTES
    return 0 if within else 1


def format_cost(cost: ExportCost) -> str:
    """Format the result as one line per figure."""
    return (
        f"{cost.files} files in {cost.seconds:.1f} s on {cost.cores} cores "
        f"(bound {MOST_SECONDS:g} s)\n"
        f"peak memory: {cost.largest_process_bytes / 1e9:.2f} GB in the largest process, "
        f"{cost.together_bytes / 1e9:.2f} GB in all processes together "
        f"(bound {MOST_BYTES / 1e9:g} GB)"
    )


if __name__ == "__main__":
    sys.exit(main())
