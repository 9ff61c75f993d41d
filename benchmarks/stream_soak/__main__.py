"""``python -m benchmarks.stream_soak``: a live stream at full speed, and its memory over time."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.cli.soak import parse_duration_s
from benchmarks.runtime_cost.pictures import load_pictures
from benchmarks.stream_soak.showing import draw_stream_soak, format_stream_soak
from benchmarks.stream_soak.watching import (
    LEAST_MINUTES,
    MemoryPoint,
    Stream,
    fit_growth,
    is_flat,
    repeat_frames,
    watch_stream,
)
from edge_runtime import Classifier, EdgeRuntimeError
from edge_runtime.cli.failures import describe_failure
from edge_runtime.document import to_document
from edge_runtime.measurement.host import describe_host
from edge_runtime.output_file import check_output, write_output

_PICTURES = Path(__file__).parents[2] / "tests" / "fixtures" / "fashion_mnist_sample.npz"
_FRAMES = 100
_POINTS = 300
# Of fewer there is no trend to fit.
_LEAST_POINTS = 5


def main(argv: list[str] | None = None) -> int:
    """Soak; 0 where memory stays flat, 1 where not, or too short a run to tell; 2 wrong use."""
    arguments = _build_parser().parse_args(argv)
    if not arguments.pictures.is_file():
        print(f"stream_soak: {arguments.pictures}: there is no such file", file=sys.stderr)
        return 2
    points: list[MemoryPoint] = []
    try:
        _check_out(arguments)
        with Classifier.load(arguments.model, backend=arguments.backend) as classifier:
            points = soak(classifier.stream, arguments.pictures, arguments.time, points)
        _show(points, arguments)
        if arguments.out:
            _write(points, f"{classifier.backend}, frames without a pause", arguments)
        return 0 if is_flat(points) else 1
    except (EdgeRuntimeError, ValueError, OSError) as error:
        print(f"stream_soak: {describe_failure(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if len(points) > _LEAST_POINTS:
            _show(points, arguments)
        print("stream_soak: interrupted; no file was written", file=sys.stderr)
        return 130


def soak(
    stream: Stream, pictures: Path, duration_s: int, points: list[MemoryPoint]
) -> list[MemoryPoint]:
    """Feed a stream without a pause and watch this process; tells its progress meanwhile.

    Returns:
        `points`, to which each one is added at once: an interrupted run has those until then.
    """
    frames = list(load_pictures(pictures)[:_FRAMES])
    told_s = 0.0
    for point in watch_stream(stream(repeat_frames(frames, duration_s)), duration_s / _POINTS):
        points.append(point)
        if point.at_s - told_s >= 10:
            told_s = point.at_s
            print(
                f"stream_soak: {point.at_s:.0f} of {duration_s} s, "
                f"{point.resident_bytes / 1e6:.2f} MB, {point.answered:,} frames",
                file=sys.stderr,
            )
    return points


def _check_out(arguments: argparse.Namespace) -> None:
    if arguments.out:
        for file in (arguments.out, arguments.out.with_suffix(".json")):
            check_output(file, arguments.force)


def _show(points: list[MemoryPoint], arguments: argparse.Namespace) -> None:
    print(_to_json(points, arguments) if arguments.json else format_stream_soak(points))


def _write(points: list[MemoryPoint], title: str, arguments: argparse.Namespace) -> None:
    draw_stream_soak(points, title, arguments.out)
    write_output(arguments.out.with_suffix(".json"), _to_json(points, arguments) + "\n")
    print(f"Picture: {arguments.out}", file=sys.stderr)


def _to_json(points: list[MemoryPoint], arguments: argparse.Namespace) -> str:
    return json.dumps(
        {
            "model": Path(arguments.model).name,
            "host": to_document(describe_host()),
            "bytes_per_second": asdict(fit_growth(points)),
            "points": [asdict(point) for point in points],
        },
        ensure_ascii=False,
    )


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stream_soak",
        description="Classify frames from a source that never pauses and watch this process's "
        f"memory. Exit 1 where it grows, or where less than {LEAST_MINUTES} minutes cannot tell.",
    )
    parser.add_argument(
        "--time", type=parse_duration_s, default=600, help="such as 90s or 10m (default: 10m)"
    )
    parser.add_argument(
        "--model", default="default", metavar="FILE", help="artifact (default: the carried one)"
    )
    parser.add_argument("--backend", default="auto", help="runtime (default: auto)")
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="NPZ",
        default=_PICTURES,
        help="frames to repeat (default: the tests' Fashion-MNIST sample)",
    )
    parser.add_argument(
        "--out",
        type=_parse_png,
        metavar="PNG",
        help="figure; its numbers are written beside it as JSON",
    )
    parser.add_argument("--force", action="store_true", help="replace PNG where it exists")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    return parser


def _parse_png(text: str) -> Path:
    if not text.lower().endswith(".png"):
        raise argparse.ArgumentTypeError(f"expected a file that ends in .png, found {text!r}")
    return Path(text)


if __name__ == "__main__":
    sys.exit(main())
