"""Measure how fast one model answers, on one runtime, in this process.

Which artifact, runtime and number of threads is best on this machine: edge-runtime tune.

example: edge-runtime bench --model fashion-cnn_static_int8.tflite --backend litert --threads 2
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge_runtime.backends.registry import PREFERENCE, load_backend
from edge_runtime.choice import PROFILE_SUFFIX, resolve_choice
from edge_runtime.cli.bench_table import format_outcome
from edge_runtime.cli.model_options import (
    add_model_arguments,
    load_labels,
    parse_seconds,
    warn_of_inventions,
)
from edge_runtime.document import to_json
from edge_runtime.measurement.host import describe_host, read_sensors
from edge_runtime.measurement.records import TrialOutcome, TrialRequest
from edge_runtime.measurement.timing import Effort
from edge_runtime.measurement.trial import ClassifierOpener, answer_request
from edge_runtime.models import DEFAULT_STEM, FOLDER
from edge_runtime.profile import load_profile

_S = 1_000_000_000
_QUIET_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--seconds",
        type=parse_seconds,
        default=1.0,
        metavar="S",
        help="how long single pictures are timed, in seconds (default: 1); batches take half of "
        "that again",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document, in nanoseconds")
    add_model_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what was measured; 1 where the model cannot be run."""
    if arguments.seconds > _QUIET_S:
        print(f"measuring for about {arguments.seconds * 1.5:.0f} s …", file=sys.stderr)
    labels = load_labels(arguments.labels) if arguments.labels else None
    opener = ClassifierOpener(labels, fast_int8=arguments.fast_int8)
    before = read_sensors()
    for request in _build_requests(arguments):
        outcome = answer_request(to_json(request), opener, time.monotonic_ns())
        if _is_measured_or_final(outcome, arguments.backend):
            break
    warn_of_inventions(request.backend)
    if arguments.json:
        print(to_json(outcome), end="")
    elif outcome.result is not None:
        title = f"{Path(request.artifact).name} on {request.backend} "
        title += f"{outcome.result.backend_version}, {request.threads} "
        title += "thread" if request.threads == 1 else "threads"
        print(format_outcome(title, outcome.result, describe_host(), before, read_sensors()))
    if outcome.refusal is None:
        return 0
    if not arguments.json:
        print(f"edge-runtime: {outcome.refusal.message}", file=sys.stderr)
    return 1


def _build_requests(arguments: argparse.Namespace) -> Iterator[TrialRequest]:
    """One request per runtime that reads the format, best first: importing one is measured too."""
    name = arguments.backend
    if name == "auto" and arguments.model.endswith(PROFILE_SUFFIX):
        # Stated, it is not looked at beforehand: importing it is part of what is measured.
        name = load_profile(Path(arguments.model)).backend
    path, name, threads = resolve_choice(arguments.model, name, arguments.threads)
    steady_ns = int(arguments.seconds * _S)
    effort = Effort(
        steady_ns=steady_ns,
        offline_ns=steady_ns // 2,
        # A model of a second a picture needs a minute for its p90, and the user may give it.
        max_ns=max(Effort().max_ns, steady_ns),
    )
    for backend in _list_backends(path) if name == "auto" else (name,):
        formats = load_backend(backend).formats
        yield TrialRequest(
            what="latency",
            artifact=str(FOLDER / f"{DEFAULT_STEM}.{formats[0]}" if path == DEFAULT_STEM else path),
            backend=backend,
            threads=1 if threads == "auto" else threads,
            images=None,
            effort=effort,
        )


def _list_backends(path: str | os.PathLike[str]) -> Sequence[str]:
    suffix = Path(path).suffix.lower().lstrip(".")
    fitting = [name for name in PREFERENCE if suffix in load_backend(name).formats]
    # Of a file of no known format the first one says what is wrong with it.
    return fitting or PREFERENCE


def _is_measured_or_final(outcome: TrialOutcome, wanted: str) -> bool:
    missing = outcome.refusal is not None and outcome.refusal.kind == "BackendUnavailableError"
    return not missing or wanted != "auto"
