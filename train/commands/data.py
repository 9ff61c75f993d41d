"""``python -m train data``: find or fetch Fashion-MNIST, verify it and say what is there."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from train.data.fashion_mnist import FASHION_MNIST, find_file
from train.data.sources import Found, load_fashion_mnist
from train.progress import Progress


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train data",
        description="Find Fashion-MNIST or fetch it, verify all four files and say what is there.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="folder with the four files, gzipped or not (default: look in the cache, in the "
        "system package and in Keras's cache, then download)",
    )
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    return parser


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    found = load_fashion_mnist(arguments.data, Progress(quiet=arguments.json))
    document = describe(found)
    print(json.dumps(document, indent=1) if arguments.json else format_description(document))
    return 0


def describe(found: Found) -> dict[str, object]:
    """Return what was found as a JSON document."""
    dataset = found.dataset
    return {
        "source": found.source,
        "folder": str(found.folder),
        "files": [
            {"file": str(find_file(found.folder, known.name)), "content_sha256": known.sha256}
            for known in FASHION_MNIST.files
        ],
        "classes": list(dataset.class_names),
        "train_per_class": np.bincount(dataset.train.labels).tolist(),
        "test_per_class": np.bincount(dataset.test.labels).tolist(),
    }


def format_description(document: dict[str, object]) -> str:
    """Return what was found as text."""
    classes, train, test = (
        document[key] for key in ("classes", "train_per_class", "test_per_class")
    )
    assert isinstance(classes, list)
    assert isinstance(train, list)
    assert isinstance(test, list)
    lines = [f"{'class':12}  training   test"]
    lines += [
        f"{name:12} {count:9,} {tests:6,}"
        for name, count, tests in zip(classes, train, test, strict=True)
    ]
    lines.append(f"{'all':12} {sum(train):9,} {sum(test):6,}")
    lines.append(f"All four files in {document['folder']} have the right content (SHA-256).")
    return "\n".join(lines)
