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
    MemoryPoint,
    Stream,
    fit_growth,
    is_flat,
    repeat_frames,
    watch_stream,
)
from edge_runtime import Classifier, EdgeRuntimeError
from edge_runtime.document import to_document
from edge_runtime.measurement.host import describe_host

_PICTURES = Path(__file__).parents[2] / "tests" / "fixtures" / "fashion_mnist_sample.npz"
_FRAMES = 100
_POINTS = 300


def main(argv: list[str] | None = None) -> int:
    """Soak; 0 where memory stays flat, 1 where not or on a failure, 2 wrong use."""
    arguments = _build_parser().parse_args(argv)
    if not arguments.pictures.is_file():
        print(f"stream_soak: {arguments.pictures}: there is no such file", file=sys.stderr)
        return 2
    try:
        with Classifier.load(arguments.model, backend=arguments.backend) as classifier:
            points = soak(classifier.stream, arguments.pictures, arguments.time)
        flat = is_flat(points)
    except (EdgeRuntimeError, ValueError) as error:
        print(f"stream_soak: {error}", file=sys.stderr)
        return 1
    record = _to_json(points, arguments)
    print(record if arguments.json else format_stream_soak(points))
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        title = f"{classifier.backend}, frames without a pause"
        draw_stream_soak(points, title, arguments.out)
        arguments.out.with_suffix(".json").write_text(record + "\n", encoding="utf-8")
        print(f"Picture: {arguments.out}", file=sys.stderr)
    return 0 if flat else 1


def soak(stream: Stream, pictures: Path, duration_s: int) -> list[MemoryPoint]:
    """Feed a stream without a pause and watch this process; tells its progress meanwhile."""
    frames = list(load_pictures(pictures)[:_FRAMES])
    points: list[MemoryPoint] = []
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
        "memory. Exit 1 where it grows.",
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
        "--out", type=Path, metavar="PNG", help="figure; its numbers are written beside it as JSON"
    )
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
