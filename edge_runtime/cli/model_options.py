"""The options by which a command names its model, and loading it."""

import argparse
import sys
from pathlib import Path

from edge_runtime.backends.registry import BACKEND_NAMES
from edge_runtime.choice import MOST_THREADS
from edge_runtime.classifier import Classifier
from edge_runtime.cli.limits import read_whole
from edge_runtime.cli.paths import parse_path
from edge_runtime.errors import ArtifactError

_MOST_LABEL_BYTES = 4 << 20


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--model`` and the options of `add_backend_arguments`."""
    parser.add_argument(
        "--model",
        metavar="FILE",
        default="default",
        help=".tflite or .onnx artifact, or a profile saved by tune (default: the model that this "
        "package carries)",
    )
    add_backend_arguments(parser)


def add_backend_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--backend``, ``--threads``, ``--labels`` and ``--fast-int8``."""
    group = parser.add_argument_group("runtime")
    group.add_argument(
        "--backend",
        choices=("auto", *BACKEND_NAMES),
        default="auto",
        help="runtime; fake invents answers, for tests (default: auto, the profile's or the best "
        "installed one)",
    )
    group.add_argument(
        "--threads",
        type=parse_threads,
        default="auto",
        metavar="N",
        help="threads (default: auto, the profile's, or one per picture and every core for large "
        "batches)",
    )
    group.add_argument(
        "--labels",
        type=parse_path,
        metavar="FILE",
        help="text file with one class name per line, for a model without a description",
    )
    group.add_argument(
        "--fast-int8",
        action="store_true",
        help="let ONNX Runtime use int8 kernels that saturate on x86 without VNNI: up to 1.4 times "
        "as fast there, with changed predictions (default: the same scores on every processor)",
    )


def parse_seconds(text: str) -> float:
    """Read a time in seconds, above 0 and up to a day."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 86_400.0:
        raise argparse.ArgumentTypeError(
            f"expected seconds above 0 and at most a day, found {text!r}"
        )
    return value


def parse_threads(text: str) -> int | str:
    """``auto`` or a number of threads."""
    return text if text == "auto" else parse_thread_count(text)


def parse_thread_count(text: str) -> int:
    """A number from 1 to `MOST_THREADS`."""
    value = read_whole(text)
    if not 1 <= value <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"expected 1 to {MOST_THREADS} threads, found {text!r}")
    return value


def load_labels(path: Path) -> list[str]:
    """Read class names, one per line; empty lines at the end are passed over.

    Raises:
        ArtifactError: The file cannot be read as text, or is far too large for one.
    """
    try:
        with path.open("rb") as file:  # a device may never end
            data = file.read(_MOST_LABEL_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path}: cannot be read as a list of labels: {error}") from error
    if len(data) > _MOST_LABEL_BYTES:
        raise ArtifactError(f"{path}: more than {_MOST_LABEL_BYTES >> 20} MiB are no labels")
    # Other signs that Python takes for ends of lines are signs of a name, and refused as such.
    return text.rstrip().replace("\r\n", "\n").split("\n")


def load_classifier(arguments: argparse.Namespace) -> Classifier:
    """Load the model that the options name; says so where the answers will be invented."""
    classifier = Classifier.load(
        arguments.model,
        backend=arguments.backend,
        threads=arguments.threads,
        labels=load_labels(arguments.labels) if arguments.labels else None,
        fast_int8=arguments.fast_int8,
    )
    warn_of_inventions(classifier.backend)
    return classifier


def warn_of_inventions(backend: str) -> None:
    """Say on standard error that the fake runtime is fake."""
    if backend == "fake":
        print(
            "edge-runtime: the runtime fake is for tests: its answers are invented, by brightness "
            "alone; choose another with --backend",
            file=sys.stderr,
            flush=True,
        )
