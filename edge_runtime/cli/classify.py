"""Say what pictures show."""

import argparse
import json
import sys
from pathlib import Path

from edge_runtime.cli.model_options import add_model_arguments, load_classifier
from edge_runtime.errors import ImageError
from edge_runtime.results import Classification


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE", help="file or folder")
    parser.add_argument(
        "--top", type=int, default=3, metavar="N", help="predictions per picture (default: 3)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    add_model_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Classify each picture."""
    failed = 0
    with load_classifier(arguments) as classifier:
        for path in find_pictures(arguments.pictures):
            try:
                answer = classifier.classify(path, arguments.top)
            except ImageError as error:
                print(f"edge-runtime: {error}", file=sys.stderr)
                failed += 1
                continue
            print(_to_json(path, answer) if arguments.json else _format_line(path, answer))
    return 1 if failed else 0


def find_pictures(paths: list[Path]) -> list[Path]:
    """Replace each folder by the files in it, in order of their names."""
    return [
        file
        for path in paths
        for file in (sorted(f for f in path.iterdir() if f.is_file()) if path.is_dir() else [path])
    ]


def _format_line(path: Path, answer: Classification) -> str:
    return f"{path}  " + "  ".join(f"{p.label} {p.score:.1%}" for p in answer.predictions)


def _to_json(path: Path, answer: Classification) -> str:
    return json.dumps(
        {
            "file": str(path),
            "predictions": [
                {"label": p.label, "index": p.index, "score": round(p.score, 6)}
                for p in answer.predictions
            ],
        }
    )
