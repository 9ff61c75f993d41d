"""Replay an artifact's golden samples: does this device give the exporting host's answers?"""

import argparse
import json
import math
from dataclasses import asdict
from typing import Any

from edge_runtime.cli.model_options import add_backend_arguments, load_classifier
from edge_runtime.verification import SampleCheck, verify_classifier


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "model", metavar="FILE", help=".tflite or .onnx artifact, a profile, or: default"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    add_backend_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a line per sample; 0 where none differs, 1 otherwise."""
    with load_classifier(arguments) as classifier:
        checks = verify_classifier(classifier)
        runtime = f"{classifier.backend} {classifier.backend_version}"
    passed = all(check.verdict != "different" for check in checks)
    if arguments.json:
        document = {"runtime": runtime, "passed": passed, "samples": list(map(_to_sample, checks))}
        print(json.dumps(document, allow_nan=False))
    else:
        for check in checks:
            print(_format_line(check))
        print(f"{'passed' if passed else 'FAILED'}: {len(checks)} golden samples on {runtime}")
    return 0 if passed else 1


def _to_sample(check: SampleCheck) -> dict[str, Any]:
    # JSON has no word for what is no number.
    difference = check.difference if math.isfinite(check.difference) else None
    return {**asdict(check), "difference": difference}


def _format_line(check: SampleCheck) -> str:
    return (
        f"sample {check.sample}: {check.verdict} (largest difference {check.difference:.3g}, "
        f"tolerance {check.tolerance:.3g})"
    )
